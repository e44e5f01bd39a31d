import { afterEach, expect, it, vi } from 'vitest';
import type { CameraFeed } from '../../source/camera/camera-feed.ts';
import { discoverCameras } from '../../source/camera/discover-cameras.ts';
import { encodeJpeg } from '../../source/camera/picture-files.ts';
import { startThumbnailer } from '../../source/camera/thumbnailer.ts';
import { type WatchCameraOptions, watchCamera } from '../../source/camera/watch-camera.ts';
import { encodeCompressedFrame } from '../../source/wire/camera.ts';
import { encodeCbor } from '../../source/wire/cbor-encode.ts';
import { rawFrameKey, thumbnailKey } from '../../source/wire/keys.ts';
import type { Session } from '../../source/zenoh/session.ts';
import { declareCamera, h264Payloads, headerOf, rawPayload, sendCompressed, sendRaw } from '../support/cameras.ts';
import { FakeNetwork } from '../support/fake-session.ts';

const LIMIT = { timeout: 20_000, interval: 10 };
const cam = { machine: 'm', node: 'cam' };
const network = new FakeNetwork();
const closers: (() => unknown)[] = [];
afterEach(async () => {
  network.restore();
  for (const close of closers.splice(0).reverse()) await close();
});

async function connect(): Promise<Session> {
  const session = await network.connect();
  closers.push(() => session.close());
  return session;
}

async function watch(options: Partial<WatchCameraOptions> = {}): Promise<CameraFeed> {
  const wish = { maxWidth: 32, maxHeight: 32, maxRateHz: 100 };
  const feed = watchCamera(await connect(), cam, { ...wish, machineId: 'm', ...options });
  closers.push(() => feed.close());
  return feed;
}

const send = (stop: () => void): void => void closers.push(stop);

it('reads raw frames on its own machine, scaled to fit, and tells size, rate and age', async () => {
  const robot = await connect();
  send(sendRaw(robot));
  const feed = await watch();
  let changes = 0;
  feed.onChange(() => {
    changes += 1;
  });
  await vi.waitFor(() => expect(feed.state.rateHz).toBeGreaterThan(5), LIMIT);
  expect(feed.state).toMatchObject({ camera: cam, source: 'shm', width: 64, height: 48, flag: undefined });
  expect(feed.state.pixels).toMatchObject({ width: 32, height: 24 });
  expect(feed.state.latencyMs).toBeGreaterThanOrEqual(0);
  expect(feed.state.version).toBeGreaterThan(3);
  expect(changes).toBeGreaterThanOrEqual(feed.state.version);
  feed.want({ maxWidth: 16, maxHeight: 100, maxRateHz: 100 });
  await vi.waitFor(() => expect(feed.state.pixels).toMatchObject({ width: 16, height: 12 }), LIMIT);
  await feed.close();
  expect(network.declarations().filter((declaration) => declaration.includes('cam'))).toEqual([]);
});

it('takes no more pictures than it wants', async () => {
  send(sendRaw(await connect(), { rateHz: 100 }));
  const feed = await watch({ maxRateHz: 2 });
  await vi.waitFor(() => expect(feed.state.version).toBe(1), LIMIT);
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(feed.state.version).toBeLessThanOrEqual(4);
});

it.each([
  [
    'a size that does not match',
    () => rawPayload({ width: 64, height: 48, value: 1, sequence: 1, dataBytes: 100 }),
    /does not fit 100 bytes/,
  ],
  [
    'an unknown encoding',
    () => encodeCbor({ header: {}, width: 1, height: 1, encoding: 'yuv9\x1b[2J', data: new Uint8Array(9) }),
    /pixel encoding/,
  ],
  [
    'an absurd size',
    () => encodeCbor({ header: {}, width: 1e9, height: 1, encoding: 'mono8', data: new Uint8Array(9) }),
    /not believable/,
  ],
  ['no CBOR at all', () => Uint8Array.of(0xff, 1, 2), /no CBOR/],
])('calls raw frames of %s broken, says why, and is well again with a good one', async (_what, make, problem) => {
  const robot = await connect();
  let isGood = false;
  send(
    sendRaw(robot, {
      make: (sequence) =>
        isGood ? rawPayload({ width: 64, height: 48, value: 40 + (sequence % 200), sequence }) : make(),
    }),
  );
  const feed = await watch({ outputs: ['raw'], patienceMs: 60_000 });
  await vi.waitFor(() => expect(feed.state.flag).toBe('broken'), LIMIT);
  expect(feed.state.problem).toMatch(problem);
  isGood = true;
  await vi.waitFor(() => expect(feed.state).toMatchObject({ flag: undefined, problem: undefined, width: 64 }), LIMIT);
});

it('follows a camera that changes its resolution, up to 8K', async () => {
  const robot = await connect();
  const feed = await watch();
  for (const [width, height] of [
    [64, 48],
    [7_680, 4_320],
    [10, 100],
  ] as const) {
    const payload = rawPayload({ width, height, value: 77, sequence: width });
    await vi.waitFor(async () => {
      await robot.put(rawFrameKey('m', 'cam'), payload);
      expect(feed.state).toMatchObject({ width, height });
    }, LIMIT);
    expect(feed.state.pixels?.width).toBeLessThanOrEqual(32);
    expect(feed.state.pixels?.data[0]).toBe(77);
  }
});

it('flags black, frozen and stale cameras, and those whose sender died', async () => {
  const robot = await network.connect();
  let value = 2;
  const stop = sendRaw(robot, { make: (sequence) => rawPayload({ width: 64, height: 48, value, sequence }) });
  send(stop);
  const feed = await watch({ outputs: ['raw'], patienceMs: 60_000 });
  await vi.waitFor(() => expect(feed.state.flag).toBe('black'), LIMIT);
  value = 200;
  await vi.waitFor(() => expect(feed.state.flag).toBeUndefined(), LIMIT);
  const { version } = feed.state;
  await vi.waitFor(() => expect(feed.state.flag).toBe('frozen'), LIMIT);
  expect(feed.state.version).toBe(version);
  expect(Date.now() - (feed.state.flaggedSinceMs ?? 0)).toBeLessThan(10_000);
  stop();
  await robot.close();
  await vi.waitFor(() => expect(feed.state.flag).toBe('stale'), LIMIT);
  expect(feed.state.problem).toBe('no picture comes any more');
  expect(feed.state.pixels).toBeDefined();
});

it('of another machine shows thumbnails in the size that it wants, made only while it looks', async () => {
  const robot = await connect();
  await declareCamera(robot, ['cam/raw']);
  send(sendRaw(robot));
  const thumbnailer = await startThumbnailer({ session: await connect(), machineId: 'm' });
  closers.push(() => thumbnailer.close());
  const wantsRaw = () => network.declarations().some((declaration) => declaration.includes(rawFrameKey('m', 'cam')));
  await vi.waitFor(() => expect(network.declarations().join()).toContain(thumbnailKey('m', 'cam')), LIMIT);
  expect(wantsRaw()).toBe(false);

  const feed = await watch({ machineId: 'console', maxWidth: 40, maxHeight: 40, maxRateHz: 10 });
  await vi.waitFor(() => expect(feed.state.pixels).toMatchObject({ width: 40, height: 30 }), LIMIT);
  expect(feed.state).toMatchObject({ source: 'thumbnail', width: 64, height: 48, flag: undefined });
  await vi.waitFor(() => expect(feed.state.rateHz).toBeGreaterThan(12), LIMIT);
  expect(wantsRaw()).toBe(true);
  await feed.close();
  await vi.waitFor(() => expect(wantsRaw()).toBe(false), LIMIT);
});

it('hears from the daemon why there are no thumbnails', async () => {
  const robot = await connect();
  send(sendRaw(robot, { make: () => Uint8Array.of(0xa0) }));
  const thumbnailer = await startThumbnailer({ session: await connect(), machineId: 'm' });
  closers.push(() => thumbnailer.close());
  const feed = await watch({ machineId: 'console', outputs: ['raw'] });
  await vi.waitFor(() => expect(feed.state.problem).toBe('encoding is absent, no text'), LIMIT);
  expect(feed.state.flag).toBe('broken');
});

it('decodes the key frames of a camera that sends H.264 only, and follows a change of its size', async () => {
  const robot = await connect();
  const stop = sendCompressed(robot, h264Payloads('320x240', 'red'));
  const feed = await watch({ machineId: 'console', outputs: ['compressed'], maxWidth: 64, maxHeight: 64 });
  await vi.waitFor(() => expect(feed.state.pixels).toMatchObject({ width: 64, height: 48 }), LIMIT);
  expect(feed.state).toMatchObject({ source: 'h264', width: 320, height: 240 });
  const red = [...(feed.state.pixels?.data.subarray(0, 4) ?? [])];
  expect(red[0]).toBeGreaterThan(200);
  expect(Math.max(red[1] ?? 0, red[2] ?? 0)).toBeLessThan(60);
  stop();
  send(sendCompressed(robot, h264Payloads('128x64', 'blue')));
  await vi.waitFor(() => expect(feed.state).toMatchObject({ width: 128, height: 64 }), LIMIT);
  await vi.waitFor(() => expect(feed.state.pixels?.data[2]).toBeGreaterThan(200), LIMIT);
  expect(feed.state.pixels).toMatchObject({ width: 64, height: 32 });
});

it('takes truncated and damaged H.264 without a crash and says so', async () => {
  const robot = await connect();
  const [key = new Uint8Array(0)] = h264Payloads('320x240', 'red');
  const cut = (bytes: number): Uint8Array =>
    encodeCompressedFrame({
      header: headerOf(1),
      format: 'h264',
      data: Uint8Array.of(0, 0, 0, 1, ...key.slice(-bytes)),
    });
  const stop = sendCompressed(robot, [cut(3)]);
  const feed = await watch({ machineId: 'console', outputs: ['compressed'] });
  stop();
  const noSps = encodeCompressedFrame({
    header: headerOf(1),
    format: 'h264',
    data: Uint8Array.of(0, 0, 1, 0x65, 1, 2, 3),
  });
  const stopNoSps = sendCompressed(robot, [noSps]);
  await vi.waitFor(() => expect(feed.state.problem).toBe('a key frame came without a usable SPS'), LIMIT);
  stopNoSps();
  const other = encodeCompressedFrame({ header: headerOf(1), format: 'av1', data: new Uint8Array(3) });
  send(sendCompressed(robot, [other]));
  await vi.waitFor(() => expect(feed.state.problem).toBe('format "av1" is not known'), LIMIT);
});

it('says where there is no ffmpeg for H.264', async () => {
  send(sendCompressed(await connect(), h264Payloads('320x240', 'red')));
  const feed = await watch({ machineId: 'console', outputs: ['compressed'], ffmpeg: '/nowhere/ffmpeg' });
  await vi.waitFor(() => expect(feed.state.problem).toMatch(/no ffmpeg/), LIMIT);
});

it('shows a camera that sends JPEG, and says when one is truncated', async () => {
  const robot = await connect();
  const jpeg = await encodeJpeg({ width: 100, height: 50, data: new Uint8Array(20_000).fill(130) });
  const good = encodeCompressedFrame({ header: headerOf(1), format: 'jpeg', data: jpeg });
  const bad = encodeCompressedFrame({ header: headerOf(2), format: 'jpeg', data: jpeg.subarray(0, jpeg.length - 200) });
  const stop = sendCompressed(robot, [good]);
  const feed = await watch({ machineId: 'console', outputs: ['compressed'] });
  await vi.waitFor(() => expect(feed.state).toMatchObject({ source: 'jpeg', width: 100, height: 50 }), LIMIT);
  stop();
  send(sendCompressed(robot, [bad]));
  await vi.waitFor(() => expect(feed.state.problem).toMatch(/^damaged JPEG: /), LIMIT);
  expect(feed.state.flag).toBe('broken');
});

it('goes from raw frames that do not come to thumbnails, to what is sent compressed', async () => {
  send(sendCompressed(await connect(), h264Payloads('320x240', 'green')));
  const feed = await watch({ patienceMs: 2_000 });
  await vi.waitFor(() => expect(feed.state.source).toBe('h264'), LIMIT);
});

it('is watched on after the router was gone for a while', async () => {
  send(sendRaw(await connect()));
  const feed = await watch();
  await vi.waitFor(() => expect(feed.state.version).toBeGreaterThan(2), LIMIT);
  network.cut();
  await vi.waitFor(() => expect(feed.state.problem).toBe('the link to the router is lost'), LIMIT);
  network.restore();
  const { version } = feed.state;
  await vi.waitFor(() => expect(feed.state.version).toBeGreaterThan(version), LIMIT);
  await vi.waitFor(() => expect(feed.state.flag).toBeUndefined(), LIMIT);
});

it('finds cameras by what nodes say of themselves, in either form of topics', async () => {
  const robot = await connect();
  await declareCamera(robot, ['cam/raw', 'cam/compressed', 'cam/health']);
  await declareCamera(
    robot,
    ['bubbaloop/global/m/front/compressed', 'bubbaloop/local/m/front/raw', 'a/*/raw', 'x\x1b[31m/raw', 'other'],
    'rust-cams',
  );
  expect(await discoverCameras(await connect(), { timeoutMs: 500 })).toEqual([
    { machine: 'm', node: 'cam', instance: 'cam', outputs: ['raw', 'compressed'] },
    { machine: 'm', node: 'front', instance: 'rust-cams', outputs: ['raw', 'compressed'] },
  ]);
});
