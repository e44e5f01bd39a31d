import { afterEach, expect, it } from 'vitest';
import { startHeartbeat } from '../../source/nodes/heartbeat.ts';
import { startNode } from '../../source/nodes/node-runtime.ts';
import { startTestCamera } from '../../source/nodes/test-camera.ts';
import { createTestPicture } from '../../source/nodes/test-picture.ts';
import { decodeRawFrame, type RawFrame } from '../../source/wire/camera.ts';
import { nodeManifestKey, rawFrameKey } from '../../source/wire/keys.ts';
import { decodeNodeManifest } from '../../source/wire/manifest.ts';
import { FakeNetwork } from '../support/fake-session.ts';

const network = new FakeNetwork();
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  network.restore();
  await Promise.all(open.splice(0).map((item) => item.close()));
});

const until = async (isDone: () => boolean): Promise<void> => {
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 5));
};

it('beats at once, then regularly, and again after the link was lost', async () => {
  const screen = await network.connect();
  const beats: string[] = [];
  await screen.declareSubscriber('bubbaloop/global/*/*/health', ({ keyExpr, payload }) => {
    beats.push(`${keyExpr} ${Buffer.from(payload)}`);
  });
  const node = await startNode({
    session: await network.connect(),
    machineId: 'm',
    name: 'n',
    role: 'sink',
    kind: 'k',
    heartbeatMs: 20,
  });
  open.push(node, screen);
  await until(() => beats.length >= 3);
  expect(beats[0]).toBe('bubbaloop/global/m/n/health ok');
  network.cut();
  const count = beats.length;
  network.restore();
  await until(() => beats.length > count);
  expect(await screen.liveliness.get('bubbaloop/global/*/*')).toEqual(['bubbaloop/global/m/n']);
});

it('answers with its manifest and takes all back at the end', async () => {
  const screen = await network.connect();
  open.push(screen);
  const before = network.declarations();
  const node = await startHeartbeat({ session: await network.connect(), machineId: 'm', name: 'hb' });
  for await (const reply of screen.get(nodeManifestKey('*', 'hb'))) {
    expect(reply.ok && decodeNodeManifest(reply.sample.payload)).toMatchObject({
      ok: true,
      value: { instanceName: 'hb', machineId: 'm', schemaVersion: 2, nodeKind: 'heartbeat', outputs: [] },
    });
  }
  await node.close();
  expect(network.declarations()).toEqual(before);
});

it('sends frames that count up, only while someone looks, and says so in the manifest', async () => {
  const screen = await network.connect();
  const camera = await startTestCamera({
    session: await network.connect(),
    machineId: 'm',
    name: 'cam',
    width: 96,
    height: 64,
    rateHz: 200,
  });
  open.push(camera, screen);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(camera.sentCount).toBe(0);
  const frames: RawFrame[] = [];
  const subscriber = await screen.declareFrameSubscriber(rawFrameKey('m', 'cam'), (frame) => {
    const decoded = decodeRawFrame(Uint8Array.from(frame.payload));
    frame.release();
    if (decoded.ok) frames.push(decoded.value);
  });
  await until(() => frames.length >= 5);
  const [first, second] = frames;
  expect(first).toMatchObject({
    width: 96,
    height: 64,
    encoding: 'rgba8',
    step: 384,
    header: { frameId: 'cam', machineId: 'm' },
  });
  expect(second?.header.sequence).toBeGreaterThan(first?.header.sequence ?? 0);
  expect(Buffer.compare(first?.data ?? new Uint8Array(0), second?.data ?? new Uint8Array(0))).not.toBe(0);
  for await (const reply of screen.get(nodeManifestKey('m', 'cam'))) {
    const manifest = reply.ok ? decodeNodeManifest(reply.sample.payload) : undefined;
    expect(manifest).toMatchObject({ value: { role: 'source', outputs: [{ topic: 'cam/raw', everFired: true }] } });
  }
  await subscriber.undeclare();
  network.cut();
  network.restore();
  await screen.connected();
  expect(camera.droppedCount).toBe(0);
});

it('draws a counter that can be read off the picture, within its bounds at every size', () => {
  for (const [width, height] of [
    [64, 64],
    [65, 97],
    [320, 180],
    [1920, 1080],
  ] as const) {
    const picture = createTestPicture(width, height);
    expect(picture.sizeBytes).toBe(width * height * 4);
    const target = new Uint8Array(picture.sizeBytes);
    for (const sequence of [0, 45, 90, 179, 999_999, 1_000_000]) picture.draw(target, sequence);
    const again = new Uint8Array(picture.sizeBytes);
    picture.draw(again, 1_000_000);
    expect(Buffer.compare(target, again)).toBe(0);
    picture.draw(again, 1_000_001);
    expect(Buffer.compare(target, again)).not.toBe(0);
    // Opaque all over.
    for (let index = 3; index < target.length; index += 4) if (target[index] !== 255) throw new Error('not opaque');
  }
});
