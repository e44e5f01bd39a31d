/** https://sw.kovidgoyal.net/kitty/graphics-protocol/ */
import { constants, deflateSync } from 'node:zlib';
import { base64Of } from './base64.ts';
import type { PictureEncoder } from './picture-encoder.ts';
import type { Pixels } from './pixels.ts';

/** The protocol allows no more base64 in one escape sequence. */
const CHUNK_BYTES = 4096;
/** Deflated pictures are sent while they are at most this part of the plain ones, */
const WORTHWHILE = 0.9;
/** and so many pictures go out plain before it is tried again. */
const PLAIN_PICTURES = 20;

/** Ids are the terminal's, shared with other programs on it: begin anywhere. */
let newestId = 1 + Math.floor(Math.random() * 0x3fff_ffff);

/** Each picture takes the place of the one before: one id for each encoder. */
export class KittyEncoder implements PictureEncoder {
  readonly protocol = 'kitty';
  readonly #id: number;
  #plainLeft = 0;
  #isShown = false;

  constructor() {
    newestId = (newestId % 0x7fff_ffff) + 1;
    this.#id = newestId;
  }

  encode({ width, height, data }: Pixels): Uint8Array {
    const used = data.subarray(0, width * height * 4);
    const isOpaque = isEveryPixelOpaque(used);
    const plain = isOpaque ? withoutAlpha(used) : used;
    const deflated = this.#deflate(plain);
    const payload = base64Of(deflated ?? plain);
    // a=T: send and show; q=2: the terminal is not to answer; C=1: the cursor stays.
    const control = `a=T,f=${isOpaque ? 24 : 32},s=${width},v=${height},i=${this.#id},p=1,q=2,C=1${deflated ? ',o=z' : ''}`;
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
