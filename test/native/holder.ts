/** A process that keeps every frame it gets, for frames.test.ts; a dot on stdout for each. */
import { nativeDrivers } from '../../source/zenoh/native-driver.ts';
import type { Frame } from '../../source/zenoh/session.ts';

const [endpoint = '', keyExpr = ''] = process.argv.slice(2);
const settings = { shm: true, shmThresholdBytes: 3072, connectTimeoutMs: 5000 };
const driver = await nativeDrivers.open(endpoint, settings, new AbortController().signal);
const held: Frame[] = [];
await driver.declareFrameSubscriber(keyExpr, { kind: 'fifo', capacity: 100 }, (frame) => {
  held.push(frame);
  process.stdout.write('.');
});
