import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { image2sixel } from 'sixel';
import { ssim } from 'ssim.js';
import type { Pixels } from '../../source/graphics/pixels.ts';
import { type NativePictures, nativePictures } from '../../source/zenoh/native-pictures.ts';
import { createNativeShmProvider } from '../../source/zenoh/native-shm.ts';
import { decodeSixels } from '../support/sixel2png.ts';
import { type Benchmark, type Figure, median } from './measure.ts';
import { movingPictures, photograph } from './photographs.ts';

const FRAMES = 6;
const ROUNDS = 3;

/**
 * Sixels against libsixel's img2sixel and npm's sixel, on moving pictures from photographs. CPU time throughout: of this
 * whole process, and of an img2sixel that encodes all pictures (as PPM) in one process on one core, less what it takes for
 * as many pictures of one pixel. So neither start-up nor other programs' load counts.
 */
export const sixel: Benchmark = {
  name: 'sixel',
  async run() {
    const fast = nativePictures();
    if (fast === undefined) throw new Error('the native addon is not built');
    return [...(await againstOthers(fast, 320, 180)), ...(await againstOthers(fast, 640, 360)), ...(await frame(fast))];
  },
};

async function againstOthers(fast: NativePictures, width: number, height: number): Promise<readonly Figure[]> {
  const size = `${width}x${height}`;
  const scenes = await movingPictures(width, height, FRAMES);
  const folder = mkdtempSync(join(tmpdir(), 'bubbaloop-sixel-'));
  try {
    const files = scenes.flat().map((picture, index) => writePpm(join(folder, `${index}.ppm`), picture));
    const dot = writePpm(join(folder, 'dot.ppm'), { width: 1, height: 1, data: new Uint8Array(4) });
    const dotsMs = img2sixelMs(files.map(() => dot));
    const libMs = median([0, 1, 2].map(() => (img2sixelMs(files) - dotsMs) / files.length));
    const npmMs = cpuMs(() => {
      // It writes over the pixels that it is given.
      for (const { data } of scenes.flat()) image2sixel(Uint8Array.from(data), width, height, 256);
    }, files.length);

    const streams = scenes.map(() => fast.createSixelStream(256));
    const freshMs = roundsMs(() => encodeAll(streams, scenes, true), files.length);
    // From here on each stream has the palette of its first picture.
    for (const [scene, stream] of streams.entries()) stream.encode(scenes[scene]?.[0] ?? missing());
    const reusedMs = roundsMs(() => encodeAll(streams, scenes, false), files.length);

    const mine = { bytes: 0, ssim: 0 };
    const plain = { count: 0, ssim: 0 };
    const dithered = { bytes: 0 };
    let worst = 1;
    for (const [scene, pictures] of scenes.entries()) {
      for (const [index, picture] of pictures.entries()) {
        const bytes = streams[scene]?.encode(picture) ?? missing();
        const file = files[scene * FRAMES + index] ?? missing();
        mine.bytes += bytes.length;
        dithered.bytes += execFileSync('img2sixel', [file], { maxBuffer: 1 << 27 }).length;
        // A third of the pictures: to compare is the slow part.
        if (index % 3 !== 1) continue;
        const undithered = execFileSync('img2sixel', ['-d', 'none', file], { maxBuffer: 1 << 27 });
        const [own, other] = [await similarity(picture, bytes), await similarity(picture, undithered)];
        mine.ssim += own;
        plain.ssim += other;
        plain.count += 1;
        worst = Math.min(worst, own - other);
      }
    }
    const [ownSsim, otherSsim] = [mine.ssim / plain.count, plain.ssim / plain.count];
    return [
      { what: `${size}: img2sixel, default`, value: libMs, unit: 'ms' },
      { what: `${size}: npm sixel`, value: npmMs, unit: 'ms' },
      { what: `${size}: palette of its own`, value: freshMs, unit: 'ms' },
      { what: `${size}: palette used on`, value: reusedMs, unit: 'ms' },
      { what: `${size}: img2sixel over palette of its own`, value: libMs / freshMs, unit: 'x', bar: { atLeast: 3 } },
      { what: `${size}: img2sixel over palette used on`, value: libMs / reusedMs, unit: 'x', bar: { atLeast: 5 } },
      { what: `${size}: npm sixel over palette used on`, value: npmMs / reusedMs, unit: 'x', bar: { atLeast: 12 } },
      { what: `${size}: bytes over img2sixel's`, value: mine.bytes / dithered.bytes, unit: 'x', bar: { atMost: 1 } },
      { what: `${size}: SSIM of img2sixel, undithered`, value: otherSsim, unit: '' },
      { what: `${size}: SSIM`, value: ownSsim, unit: '', bar: { atLeast: otherSsim } },
      { what: `${size}: SSIM less img2sixel's undithered, worst picture`, value: worst, unit: '' },
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function encodeAll(
  streams: readonly ReturnType<NativePictures['createSixelStream']>[],
  scenes: readonly Pixels[][],
  isFresh: boolean,
): void {
  streams.forEach((stream, scene) => {
    for (const picture of scenes[scene] ?? []) {
      if (isFresh) stream.reset();
      stream.encode(picture);
    }
  });
}

/** A raw 1080p frame in a real segment of zenoh's shared memory. */
async function frame(fast: NativePictures): Promise<readonly Figure[]> {
  const picture = await photograph(1920, 1080);
  const provider = createNativeShmProvider(picture.data.length + (1 << 16));
  const buffer = provider.alloc(picture.data.length) ?? missing();
  try {
    buffer.data.set(picture.data);
    const stream = fast.createSixelStream(256);
    const raw = { width: 1920, height: 1080, step: 1920 * 4, encoding: 'rgba8', data: buffer.data };
    const times: number[] = [];
    for (let round = 0; round < 100; round += 1) {
      const before = process.threadCpuUsage();
      stream.encode(fast.scaleFrame(raw, 320, 180));
      const after = process.threadCpuUsage();
      if (round >= 10) times.push((after.user + after.system - before.user - before.system) / 1_000);
    }
    const what = 'raw 1080p RGBA in shared memory to 320x180 sixels, median';
    return [{ what, value: median(times), unit: 'ms', bar: { atMost: 4 } }];
  } finally {
    buffer.release();
    provider.close();
  }
}

function writePpm(file: string, { width, height, data }: Pixels): string {
  const rgb = data.filter((_, at) => at % 4 !== 3);
  writeFileSync(file, Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), rgb]));
  return file;
}

/** CPU time of one img2sixel on all files. */
function img2sixelMs(files: readonly string[]): number {
  const script = 'TIMEFORMAT="%3U %3S"; time taskset -c 0 img2sixel "$@" >/dev/null';
  const { status, stderr } = spawnSync('bash', ['-c', script, 'bash', ...files], { encoding: 'utf8' });
  const [user, system] = stderr.trim().split(' ').map(Number);
  if (status !== 0 || user === undefined || system === undefined) throw new Error(`img2sixel: ${stderr}`);
  return (user + system) * 1_000;
}

/** CPU time of this process, all its threads, for one of `count`. */
function cpuMs(run: () => void, count: number): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / count;
}

/** The median of some rounds, after one to warm up. */
function roundsMs(run: () => void, count: number): number {
  run();
  return median(Array.from({ length: ROUNDS }, () => cpuMs(run, count)));
}

async function similarity(picture: Pixels, bytes: Uint8Array): Promise<number> {
  const decoded = await decodeSixels(bytes);
  return ssim(imageOf(picture), imageOf(decoded), { ssim: 'original' }).mssim;
}

function imageOf({ width, height, data }: Pixels) {
  return { width, height, data: Uint8ClampedArray.from(data) };
}

function missing(): never {
  throw new Error('this cannot be missing');
}
