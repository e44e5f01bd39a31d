import { expect, it } from 'vitest';
import type { Pixels } from '../../source/graphics/pixels.ts';
import { SixelCoder } from '../../source/graphics/sixel.ts';
import { nativePictures } from '../../source/zenoh/native-pictures.ts';
import { makePicture, pictureKinds } from '../support/pictures.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { decodeSixels } from '../support/sixel2png.ts';

type Size = readonly [number, number];

const sizes: readonly [Size, ...Size[]] = [
  [1, 1],
  [1, 7],
  [2, 6],
  [13, 5],
  [64, 64],
  [320, 180],
  [1100, 9],
];

it.each(['flat', 'noise', 'holes', 'scene'] as const)('libsixel decodes what was encoded: %s', async (kind) => {
  for (const [width, height] of sizes) {
    const picture = makePicture(width, height, kind);
    const decoded = await decodeSixels(new SixelCoder(256).encode(picture));
    expect([decoded.width, decoded.height]).toEqual([width, height]);
    expect(meanError(picture, decoded), `${width}x${height}`).toBeLessThan(kind === 'noise' ? 24 : 8);
  }
});

it('keeps flat colours, black and white to what a percent can say', async () => {
  for (const value of [0, 255, 77]) {
    const data = new Uint8Array(40 * 40 * 4).fill(value);
    for (let at = 3; at < data.length; at += 4) data[at] = 255;
    const decoded = await decodeSixels(new SixelCoder(16).encode({ width: 40, height: 40, data }));
    for (const channel of decoded.data.filter((_, at) => at % 4 !== 3)) {
      expect(Math.abs(channel - value)).toBeLessThanOrEqual(value === 77 ? 2 : 0);
    }
  }
});

it('uses no more colours than asked for', async () => {
  for (const colours of [2, 3, 6, 16, 100, 255, 256]) {
    const decoded = await decodeSixels(new SixelCoder(colours).encode(makePicture(80, 60, 'scene')));
    const used = new Set<number>();
    for (let at = 0; at < decoded.data.length; at += 4) {
      used.add(((decoded.data[at] ?? 0) << 16) | ((decoded.data[at + 1] ?? 0) << 8) | (decoded.data[at + 2] ?? 0));
    }
    expect(used.size).toBeLessThanOrEqual(colours);
    expect(used.size).toBeGreaterThan(Math.min(colours, 90) / 2);
  }
});

it('draws nothing where the picture is transparent', () => {
  const text = Buffer.from(new SixelCoder(256).encode(makePicture(30, 12, 'clear'))).toString('latin1');
  expect(text).toBe('\x1bP0;1;0q"1;1;30;12-\x1b\\');
});

it('keeps the palette while it fits and makes a new one when the scene changes', () => {
  const coder = new SixelCoder(256);
  const seen: boolean[] = [];
  for (let frame = 0; frame < 5; frame += 1) {
    coder.encode(makePicture(160, 90, 'scene', frame));
    seen.push(coder.isFresh);
  }
  expect(seen).toEqual([true, false, false, false, false]);
  coder.encode(makePicture(160, 90, 'noise', 9));
  expect(coder.isFresh).toBe(true);
  coder.encode(makePicture(160, 90, 'clear'));
  coder.encode(makePicture(160, 90, 'scene', 1));
  expect(coder.isFresh).toBe(true);
});

it('a picture with a palette that is used on looks as with its own', async () => {
  const kept = new SixelCoder(256);
  for (let frame = 0; frame < 8; frame += 1) {
    const picture = makePicture(160, 90, 'scene', frame);
    const used = meanError(picture, await decodeSixels(kept.encode(picture)));
    const own = meanError(picture, await decodeSixels(new SixelCoder(256).encode(picture)));
    expect(used).toBeLessThan(own * 1.5 + 1);
  }
});

it('a picture that is cut off decodes to a part and ends no decoder of ours', async () => {
  const whole = Uint8Array.from(new SixelCoder(256).encode(makePicture(40, 30, 'scene')));
  for (const length of [whole.length - 2, whole.length >> 1]) {
    const decoded = await decodeSixels(whole.subarray(0, length));
    expect(decoded.width).toBe(40);
  }
});

it('Rust and TypeScript write the same bytes, over many pictures in one stream', () => {
  const fast = nativePictures();
  expect(fast).toBeDefined();
  const random = seededRandom(7);
  for (const colours of [2, 6, 17, 255, 256]) {
    const native = fast?.createSixelStream(colours);
    const plain = new SixelCoder(colours);
    for (let count = 0; count < 40; count += 1) {
      const kind = random.below(3) === 0 ? random.pick(pictureKinds) : 'scene';
      const [width, height] =
        random.below(4) === 0 ? random.pick(sizes) : [1 + random.below(300), 1 + random.below(100)];
      const picture = makePicture(width, height, kind, random.below(50));
      const wanted = plain.encode(picture);
      const got = native?.encode(picture) ?? new Uint8Array(0);
      expect(native?.isFresh).toBe(plain.isFresh);
      expect(Buffer.compare(got, wanted), `${kind} ${width}x${height}, ${colours} colours`).toBe(0);
    }
  }
});

it('the native encoder refuses sizes that do not fit the bytes', () => {
  const stream = nativePictures()?.createSixelStream(256);
  const data = new Uint8Array(400);
  for (const [width, height] of [
    [11, 10],
    [0, 1],
    [-1, 4],
    [Number.NaN, 1],
    [1.5, 1],
    [2 ** 31, 2 ** 31],
    [4294967297, 1],
    [Number.POSITIVE_INFINITY, 1],
    [16_385, 1],
  ] as const) {
    expect(() => stream?.encode({ width, height, data }), `${width}x${height}`).toThrow(/picture/);
  }
  expect(stream?.encode({ width: 10, height: 10, data }).length).toBeGreaterThan(0);
});

/** Mean of the differences of all channels of pixels that are drawn. */
function meanError(one: Pixels, other: Pixels): number {
  let sum = 0;
  let count = 1;
  for (let at = 0; at < one.data.length; at += 4) {
    if ((one.data[at + 3] ?? 0) < 128) continue;
    for (let channel = 0; channel < 3; channel += 1) {
      sum += Math.abs((one.data[at + channel] ?? 0) - (other.data[at + channel] ?? 0));
      count += 1;
    }
  }
  return sum / count;
}
