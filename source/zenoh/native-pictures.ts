/** The addon's way to scale frames and to encode sixels. Knows nothing of zenoh; it lives here because the addon does. */
import { isNativeAvailable, type NativeAddon, type NativeSixel, nativeAddon } from './native-addon.ts';
import { nativeError } from './native-records.ts';

/** As FramePixels of source/graphics. */
interface Frame {
  readonly width: number;
  readonly height: number;
  readonly step: number;
  readonly encoding: string;
  readonly data: Uint8Array;
}

/** As Pixels of source/graphics. */
interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** As FastPictures of source/graphics; both throw SessionError `invalid-argument` for sizes that do not fit the bytes. */
export interface NativePictures {
  createSixelStream(colours: number): NativeSixelStream;
  /** Reads the frame where it lies, in shared memory too. The result is memory of its own. */
  scaleFrame(frame: Frame, width: number, height: number): Picture;
}

/** Undefined where there is no addon. */
export function nativePictures(): NativePictures | undefined {
  if (!isNativeAvailable()) return undefined;
  const addon = nativeAddon();
  // An addon of an older build may be lying there.
  const { NativeSixel: Sixel } = addon;
  if (Sixel === undefined) return undefined;
  return {
    createSixelStream: (colours) => new NativeSixelStream(new Sixel(Math.min(256, Math.max(2, Math.trunc(colours))))),
    scaleFrame: (frame, width, height) => scaleFrame(addon, frame, width, height),
  };
}

function scaleFrame(addon: NativeAddon, frame: Frame, width: number, height: number): Picture {
  const bytes = width * height * 4;
  // Whatever is no size is refused by the addon, which needs no room for that.
  const data = new Uint8Array(Number.isSafeInteger(bytes) && bytes > 0 && bytes < 2 ** 31 ? bytes : 0);
  try {
    addon.scaleFrame(frame.data, frame.width, frame.height, frame.step, frame.encoding, width, height, data);
  } catch (error) {
    throw nativeError(error);
  }
  return { width, height, data };
}

class NativeSixelStream {
  readonly #native: NativeSixel;
  #out = new Uint8Array(1 << 16);

  constructor(native: NativeSixel) {
    this.#native = native;
  }

  get isFresh(): boolean {
    return this.#native.isFresh;
  }

  /** The bytes are valid until the next call. */
  encode(picture: Picture): Uint8Array {
    try {
      const length = this.#native.encode(picture.data, picture.width, picture.height);
      if (this.#out.length < length) this.#out = new Uint8Array(length * 2);
      this.#native.take(this.#out);
      return this.#out.subarray(0, length);
    } catch (error) {
      throw nativeError(error);
    }
  }

  reset(): void {
    this.#native.reset();
  }
}
