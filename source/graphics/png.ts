/** PNG with a palette (https://www.w3.org/TR/png-3/): a third of the bytes of one with true colours. */
import { constants, crc32, deflateSync } from 'node:zlib';
import type { Palette } from './palette.ts';

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);

/** `clear` is the index of pixels that are transparent, or -1; it must not be one of the palette's. */
export function encodePalettePng(
  indices: Uint8Array,
  width: number,
  height: number,
  palette: Palette,
  clear: number,
): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  // 8 bits a sample, palette, deflate, the one filter method, not interlaced.
  header.set([8, 3, 0, 0, 0], 8);
  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    // The byte before each row is its filter: none, which suits indices.
    rows.set(indices.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  const colours = new Uint8Array((clear < 0 ? Math.max(1, palette.size) : clear + 1) * 3);
  colours.set(palette.shown.subarray(0, palette.size * 3));
  const chunks = [SIGNATURE, chunk('IHDR', header), chunk('PLTE', colours)];
  if (clear >= 0) chunks.push(chunk('tRNS', new Uint8Array(clear + 1).fill(255, 0, clear)));
  chunks.push(chunk('IDAT', deflateSync(rows, { level: constants.Z_BEST_SPEED })), chunk('IEND', new Uint8Array(0)));
  return Buffer.concat(chunks);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const out = Buffer.alloc(data.length + 12);
  out.writeUInt32BE(data.length);
  out.write(type, 4, 'latin1');
  out.set(data, 8);
  out.writeUInt32BE(crc32(out.subarray(4, data.length + 8)), data.length + 8);
  return out;
}
