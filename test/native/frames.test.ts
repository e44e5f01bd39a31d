import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { Driver } from '../../source/zenoh/driver.ts';
import { nativeAddon } from '../../source/zenoh/native-addon.ts';
import { nativeDrivers } from '../../source/zenoh/native-driver.ts';
import type { Frame, ShmBuffer, ShmProvider } from '../../source/zenoh/session.ts';
import { startRouter, type TestRouter } from '../support/router.ts';

const settings = { shm: true, shmThresholdBytes: 3072, connectTimeoutMs: 5000 };
const put = { encoding: undefined, attachment: undefined, congestion: 'drop', express: false } as const;
const FRAME_BYTES = 1920 * 1080 * 4;

let router: TestRouter;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  router = await startRouter();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => router.stop());

async function open(): Promise<Driver> {
  const driver = await nativeDrivers.open(router.endpoint, settings, new AbortController().signal);
  closers.push(() => driver.close());
  return driver;
}

async function provide(sizeBytes: number): Promise<ShmProvider> {
  const provider = await nativeDrivers.createShmProvider(sizeBytes);
  closers.push(() => provider.close());
  return provider;
}

function alloc(provider: ShmProvider, sizeBytes: number): ShmBuffer {
  const buffer = provider.alloc(sizeBytes);
  if (buffer === undefined) throw new Error('no room');
  return buffer;
}

it('a frame points into the sender’s memory, and every view of it is empty after the release', async () => {
  const [sender, receiver] = [await open(), await open()];
  const provider = await provide(4 * FRAME_BYTES);
  const before = nativeAddon().leaseCount();
  const frames: Frame[] = [];
  await receiver.declareFrameSubscriber('f/zero', { kind: 'ring', capacity: 2 }, (frame) => frames.push(frame));
  await vi.waitFor(async () => {
    const buffer = alloc(provider, FRAME_BYTES);
    buffer.data.fill(7);
    const { data } = buffer;
    await sender.put('f/zero', buffer, put);
    // Of the sender's views nothing is left either.
    expect(data.length).toBe(0);
    expect(frames.length).toBeGreaterThan(0);
  });
  const [frame] = frames;
  const kept = frame?.payload ?? new Uint8Array(0);
  expect(frame?.shm).toBe(true);
  expect(kept.length).toBe(FRAME_BYTES);
  expect(kept.every((byte) => byte === 7)).toBe(true);
  expect(nativeAddon().leaseCount()).toBeGreaterThan(before);
  for (const each of frames) {
    each.release();
    each.release();
  }
  expect(kept.length).toBe(0);
  expect(frame?.payload.length).toBe(0);
  await vi.waitFor(() => expect(nativeAddon().leaseCount()).toBe(before));
});

it('frames that wait at the undeclaration are released, those in hand stay', async () => {
  const [sender, receiver] = [await open(), await open()];
  const before = nativeAddon().leaseCount();
  const inHand: Frame[] = [];
  let stop = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  const subscriber = await receiver.declareFrameSubscriber('f/wait', { kind: 'fifo', capacity: 500 }, (frame) => {
    inHand.push(frame);
    if (inHand.length === 1) subscriber.undeclare().then(stop);
  });
  for (let i = 0; i < 200; i++) sender.put('f/wait', Buffer.alloc(5000, i), put);
  await stopped;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(inHand).toHaveLength(1);
  expect(inHand[0]?.payload).toEqual(new Uint8Array(5000));
  expect(nativeAddon().leaseCount()).toBe(before + 1);
  inHand[0]?.release();
  expect(nativeAddon().leaseCount()).toBe(before);
});

it('a frame that nobody releases goes with the garbage', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const [sender, receiver] = [await open(), await open()];
  const before = nativeAddon().leaseCount();
  let count = 0;
  await receiver.declareFrameSubscriber('f/forgotten', { kind: 'fifo', capacity: 50 }, () => {
    count += 1;
  });
  await vi.waitFor(() => {
    sender.put('f/forgotten', Buffer.alloc(10_000), put);
    expect(count).toBeGreaterThan(5);
  });
  await vi.waitFor(
    () => {
      collect();
      expect(nativeAddon().leaseCount()).toBe(before);
    },
    { timeout: 10_000 },
  );
});

it('memory that a killed reader held comes back', async () => {
  const sender = await open();
  const provider = await provide(4 * FRAME_BYTES);
  let isMatching = false;
  const publisher = await sender.declarePublisher('f/killed', put, (matching) => {
    isMatching = matching;
  });
  const reader = spawn(process.execPath, [join(import.meta.dirname, 'holder.ts'), router.endpoint, 'f/killed'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  closers.push(() => reader.kill('SIGKILL'));
  await vi.waitFor(() => expect(isMatching).toBe(true), { timeout: 10_000 });
  let held = 0;
  reader.stdout.on('data', (text: Buffer) => {
    held += text.length;
  });
  // The reader keeps all it gets, until there is no room.
  await vi.waitFor(
    async () => {
      const buffer = provider.alloc(FRAME_BYTES);
      if (buffer !== undefined) await publisher.put(buffer, put);
      expect(buffer).toBeUndefined();
      expect(held).toBeGreaterThan(1);
    },
    { timeout: 10_000 },
  );
  reader.kill('SIGKILL');
  await once(reader, 'exit');
  await vi.waitFor(() => expect(provider.alloc(FRAME_BYTES)).toBeDefined(), { timeout: 10_000 });
});

it('frames under way when their provider closes still arrive', async () => {
  const [sender, receiver] = [await open(), await open()];
  let count = 0;
  await receiver.declareFrameSubscriber('f/closing', { kind: 'fifo', capacity: 500 }, (frame) => {
    count += frame.payload[0] === 9 ? 1 : 0;
    frame.release();
  });
  const publisher = await sender.declarePublisher('f/closing', put, () => {});
  await vi.waitFor(() => {
    sender.put('f/closing', Buffer.from([9]), put);
    expect(count).toBeGreaterThan(0);
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  count = 0;
  const provider = await provide(1 << 20);
  for (let i = 0; i < 200; i++) {
    const buffer = alloc(provider, 1000);
    buffer.data.fill(9);
    await publisher.put(buffer, put);
  }
  provider.close();
  await publisher.undeclare();
  await vi.waitFor(() => expect(count).toBe(200));
});
