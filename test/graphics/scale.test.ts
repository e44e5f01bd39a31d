import { expect, it } from 'vitest';
import type { FramePixels, PixelLayout } from '../../source/graphics/fast-pictures.ts';
import { scaleFrame } from '../../source/graphics/scale.ts';
import { nativePictures } from '../../source/zenoh/native-pictures.ts';
import { seededRandom } from '../support/seeded-random.ts';

const random = seededRandom(3);
const bytesPerPixel: Readonly<Record<PixelLayout, number>> = { rgba8: 4, rgb8: 3, bgr8: 3, mono8: 1 };
const layouts = ['rgba8', 'rgb8', 'bgr8', 'mono8'] as const;
const native = nativePictures();

function randomFrame(width: number, height: number, encoding: PixelLayout, gap: number): FramePixels {
  const step = width * bytesPerPixel[encoding] + gap;
  return { width, height, step, encoding, data: random.bytes(step * height - gap) };
}

it('Rust and TypeScript scale to the same bytes, any ratio and layout', () => {
  for (let count = 0; count < 200; count += 1) {
    const frame = randomFrame(1 + random.below(90), 1 + random.below(90), random.pick(layouts), random.below(9));
    const [width, height] = [1 + random.below(140), 1 + random.below(140)];
    const wanted = scaleFrame(frame, width, height);
    const got = native?.scaleFrame(frame, width, height);
    expect(Buffer.compare(got?.data ?? new Uint8Array(0), wanted.data)).toBe(0);
  }
});

it('is the mean of the area, to a level', () => {
  for (const encoding of layouts) {
    const frame = randomFrame(37, 29, encoding, 3);
    for (const [width, height] of [
      [10, 7],
      [37, 29],
      [1, 1],
      [50, 64],
    ] as const) {
      const { data } = scaleFrame(frame, width, height);
      for (let at = 0; at < width * height; at += 1) {
        const wanted = exactMean(frame, at % width, Math.floor(at / width), width, height);
        wanted.forEach((value, channel) => {
          expect(Math.abs((data[at * 4 + channel] ?? 0) - value)).toBeLessThan(2.5);
        });
        expect(data[at * 4 + 3]).toBe(255);
      }
    }
  }
});

it('leaves white white and black black', () => {
  for (const value of [0, 255]) {
    const data = new Uint8Array(1000 * 7 * 3).fill(value);
    const { data: out } = scaleFrame({ width: 1000, height: 7, step: 3000, encoding: 'rgb8', data }, 333, 5);
    expect(out.every((byte, at) => byte === (at % 4 === 3 ? 255 : value))).toBe(true);
  }
});

const good: FramePixels = { width: 10, height: 10, step: 40, encoding: 'rgba8', data: new Uint8Array(400) };
it.each([
  [{ ...good, width: 11 }, 5, 5],
  [{ ...good, height: 11 }, 5, 5],
  [{ ...good, height: 2 ** 32 + 1 }, 5, 5],
  [{ ...good, width: -10 }, 5, 5],
  [{ ...good, step: 0 }, 5, 5],
  [{ ...good, step: 2 ** 53 }, 5, 5],
  [{ ...good, step: Number.NaN }, 5, 5],
  [{ ...good, data: new Uint8Array(0) }, 5, 5],
  [{ ...good, data: good.data.subarray(1) }, 5, 5],
  [good, 0, 5],
  [good, 2.5, 2],
  [good, Number.POSITIVE_INFINITY, 1],
] as const)('refuses a frame that does not fit, and sizes that are none: %#', (frame, width, height) => {
  expect(() => native?.scaleFrame(frame, width, height)).toThrow();
  expect(() => scaleFrame(frame, width, height)).toThrow(RangeError);
});

it('the native scaler knows no other pixel encodings, and takes no room of another size', () => {
  expect(() => native?.scaleFrame({ ...good, encoding: 'yuv422' }, 5, 5)).toThrow(/not known/);
  expect(() => native?.scaleFrame(good, 100_000, 100_000)).toThrow();
});

it('takes an 8K frame', () => {
  const frame: FramePixels = {
    width: 7680,
    height: 4320,
    step: 7680,
    encoding: 'mono8',
    data: new Uint8Array(7680 * 4320).fill(9),
  };
  expect(native?.scaleFrame(frame, 320, 180).data.subarray(0, 4)).toEqual(Uint8Array.of(9, 9, 9, 255));
});

/** By the definition, with fractions. */
function exactMean(frame: FramePixels, x: number, y: number, width: number, height: number): readonly number[] {
  const size = bytesPerPixel[frame.encoding];
  const order = frame.encoding === 'bgr8' ? [2, 1, 0] : frame.encoding === 'mono8' ? [0, 0, 0] : [0, 1, 2];
  const [left, right] = [(x * frame.width) / width, ((x + 1) * frame.width) / width];
  const [top, bottom] = [(y * frame.height) / height, ((y + 1) * frame.height) / height];
  const sums = [0, 0, 0];
  for (let row = Math.floor(top); row < bottom - 1e-9; row += 1) {
    for (let column = Math.floor(left); column < right - 1e-9; column += 1) {
      const part =
        (Math.min(right, column + 1) - Math.max(left, column)) * (Math.min(bottom, row + 1) - Math.max(top, row));
      order.forEach((at, channel) => {
        sums[channel] = (sums[channel] ?? 0) + part * (frame.data[row * frame.step + column * size + at] ?? 0);
      });
    }
  }
  return sums.map((sum) => sum / ((right - left) * (bottom - top)));
}
