import type { Pixels } from '../graphics/pixels.ts';
import { bytesPerPixel, type PixelEncoding, type RawFrame } from '../wire/camera.ts';

/** A frame's pixels where they lie; sizes fit `data`, as decodeRawFrame has made sure. */
export type FramePixels = Pick<RawFrame, 'width' | 'height' | 'step' | 'encoding' | 'data'>;

/** Largest size with the proportions of the source inside the box; never larger than the source. */
export function fitInto(
  source: { readonly width: number; readonly height: number },
  box: { readonly maxWidth: number; readonly maxHeight: number },
): { readonly width: number; readonly height: number } {
  const ratio = Math.min(1, box.maxWidth / source.width, box.maxHeight / source.height);
  return {
    width: Math.max(1, Math.round(source.width * ratio)),
    height: Math.max(1, Math.round(source.height * ratio)),
  };
}

/** Where red, green and blue stand in a pixel. */
const ORDER: Readonly<Record<PixelEncoding, readonly [number, number, number]>> = {
  rgba8: [0, 1, 2],
  rgb8: [0, 1, 2],
  bgr8: [2, 1, 0],
  mono8: [0, 0, 0],
};

/** More samples than so many a side of a pixel make it slower and no better to look at. */
const MAX_SAMPLES = 3;

/**
 * The frame scaled to exactly `width` by `height`: each pixel is the mean of samples spread over those that it covers, or
 * the nearest where it is smaller than one. Opaque. The result is the caller's own memory: the frame can be released.
 */
export function scaleFrame(frame: FramePixels, width: number, height: number): Pixels {
  const { data, step } = frame;
  const pixelBytes = bytesPerPixel(frame.encoding);
  const [red, green, blue] = ORDER[frame.encoding];
  const out = new Uint8Array(width * height * 4);
  const columns = samples(frame.width, width).map((column) => column * pixelBytes);
  const rows = samples(frame.height, height);
  const across = columns.length / width;
  const down = rows.length / height;
  // A factor in place of a division by the number of samples; exact, since they are 9 at most.
  const factor = 1 / (across * down);
  let at = 0;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let r = 0;
      let g = 0;
      let b = 0;
      for (let row = y * down; row < (y + 1) * down; row += 1) {
        const rowAt = (rows[row] ?? 0) * step;
        for (let column = x * across; column < (x + 1) * across; column += 1) {
          const from = rowAt + (columns[column] ?? 0);
          r += data[from + red] ?? 0;
          g += data[from + green] ?? 0;
          b += data[from + blue] ?? 0;
        }
      }
      out[at] = r * factor + 0.5;
      out[at + 1] = g * factor + 0.5;
      out[at + 2] = b * factor + 0.5;
      out[at + 3] = 255;
      at += 4;
    }
  }
  return { width, height, data: out };
}

/** Places along a side of `size` for `count` pixels, the same number for each, in the middle of equal parts. */
function samples(size: number, count: number): Uint32Array {
  const each = Math.max(1, Math.min(MAX_SAMPLES, Math.floor(size / count)));
  const total = count * each;
  return Uint32Array.from({ length: total }, (_, index) => Math.floor(((index + 0.5) * size) / total));
}
