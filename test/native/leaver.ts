/** A process that leaves in the way it is told, in the midst of its work, for exit.test.ts. */
import { nativeDrivers } from '../../source/zenoh/native-driver.ts';
import type { Frame } from '../../source/zenoh/session.ts';

const [endpoint = '', how = ''] = process.argv.slice(2);
const settings = { shm: true, shmThresholdBytes: 3072, connectTimeoutMs: 5000 };
const put = { encoding: undefined, attachment: undefined, congestion: 'drop', express: false } as const;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const receiver = await nativeDrivers.open(endpoint, settings, new AbortController().signal);
const sender = await nativeDrivers.open(endpoint, settings, new AbortController().signal);
const held: Frame[] = [];
await receiver.declareFrameSubscriber('x/frame', { kind: 'ring', capacity: 2 }, (frame) => {
  if (how === 'hold') held.push(frame);
  else frame.release();
});
await receiver.declareSubscriber('x/**', { kind: 'ring', capacity: 2 }, () => {});
await receiver.declareQueryable('x/q', () => {});
await receiver.declareToken('x/token');
const publisher = await sender.declarePublisher('x/frame', put, () => {});
const provider = await nativeDrivers.createShmProvider(4 << 20);
const unsent = provider.alloc(1000);
const timer = setInterval(() => {
  for (let i = 0; i < 20; i++) {
    const buffer = provider.alloc(100_000);
    if (buffer !== undefined) publisher.put(buffer, put);
  }
}, 1);
await sleep(100);
process.stdout.write(`${unsent?.sizeBytes}\n`);

if (how === 'exit') process.exit(7);
if (how === 'throw') {
  setTimeout(() => {
    throw new Error('thrown for a test');
  }, 1);
}
if (how === 'close' || how === 'hold') {
  clearInterval(timer);
  await Promise.all([receiver.close(), sender.close()]);
  provider.close();
  process.exitCode = 7;
}
if (how === 'stay') clearInterval(timer);
if (how === 'abandon') {
  clearInterval(timer);
  await Promise.all([receiver.close(), sender.close()]);
  // An attempt to connect that is given up must not keep the process until it ends by itself.
  const abort = new AbortController();
  nativeDrivers.open('tcp/192.0.2.1:7447', { ...settings, connectTimeoutMs: 60_000 }, abort.signal).catch(() => {});
  await sleep(20);
  abort.abort();
  process.exitCode = 7;
}
