import { BlockEncoder } from './blocks.ts';
import type { FastPictures, SixelStream } from './fast-pictures.ts';
import { ItermEncoder } from './iterm.ts';
import { KittyEncoder } from './kitty.ts';
import type { EncoderOptions, PictureEncoder } from './picture-encoder.ts';
import type { Pixels } from './pixels.ts';
import { SixelCoder } from './sixel.ts';

const NOTHING = new Uint8Array(0);

/**
 * An encoder for one tile. `fast` is the native addon where it is there; the bytes are the same without. `encode` throws
 * RangeError for pixels whose size does not fit their bytes.
 */
export function createPictureEncoder(options: EncoderOptions, fast?: FastPictures): PictureEncoder {
  return new CheckedEncoder(choose(options, fast));
}

function choose(options: EncoderOptions, fast: FastPictures | undefined): PictureEncoder {
  switch (options.protocol) {
    case 'sixel':
      return new SixelEncoder(fast?.createSixelStream(options.colours) ?? new SixelCoder(options.colours));
    case 'kitty':
      return new KittyEncoder(options.colours, options.isExact ?? false);
    case 'iterm':
      return new ItermEncoder(options.colours);
    case 'blocks':
      return new BlockEncoder(options.colourDepth, options.symbols ?? 'half');
  }
}

class SixelEncoder implements PictureEncoder {
  readonly protocol = 'sixel';
  readonly #stream: SixelStream;

  constructor(stream: SixelStream) {
    this.#stream = stream;
  }

  encode(pixels: Pixels): Uint8Array {
    return this.#stream.encode(pixels);
  }

  erase(): Uint8Array {
    return NOTHING;
  }
}

/** Holds a picture's size against its bytes, so that no encoder has to. */
class CheckedEncoder implements PictureEncoder {
  readonly #encoder: PictureEncoder;

  constructor(encoder: PictureEncoder) {
    this.#encoder = encoder;
  }

  get protocol(): PictureEncoder['protocol'] {
    return this.#encoder.protocol;
  }

  encode(pixels: Pixels): Uint8Array {
    const { width, height, data } = pixels;
    const isSize = Number.isSafeInteger(width) && Number.isSafeInteger(height) && width > 0 && height > 0;
    if (!isSize || width > MAX_SIDE || height > MAX_SIDE || data.length < width * height * 4) {
      throw new RangeError(`a picture of ${width}x${height} does not fit ${data.length} bytes`);
    }
    return this.#encoder.encode(pixels);
  }

  erase(): Uint8Array {
    return this.#encoder.erase();
  }
}

/** Longest side, as of camera frames. */
const MAX_SIDE = 16_384;
