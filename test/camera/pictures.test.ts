import { expect, it } from 'vitest';
import { Pace, RateMeter } from '../../source/camera/pace.ts';
import { PamReader } from '../../source/camera/pam-reader.ts';
import { decodeJpeg, encodeJpeg } from '../../source/camera/picture-files.ts';
import { PictureJudge } from '../../source/camera/picture-judge.ts';
import { fitInto, scaleFrame } from '../../source/camera/scale.ts';
import type { Pixels } from '../../source/graphics/pixels.ts';
import type { PixelEncoding } from '../../source/wire/camera.ts';
import { mutated, seededRandom } from '../support/seeded-random.ts';

function plain(width: number, height: number, value: number): Pixels {
  const data = new Uint8Array(width * height * 4).fill(value);
  for (let at = 3; at < data.length; at += 4) data[at] = 255;
  return { width, height, data };
}

it('keeps the proportions inside the box and never makes a picture larger', () => {
  const box = { maxWidth: 320, maxHeight: 180 };
  expect(fitInto({ width: 1920, height: 1080 }, box)).toEqual({ width: 320, height: 180 });
  expect(fitInto({ width: 560, height: 560 }, box)).toEqual({ width: 180, height: 180 });
  expect(fitInto({ width: 100, height: 50 }, box)).toEqual({ width: 100, height: 50 });
  expect(fitInto({ width: 16_000, height: 10 }, box)).toEqual({ width: 320, height: 1 });
});

it.each([
  ['rgba8', [10, 20, 30, 7], [10, 20, 30, 255]],
  ['rgb8', [10, 20, 30], [10, 20, 30, 255]],
  ['bgr8', [30, 20, 10], [10, 20, 30, 255]],
  ['mono8', [9], [9, 9, 9, 255]],
] as const)('scales %s with gaps between its rows', (encoding: PixelEncoding, pixel, wanted) => {
  const [width, height, gap] = [60, 40, 5];
  const step = width * pixel.length + gap;
  const data = new Uint8Array(step * height).fill(99);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) data.set(pixel, y * step + x * pixel.length);
  }
  for (const [outWidth, outHeight] of [
    [60, 40],
    [13, 7],
    [1, 1],
    [90, 80],
  ] as const) {
    const out = scaleFrame({ width, height, step, encoding, data }, outWidth, outHeight);
    expect(out.data.length).toBe(outWidth * outHeight * 4);
    for (let at = 0; at < out.data.length; at += 4) expect([...out.data.subarray(at, at + 4)]).toEqual(wanted);
  }
});

it('scales to the mean: halves of black and white stay halves', () => {
  const [width, height] = [64, 64];
  const data = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) data.fill(255, y * width + 32, (y + 1) * width);
  const { data: out } = scaleFrame({ width, height, step: width, encoding: 'mono8', data }, 4, 1);
  expect([out[0], out[4], out[8], out[12]]).toEqual([0, 0, 255, 255]);
});

it('calls a picture frozen when it comes again and again for a while, and black when it is', () => {
  const judge = new PictureJudge();
  expect(judge.take(plain(8, 8, 100), 0)).toBe(true);
  for (let count = 1; count <= 20; count += 1) expect(judge.take(plain(8, 8, 100), count * 200)).toBe(false);
  expect(judge.flag(4_000)).toBeUndefined();
  judge.take(plain(8, 8, 100), 5_000);
  expect(judge.flag(5_000)).toBe('frozen');
  judge.take(plain(8, 8, 101), 5_200);
  expect(judge.flag(5_200)).toBeUndefined();
  judge.take(plain(8, 8, 3), 5_400);
  expect(judge.flag(5_400)).toBe('black');
  const night = plain(100, 100, 3);
  // Two lights of 1 %.
  night.data.fill(255, 0, 800);
  judge.take(night, 5_600);
  expect(judge.flag(5_600)).toBeUndefined();
});

it('lets through the wanted rate on average, whatever comes', () => {
  const pace = new Pace();
  let passed = 0;
  for (let ms = 0; ms < 10_000; ms += 1_000 / 15) if (pace.passes(ms, 10)) passed += 1;
  expect(passed).toBeGreaterThanOrEqual(98);
  expect(passed).toBeLessThanOrEqual(102);
});

it('counts the camera’s own pictures, those not looked at too', () => {
  const meter = new RateMeter();
  for (let count = 0; count < 40; count += 1) meter.count(1 + count * 15, count * 500);
  expect(meter.rateHz).toBeCloseTo(30, 0);
  const uncounted = new RateMeter();
  for (let count = 0; count < 100; count += 1) uncounted.count(0, count * 100);
  expect(uncounted.rateHz).toBeCloseTo(10, 0);
});

it('decodes JPEG to fit, and says so where it is truncated or none', async () => {
  const jpeg = await encodeJpeg(plain(640, 360, 120));
  const { pixels, width, height } = await decodeJpeg(jpeg, { maxWidth: 100, maxHeight: 100 });
  expect([width, height, pixels.width, pixels.height, pixels.data.length]).toEqual([640, 360, 100, 56, 100 * 56 * 4]);
  expect(pixels.data[0]).toBeGreaterThan(115);
  expect(pixels.data[3]).toBe(255);
  const box = { maxWidth: 100, maxHeight: 100 };
  await expect(decodeJpeg(jpeg.subarray(0, jpeg.length / 2), box)).rejects.toThrow(/premature|truncated|end/i);
  await expect(decodeJpeg(Buffer.from('<svg/>'), box)).rejects.toThrow('no JPEG');
  const random = seededRandom(3);
  for (let round = 0; round < 40; round += 1) await decodeJpeg(mutated(jpeg, random), box).catch(() => undefined);
});

it('reads pictures in PAM however they are cut, and refuses others', () => {
  const head = 'P7\nWIDTH 3\nHEIGHT 2\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n';
  const stream = Buffer.concat([1, 2, 3].map((value) => Buffer.concat([Buffer.from(head), Buffer.alloc(24, value)])));
  for (const pieceBytes of [1, 10, 1_000]) {
    const reader = new PamReader();
    const pictures: Pixels[] = [];
    for (let at = 0; at < stream.length; at += pieceBytes)
      pictures.push(...reader.push(stream.subarray(at, at + pieceBytes)));
    expect(pictures.map(({ width, height, data }) => [width, height, data.length, data[0]])).toEqual([
      [3, 2, 24, 1],
      [3, 2, 24, 2],
      [3, 2, 24, 3],
    ]);
  }
  expect(() => new PamReader().push(Buffer.alloc(2_000))).toThrow('no PAM');
  expect(() => new PamReader().push(Buffer.from(head.replace('DEPTH 4', 'DEPTH 3')))).toThrow('no RGBA');
});
