/** The SDK over a real router: other processes, shared memory, a router that dies. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encodeCbor } from '../../source/wire/cbor-encode.ts';
import { decodeEnvelope } from '../../source/wire/envelope.ts';
import { decodeNodeManifest, type NodeManifest } from '../../source/wire/manifest.ts';
import { openSession } from '../../source/zenoh/open-session.ts';
import type { Session } from '../../source/zenoh/session.ts';
import { bubbaloop, endProcess } from '../support/command-line.ts';
import { startRouter, type TestRouter } from '../support/router.ts';

/** A node whose source can be stopped, by a command. */
const SOURCE = `
import { defineNode, v } from 'bubbaloop/node';
export const node = defineNode({
  kind: 'probe',
  outputs: {
    reading: { topic: 'reading', keepLast: true },
    picture: { topic: 'picture', encoding: 'raw', maxBytes: 100_000 },
  },
  run({ outputs, every, onCommand }) {
    let isOn = true;
    onCommand('switch', { on: v.boolean() }, ({ on }) => {
      isOn = on;
      return { on };
    });
    every(20, async () => {
      if (!isOn) return;
      await outputs.reading.put({ at: process.hrtime.bigint() + 2n ** 62n });
      const buffer = outputs.picture.alloc(100_000);
      if (buffer === undefined) return;
      buffer.data.fill(9);
      await outputs.picture.put(buffer);
    });
  },
});
`;

let folder: string;
let router: TestRouter;
let screen: Session;
let node: ChildProcess;
const said: string[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-sdk-'));
  writeFileSync(join(folder, 'main.ts'), SOURCE);
  router = await startRouter();
  screen = openSession(router.endpoint);
  await screen.connected({ timeoutMs: 20_000 });
  const env = { ...process.env, BUBBALOOP_MACHINE_ID: 'm', BUBBALOOP_ZENOH_ENDPOINT: router.endpoint };
  node = spawn(bubbaloop, ['node', 'run', folder], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  if (node.stderr !== null) createInterface({ input: node.stderr }).on('line', (line) => said.push(line));
  await until(async () => (await manifest()) !== undefined);
});
afterEach(async () => {
  await endProcess(node);
  await screen.close();
  await router.stop();
  rmSync(folder, { recursive: true });
  said.length = 0;
});

const until = async (isDone: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 50));
};

async function ask(key: string, payload?: Uint8Array): Promise<Uint8Array | undefined> {
  try {
    for await (const reply of screen.get(key, { payload })) if (reply.ok) return Uint8Array.from(reply.sample.payload);
  } catch {
    // The link is down just now: asked again.
  }
  return undefined;
}

async function manifest(): Promise<NodeManifest | undefined> {
  const decoded = decodeNodeManifest((await ask('bubbaloop/global/m/probe/manifest')) ?? new Uint8Array(0));
  return decoded.ok ? decoded.value : undefined;
}

const isLive = async (): Promise<boolean | undefined> => (await manifest())?.outputs[0]?.stillLive;

test('messages and raw frames reach another process, the frames through shared memory', async () => {
  const times: bigint[] = [];
  let frames = 0;
  let shmFrames = 0;
  await screen.declareSubscriber('bubbaloop/global/m/probe/reading', ({ payload }) => {
    const envelope = decodeEnvelope(payload);
    const body = envelope.ok ? (envelope.value.body as { at: bigint }) : undefined;
    if (body !== undefined) times.push(body.at);
  });
  await screen.declareFrameSubscriber('bubbaloop/local/m/probe/picture', (frame) => {
    if (frame.payload.length === 100_000 && frame.payload[99_999] === 9) frames += 1;
    if (frame.shm) shmFrames += 1;
    frame.release();
  });
  await until(() => times.length >= 5 && frames >= 20);
  for (const time of times) expect(time).toBeGreaterThan(2n ** 62n);
  expect(shmFrames).toBe(frames);
});

test('the manifest says that it flows, that the source stopped, and that it flows again', async () => {
  await until(async () => (await isLive()) === true);
  const turn = (on: boolean) =>
    ask('bubbaloop/global/m/probe/command', encodeCbor({ command: 'switch', params: { on } }));
  expect(await turn(false)).toBeDefined();
  await until(async () => (await isLive()) === false);
  expect((await manifest())?.outputs[0]).toMatchObject({ everFired: true, stillLive: false });
  // What it said last still answers.
  expect(await ask('bubbaloop/global/m/probe/reading')).toBeDefined();
  await turn(true);
  await until(async () => (await isLive()) === true);
});

test('a router that dies and comes back: the node is there again by itself, and says both once', async () => {
  await router.kill();
  await until(() => said.some((line) => line.includes('no link to')));
  await router.restartOnSamePorts();
  await until(async () => (await manifest()) !== undefined);
  let count = 0;
  await screen.declareSubscriber('bubbaloop/global/m/probe/*', () => {
    count += 1;
  });
  await until(() => count > 5);
  expect(said.filter((line) => line.includes('no link to'))).toHaveLength(1);
  expect(said.filter((line) => line.includes('connected to'))).toHaveLength(2);
  expect(said.filter((line) => line.includes('every 20 ms'))).toEqual([]);
});
