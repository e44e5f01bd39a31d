import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { startRtspCamera } from '../../source/nodes/rtsp-camera.ts';
import { readRtspCameraConfig } from '../../source/nodes/rtsp-camera-config.ts';
import {
  type CompressedFrame,
  decodeCompressedFrame,
  decodeRawFrame,
  type RawFrame,
} from '../../source/wire/camera.ts';
import { NAL, nalType, splitAnnexB, spsSize } from '../../source/wire/h264.ts';
import { compressedFrameKey, nodeManifestKey, rawFrameKey } from '../../source/wire/keys.ts';
import { decodeNodeManifest } from '../../source/wire/manifest.ts';
import { openSession } from '../../source/zenoh/open-session.ts';
import type { Session } from '../../source/zenoh/session.ts';
import { startRouter, type TestRouter } from '../support/router.ts';
import { type RtspServer, startRtspServer } from '../support/rtsp-server.ts';

const LIMIT = { timeout: 30_000, interval: 50 };

let router: TestRouter;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  router = await startRouter();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => router.stop());

async function serve(login?: readonly [string, string]): Promise<RtspServer> {
  const server = await startRtspServer(login);
  closers.push(() => server.stop());
  return server;
}

async function watcher(): Promise<Session> {
  const session = openSession(router.endpoint);
  closers.push(() => session.close());
  await session.connected({ timeoutMs: 20_000 });
  return session;
}

async function startCamera(name: string, config: Record<string, unknown>, stallMs?: number) {
  const said: string[] = [];
  const camera = await startRtspCamera({
    session: openSession(router.endpoint),
    machineId: 'm',
    name,
    config: readRtspCameraConfig({ raw_width: 160, raw_height: 90, ...config }),
    say: (message) => said.push(message),
    backoff: { initialMs: 50, maxMs: 400 },
    lingerMs: 100,
    ...(stallMs === undefined ? {} : { stallMs }),
  });
  closers.push(() => camera.close());
  return { camera, said };
}

async function watchVideo(session: Session, name: string): Promise<CompressedFrame[]> {
  const frames: CompressedFrame[] = [];
  const subscriber = await session.declareSubscriber(compressedFrameKey('m', name), ({ payload }) => {
    const frame = decodeCompressedFrame(payload);
    if (!frame.ok) throw new Error(frame.reason);
    frames.push(frame.value);
  });
  closers.push(() => subscriber.undeclare());
  return frames;
}

/** Raw frames without their pixels, and the mean of the pixels. */
async function watchRaw(session: Session, name: string) {
  const frames: (Omit<RawFrame, 'data'> & { readonly shm: boolean; readonly mean: number })[] = [];
  const subscriber = await session.declareFrameSubscriber(rawFrameKey('m', name), (frame) => {
    const raw = decodeRawFrame(frame.payload);
    if (!raw.ok) throw new Error(raw.reason);
    const { data, ...rest } = raw.value;
    frames.push({ ...rest, shm: frame.shm, mean: data.reduce((sum, byte) => sum + byte, 0) / data.length });
    frame.release();
  });
  return { frames, stop: () => subscriber.undeclare() };
}

const isKey = (frame: CompressedFrame) => splitAnnexB(frame.data).some((unit) => nalType(unit) === NAL.keySlice);

function sizes(frames: readonly CompressedFrame[]): (string | undefined)[] {
  return frames.filter(isKey).map((frame) => {
    const sps = splitAnnexB(frame.data).find((unit) => nalType(unit) === NAL.sps);
    const size = sps === undefined ? undefined : spsSize(sps);
    return size === undefined ? undefined : `${size.width}x${size.height}`;
  });
}

it('sends the video as it is, and pixels through shared memory only while somebody wants them', async () => {
  const server = await serve();
  const { camera, said } = await startCamera('cam', { url: server.url() });
  const session = await watcher();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(camera.children).toEqual({ stream: undefined, decoder: undefined });

  const video = await watchVideo(session, 'cam');
  await vi.waitFor(() => expect(video.filter(isKey).length).toBeGreaterThan(1), LIMIT);
  expect(camera.children).toEqual({ stream: expect.any(Number), decoder: undefined });
  for (const frame of video.filter(isKey)) {
    const types = splitAnnexB(frame.data).map(nalType);
    expect(types.indexOf(NAL.sps)).toBeLessThan(types.indexOf(NAL.keySlice));
    expect(types.indexOf(NAL.pps)).toBeLessThan(types.indexOf(NAL.keySlice));
  }
  expect(new Set(sizes(video))).toEqual(new Set(['640x360']));
  expect(video[0]).toMatchObject({ format: 'h264', header: { frameId: 'cam', machineId: 'm' } });

  const raw = await watchRaw(session, 'cam');
  await vi.waitFor(() => expect(raw.frames.length).toBeGreaterThan(5), LIMIT);
  expect(camera.children.decoder).toEqual(expect.any(Number));
  expect(raw.frames[0]).toMatchObject({ width: 160, height: 90, encoding: 'rgba8', step: 640, shm: true });
  // Colour bars, opaque.
  expect(raw.frames[2]?.mean).toBeGreaterThan(255 / 3);
  await raw.stop();
  await vi.waitFor(() => expect(camera.children.decoder).toBeUndefined(), LIMIT);
  expect(camera.children.stream).toEqual(expect.any(Number));

  for await (const reply of session.get(nodeManifestKey('m', 'cam'))) {
    const manifest = reply.ok ? decodeNodeManifest(reply.sample.payload) : undefined;
    expect(manifest).toMatchObject({
      value: { role: 'source', nodeKind: 'camera', outputs: [{ topic: 'cam/compressed' }, { topic: 'cam/raw' }] },
    });
  }
  expect(said).toEqual([]);
});

it('comes back after a server that was killed, one that stalls, and a change of the picture’s size', async () => {
  const server = await serve();
  const { said } = await startCamera('again', { name: 'front', url: server.url() }, 2_000);
  const session = await watcher();
  const video = await watchVideo(session, 'front');
  const raw = await watchRaw(session, 'front');
  closers.push(raw.stop);
  const more = async (count = 5): Promise<void> => {
    const [videoBefore, rawBefore] = [video.length, raw.frames.length];
    await vi.waitFor(() => {
      expect(video.length).toBeGreaterThan(videoBefore + count);
      expect(raw.frames.length).toBeGreaterThan(rawBefore + count);
    }, LIMIT);
  };
  await more();
  server.resize('320x240');
  await vi.waitFor(() => expect(sizes(video).at(-1)).toBe('320x240'), LIMIT);
  await more();

  await server.kill();
  await vi.waitFor(() => expect(said.at(-1)).toMatch(/trying again$/), LIMIT);
  await server.restart();
  await more();
  expect(said.at(-1)).toMatch(/pictures come$/);

  server.suspend();
  await vi.waitFor(() => expect(said.at(-1)).toMatch(/for 2 s; trying again$/), LIMIT);
  server.resume();
  await more();
});

it('says what is wrong once for many attempts, and never with the password', async () => {
  const server = await serve(['viewer', 's3cr@t']);
  const wrong = await startCamera('wrong', { url: server.url('viewer:n0t-it') });
  const path = await startCamera('path', { url: `${server.url('viewer:s3cr%40t')}era` });
  const right = await startCamera('right', { url: server.url('viewer:s3cr%40t') });
  const nobody = await startCamera('nobody', { url: 'rtsp://viewer:s3cr%40t@127.0.0.1:1/cam' });
  const session = await watcher();
  for (const name of ['wrong', 'path', 'nobody']) await watchVideo(session, name);
  const video = await watchVideo(session, 'right');
  await vi.waitFor(() => expect(video.length).toBeGreaterThan(3), LIMIT);
  const pid = right.camera.children.stream ?? 0;
  // Nor does `ps` show it.
  expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).not.toMatch(/s3cr/);
  await vi.waitFor(() => expect(path.said.length * wrong.said.length * nobody.said.length).toBeGreaterThan(0), LIMIT);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(wrong.said).toEqual([`${server.url()}: it refuses the name or the password (401); trying again`]);
  expect(path.said).toEqual([`${server.url()}era: it has no such path (404); trying again`]);
  expect(nobody.said).toEqual([expect.stringMatching(/^rtsp:\/\/127\.0\.0\.1:1\/cam: .*refused; trying again$/)]);
  expect([wrong, path, right, nobody].flatMap(({ said }) => said).join('\n')).not.toMatch(/s3cr|n0t-it|viewer/);
});

it('thins out raw frames, not the video, where a rate is given', async () => {
  const server = await serve();
  await startCamera('slow', { url: server.url(), frame_rate: 3 });
  const session = await watcher();
  const video = await watchVideo(session, 'slow');
  const raw = await watchRaw(session, 'slow');
  closers.push(raw.stop);
  await vi.waitFor(() => expect(raw.frames.length).toBeGreaterThan(6), LIMIT);
  expect(video.length / raw.frames.length).toBeGreaterThan(2.5);
});

it('goes on by the processor where the hardware decoder does not work', async () => {
  const server = await serve();
  const { said } = await startCamera('hw', { url: server.url(), hw_accel: 'nvidia' });
  const raw = await watchRaw(await watcher(), 'hw');
  closers.push(raw.stop);
  await vi.waitFor(() => expect(raw.frames.length).toBeGreaterThan(2), LIMIT);
  expect(said.join('\n')).not.toMatch(/the decoder ended/);
});
