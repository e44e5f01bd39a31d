import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Driver } from '../../source/zenoh/driver.ts';
import { nativeDrivers } from '../../source/zenoh/native-driver.ts';
import { startRouter, type TestRouter } from '../support/router.ts';

const settings = { shm: true, shmThresholdBytes: 3072, connectTimeoutMs: 5000 };
const put = { encoding: undefined, attachment: undefined, congestion: 'drop', express: false } as const;

let router: TestRouter;
const drivers: Driver[] = [];

beforeEach(async () => {
  router = await startRouter();
});
afterEach(async () => {
  await Promise.all(drivers.splice(0).map((driver) => driver.close()));
  await router.stop();
});

async function open(): Promise<Driver> {
  const driver = await nativeDrivers.open(router.endpoint, settings, new AbortController().signal);
  drivers.push(driver);
  return driver;
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it('a flood does not starve the event loop, also where the handler is slow', async () => {
  const [sender, receiver] = [await open(), await open()];
  let count = 0;
  const subscriber = await receiver.declareSubscriber('l/flood', { kind: 'ring', capacity: 1000 }, () => {
    count += 1;
    const untilMs = performance.now() + 1;
    while (performance.now() < untilMs);
  });
  let turns = 0;
  let longestMs = 0;
  let lastMs = performance.now();
  const timer = setInterval(() => {
    turns += 1;
    longestMs = Math.max(longestMs, performance.now() - lastMs);
    lastMs = performance.now();
    for (let i = 0; i < 100; i++) sender.put('l/flood', 'x', put);
  }, 1);
  await sleep(1000);
  clearInterval(timer);
  expect(count).toBeGreaterThan(100);
  // About 8 ms of handlers a turn; a batch of a thousand would take a second.
  expect(turns).toBeGreaterThan(10);
  expect(longestMs).toBeLessThan(500);
  expect(subscriber.droppedCount).toBeGreaterThan(0);
});

it('a ring hands over the newest to a handler that is slow', async () => {
  const [sender, receiver] = [await open(), await open()];
  const seen: number[] = [];
  await receiver.declareSubscriber('l/ring', { kind: 'ring', capacity: 2 }, (sample) => {
    seen.push(Number(Buffer.from(sample.payload).toString()));
    const untilMs = performance.now() + 20;
    while (performance.now() < untilMs);
  });
  for (let i = 0; i <= 50; i++) {
    sender.put('l/ring', String(i), put);
    if (i % 10 === 0) await sleep(1);
  }
  await vi.waitFor(() => expect(seen.at(-1)).toBe(50));
  expect(seen.length).toBeLessThan(30);
});

it('at a router that hangs neither way of putting blocks this thread', async () => {
  const sender = await open();
  router.suspend();
  const startMs = performance.now();
  const blocked: Promise<void>[] = [];
  let longestMs = 0;
  const payload = Buffer.alloc(60_000, 1);
  for (let i = 0; i < 2000; i++) {
    const beforeMs = performance.now();
    const dropped = sender.put('l/hang', payload, put);
    if (dropped !== undefined) blocked.push(dropped);
    if (i % 100 === 0) blocked.push(sender.put('l/hang', payload, { ...put, congestion: 'block' }) as Promise<void>);
    longestMs = Math.max(longestMs, performance.now() - beforeMs);
    if (i % 50 === 0) await sleep(0);
  }
  // 2000 waits of zenoh's own would take two seconds and more.
  expect(performance.now() - startMs).toBeLessThan(1500);
  expect(longestMs).toBeLessThan(300);
  const outcomes = Promise.allSettled(blocked);
  router.resume();
  await outcomes;
});
