import type { Pixels } from '../graphics/pixels.ts';
import type { CameraFlag } from './camera-feed.ts';

/** The same picture so often, and for so long: a still scene behind strong compression repeats itself for a second. */
const FROZEN_PICTURES = 5;
const FROZEN_MS = 5_000;
/** Luma, 0 to 255. Black as a camera with its cap on sends it: noise in the dark is brighter, and lights are. */
const BLACK_LUMA = 24;
const BLACK_SHARE = 0.99;
const BLACK_SAMPLES = 4_096;

/** Tells from the pictures themselves whether a camera works. */
export class PictureJudge {
  #last: Pixels | undefined;
  #sameCount = 0;
  #sameSinceMs = 0;
  #isBlack = false;

  /** Takes the next picture; false where it is the same as the one before. */
  take(pixels: Pixels, nowMs: number): boolean {
    const isSame = this.#last !== undefined && isEqual(this.#last, pixels);
    this.#last = pixels;
    if (isSame) {
      this.#sameCount += 1;
    } else {
      this.#sameCount = 0;
      this.#sameSinceMs = nowMs;
      this.#isBlack = isBlack(pixels);
    }
    return !isSame;
  }

  flag(nowMs: number): Extract<CameraFlag, 'frozen' | 'black'> | undefined {
    if (this.#isBlack) return 'black';
    return this.#sameCount >= FROZEN_PICTURES && nowMs - this.#sameSinceMs >= FROZEN_MS ? 'frozen' : undefined;
  }
}

function isEqual(left: Pixels, right: Pixels): boolean {
  return left.width === right.width && left.height === right.height && Buffer.compare(left.data, right.data) === 0;
}

export function isBlack({ width, height, data }: Pixels): boolean {
  const count = width * height;
  const stride = Math.max(1, Math.floor(count / BLACK_SAMPLES));
  let [dark, seen] = [0, 0];
  for (let pixel = 0; pixel < count; pixel += stride) {
    const at = pixel * 4;
    // ITU-R BT.601.
    const luma = 0.299 * (data[at] ?? 0) + 0.587 * (data[at + 1] ?? 0) + 0.114 * (data[at + 2] ?? 0);
    seen += 1;
    if (luma < BLACK_LUMA) dark += 1;
  }
  return dark >= seen * BLACK_SHARE;
}
