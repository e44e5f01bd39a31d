/** https://sw.kovidgoyal.net/kitty/graphics-protocol/ */
import { constants, deflateSync } from 'node:zlib';
import { base64Of } from './base64.ts';
import type { PictureEncoder } from './picture-encoder.ts';
import type { Pixels } from './pixels.ts';
import { encodePalettePng } from './png.ts';
import { Quantiser } from './quantiser.ts';

/** The protocol allows no more base64 in one escape sequence. */
const CHUNK_BYTES = 4096;
/** Deflated pictures are sent while they are at most this part of the plain ones, */
const WORTHWHILE = 0.9;
/** and so many pictures go out plain before it is tried again. */
const PLAIN_PICTURES = 20;

/** Ids are the terminal's, shared with other programs on it: begin anywhere. */
let newestId = 1 + Math.floor(Math.random() * 0x3fff_ffff);

/**
 * Each picture takes the place of the one before: one id for each encoder. They go as PNG with a palette, which is kept over
 * frames as for sixels; with `isExact` in their own colours, in several times the bytes.
 */
export class KittyEncoder implements PictureEncoder {
  readonly protocol = 'kitty';
  readonly #id: number;
  readonly #quantiser: Quantiser | undefined;
  #plainLeft = 0;
  #isShown = false;

  constructor(colours: number, isExact: boolean) {
    newestId = (newestId % 0x7fff_ffff) + 1;
    this.#id = newestId;
    this.#quantiser = isExact ? undefined : new Quantiser(colours);
  }

  encode(pixels: Pixels): Uint8Array {
    const { format, bytes } = this.#quantiser ? palettePng(this.#quantiser, pixels) : this.#exact(pixels);
    const payload = base64Of(bytes);
    // a=T: send and show; q=2: the terminal is not to answer; C=1: the cursor stays.
    const control = `a=T,${format},i=${this.#id},p=1,q=2,C=1`;
    this.#isShown = true;
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < payload.length; at += CHUNK_BYTES) {
      const more = at + CHUNK_BYTES < payload.length ? 1 : 0;
      pieces.push(Buffer.from(`\x1b_G${at === 0 ? `${control},` : ''}m=${more};`, 'latin1'));
      pieces.push(payload.subarray(at, at + CHUNK_BYTES));
      pieces.push(Buffer.from('\x1b\\', 'latin1'));
    }
    return Buffer.concat(pieces);
  }

  erase(): Uint8Array {
    if (!this.#isShown) return new Uint8Array(0);
    this.#isShown = false;
    // d=I: the placements and the stored picture.
    return Buffer.from(`\x1b_Ga=d,d=I,i=${this.#id},q=2\x1b\\`, 'latin1');
  }

  #exact({ width, height, data }: Pixels): Formatted {
    const used = data.subarray(0, width * height * 4);
    const isOpaque = isEveryPixelOpaque(used);
    const plain = isOpaque ? withoutAlpha(used) : used;
    const deflated = this.#deflate(plain);
    const format = `f=${isOpaque ? 24 : 32},s=${width},v=${height}`;
    return deflated ? { format: `${format},o=z`, bytes: deflated } : { format, bytes: plain };
  }

  #deflate(plain: Uint8Array): Uint8Array | undefined {
    if (this.#plainLeft > 0) {
      this.#plainLeft -= 1;
      return undefined;
    }
    const deflated = deflateSync(plain, { level: constants.Z_BEST_SPEED });
    if (deflated.length <= plain.length * WORTHWHILE) return deflated;
    this.#plainLeft = PLAIN_PICTURES;
    return undefined;
  }
}

/** Bytes, and the control keys that say what they are. */
interface Formatted {
  readonly format: string;
  readonly bytes: Uint8Array;
}

function palettePng(quantiser: Quantiser, pixels: Pixels): Formatted {
  quantiser.take(pixels);
  const { indices, palette, clear } = quantiser;
  return { format: 'f=100', bytes: encodePalettePng(indices, pixels.width, pixels.height, palette, clear) };
}

function isEveryPixelOpaque(data: Uint8Array): boolean {
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) return false;
  return true;
}

function withoutAlpha(data: Uint8Array): Uint8Array {
  const out = new Uint8Array((data.length / 4) * 3);
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    out[to] = data[from] as number;
    out[to + 1] = data[from + 1] as number;
    out[to + 2] = data[from + 2] as number;
  }
  return out;
}
