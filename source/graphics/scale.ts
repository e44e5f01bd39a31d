import type { FramePixels, PixelLayout } from './fast-pictures.ts';
import type { Pixels } from './pixels.ts';

const BYTES_PER_PIXEL: Readonly<Record<PixelLayout, number>> = { rgba8: 4, rgb8: 3, bgr8: 3, mono8: 1 };
/** Where red, green and blue stand in a pixel. */
const CHANNELS: Readonly<Record<PixelLayout, readonly [number, number, number]>> = {
  rgba8: [0, 1, 2],
  rgb8: [0, 1, 2],
  bgr8: [2, 1, 0],
  mono8: [0, 0, 0],
};
const WHOLE = 256;

/** Which of the source's rows or columns one of the result's covers, and how many 256ths of it each makes up. */
interface Cover {
  readonly first: number;
  readonly weights: readonly number[];
}

/**
 * The frame scaled to exactly `width` by `height`, opaque: each pixel is the mean of the area that it covers, with weights
 * of whole 256ths. source/native/src/pictures/scale.rs gives the same bytes. Throws RangeError for a frame that does not
 * fit its bytes.
 */
export function scaleFrame(frame: FramePixels, width: number, height: number): Pixels {
  const bytes = BYTES_PER_PIXEL[frame.encoding];
  const rowBytes = frame.width * bytes;
  checkSizes(frame, rowBytes, width, height);
  const columns = covers(frame.width, width);
  const rows = covers(frame.height, height);
  const sums = new Uint16Array(rowBytes);
  const out = new Uint8Array(width * height * 4);
  rows.forEach(({ first, weights }, y) => {
    sums.fill(0);
    let number = 0;
    // Four at once: the sums are then read and written a quarter as often.
    for (; number + 4 <= weights.length; number += 4) {
      addFourRows(sums, frame.data, (first + number) * frame.step, frame.step, weights.slice(number, number + 4));
    }
    for (; number < weights.length; number += 1) {
      addRow(sums, frame.data, (first + number) * frame.step, weights[number] ?? 0);
    }
    reduceRow(sums, bytes, CHANNELS[frame.encoding], columns, out, y * width * 4);
  });
  return { width, height, data: out };
}

function checkSizes(frame: FramePixels, rowBytes: number, width: number, height: number): void {
  const sides = [frame.width, frame.height, width, height, frame.step];
  const fits = frame.step >= rowBytes && (frame.height - 1) * frame.step + rowBytes <= frame.data.length;
  if (!fits || sides.some((side) => !Number.isSafeInteger(side) || side < 1)) {
    throw new RangeError(`${frame.width}x${frame.height} does not fit ${frame.data.length} bytes`);
  }
}

function covers(from: number, to: number): readonly Cover[] {
  return Array.from({ length: to }, (_, index) => {
    // In parts of which a source pixel has `to`, and a pixel of the result `from`.
    const start = index * from;
    const end = start + from;
    const first = Math.floor(start / to);
    const last = Math.floor((end - 1) / to);
    // Weights are differences of rounded sums: they come to 256 whatever the ratio.
    const until = (place: number) =>
      Math.floor(((Math.min(end, Math.max(start, place)) - start) * WHOLE + Math.floor(from / 2)) / from);
    const weights = Array.from(
      { length: last - first + 1 },
      (_unused, number) => until((first + number + 1) * to) - until((first + number) * to),
    );
    return { first, weights };
  });
}

/** At most 255 times 256 in all, which 16 bits hold. */
function addRow(sums: Uint16Array, data: Uint8Array, start: number, weight: number): void {
  for (let at = 0; at < sums.length; at += 1) {
    sums[at] = (sums[at] as number) + (data[start + at] as number) * weight;
  }
}

function addFourRows(
  sums: Uint16Array,
  data: Uint8Array,
  start: number,
  step: number,
  [one = 0, two = 0, three = 0, four = 0]: readonly number[],
): void {
  for (let at = 0, from = start; at < sums.length; at += 1, from += 1) {
    sums[at] =
      (sums[at] as number) +
      (data[from] as number) * one +
      (data[from + step] as number) * two +
      (data[from + step * 2] as number) * three +
      (data[from + step * 3] as number) * four;
  }
}

function reduceRow(
  sums: Uint16Array,
  bytes: number,
  channels: readonly [number, number, number],
  columns: readonly Cover[],
  out: Uint8Array,
  outStart: number,
): void {
  const [redAt, greenAt, blueAt] = channels;
  let to = outStart;
  for (const { first, weights } of columns) {
    let red = 0;
    let green = 0;
    let blue = 0;
    for (let number = 0, from = first * bytes; number < weights.length; number += 1, from += bytes) {
      const weight = weights[number] as number;
      red += (sums[from + redAt] as number) * weight;
      green += (sums[from + greenAt] as number) * weight;
      blue += (sums[from + blueAt] as number) * weight;
    }
    out[to] = (red + 0x8000) >> 16;
    out[to + 1] = (green + 0x8000) >> 16;
    out[to + 2] = (blue + 0x8000) >> 16;
    out[to + 3] = 255;
    to += 4;
  }
}
