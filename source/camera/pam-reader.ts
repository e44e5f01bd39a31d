import type { Pixels } from '../graphics/pixels.ts';

/** A head is some 70 bytes. */
const MAX_HEAD_BYTES = 512;
const MAX_SIDE = 16_384;

/** Reads RGBA pictures in PAM, one after the other: netpbm's format that says its size, as ffmpeg writes it. */
export class PamReader {
  #chunks: Uint8Array[] = [];
  #length = 0;
  #wanted = 1;

  /** Throws on what is no such picture; the reader is of no use afterwards. */
  push(chunk: Uint8Array): readonly Pixels[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#wanted) return [];
    let bytes = Buffer.concat(this.#chunks);
    const pictures: Pixels[] = [];
    for (;;) {
      const head = readHead(bytes);
      this.#wanted = head === undefined ? bytes.length + 1 : head.bytes + head.width * head.height * 4;
      if (head === undefined || bytes.length < this.#wanted) break;
      const { width, height } = head;
      // A copy: the view would keep what comes after it.
      pictures.push({ width, height, data: Uint8Array.from(bytes.subarray(head.bytes, this.#wanted)) });
      bytes = bytes.subarray(this.#wanted);
    }
    this.#chunks = [bytes];
    this.#length = bytes.length;
    return pictures;
  }
}

function readHead(
  bytes: Buffer,
): { readonly bytes: number; readonly width: number; readonly height: number } | undefined {
  const end = bytes.indexOf('ENDHDR\n');
  if (end === -1) {
    if (bytes.length > MAX_HEAD_BYTES) throw new Error('what came is no PAM picture');
    return undefined;
  }
  const head = bytes.toString('latin1', 0, end);
  const read = (name: string): number => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(head)?.[1]);
  const [width, height] = [read('WIDTH'), read('HEIGHT')];
  const isGood = head.startsWith('P7\n') && read('DEPTH') === 4 && read('MAXVAL') === 255;
  if (!isGood || !(width > 0 && width <= MAX_SIDE && height > 0 && height <= MAX_SIDE)) {
    throw new Error('what came is no RGBA picture in PAM');
  }
  return { bytes: end + 'ENDHDR\n'.length, width, height };
}
