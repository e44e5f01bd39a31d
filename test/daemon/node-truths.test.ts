import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NodeTruths } from '../../source/daemon/node-truths.ts';
import { startNode } from '../../source/nodes/node-runtime.ts';
import { nodeManifestKey } from '../../source/wire/keys.ts';
import { encodeNodeManifest } from '../../source/wire/manifest.ts';
import type { NodeState } from '../../source/wire/node-state.ts';
import type { Session } from '../../source/zenoh/session.ts';
import { FakeNetwork } from '../support/fake-session.ts';

let network: FakeNetwork;
let session: Session;
let close: () => Promise<void>;
let truths: NodeTruths;
let isAnyRunning: boolean;
beforeEach(async () => {
  network = new FakeNetwork();
  session = await network.connect();
  isAnyRunning = true;
  truths = new NodeTruths({
    session,
    machineId: 'm',
    isAnyRunning: () => isAnyRunning,
    pidOf: () => 7,
    lookMs: 20,
    say: expect.unreachable,
  });
  close = await truths.open();
});
afterEach(async () => {
  await close();
  expect(network.declarations()).toEqual([]);
  await session.close();
});

const stateOf = (name: string, status: NodeState['status'] = 'running') =>
  truths.addTo({ name, status, pid: 7 } as NodeState);
const until = async (isDone: () => boolean): Promise<void> => {
  while (!isDone()) await sleep(10);
};

it('tells a process from a node on zenoh, and that from outputs that flow', async () => {
  expect(stateOf('cam')).toMatchObject({ onZenoh: false, outputs: 'unknown' });
  const node = await startNode({
    session: await network.connect(),
    machineId: 'm',
    name: 'cam',
    role: 'source',
    kind: 'camera',
  });
  const raw = await node.declareOutput({ topic: 'raw', scope: 'local' });
  await until(() => stateOf('cam').onZenoh === true && stateOf('cam').outputs === 'unwanted');

  const screen = await network.connect();
  const subscriber = await screen.declareSubscriber(raw.keyExpr, () => undefined);
  await until(() => stateOf('cam').outputs === 'quiet');
  const sending = setInterval(() => void raw.put('frame'), 2);
  await until(() => stateOf('cam').outputs === 'flowing');
  // A put each 2 ms, or as many as a busy machine makes of that.
  expect(stateOf('cam').outputRateHz).toBeGreaterThan(10);
  expect(stateOf('cam').outputRateHz).toBeLessThan(1_000);
  clearInterval(sending);
  await until(() => stateOf('cam').outputs === 'quiet');
  expect(stateOf('cam').outputRateHz).toBe(0);
  // What an earlier process answered says nothing of the one that runs now; its token is another matter.
  const restarted = truths.addTo({ name: 'cam', status: 'running', pid: 8 } as NodeState);
  expect(restarted).toMatchObject({ onZenoh: true, outputs: 'unknown' });
  await subscriber.undeclare();
  await screen.close();

  // What does not run has neither; without a link nothing is known.
  expect(stateOf('cam', 'stopped')).toEqual({ name: 'cam', status: 'stopped', pid: 7 });
  await node.close();
  await until(() => stateOf('cam').onZenoh === false);
  network.cut();
  await until(() => session.link.state === 'lost');
  expect(stateOf('cam')).toEqual({ name: 'cam', status: 'running', pid: 7 });
});

it('finds a node of others, without token, by its manifest; asks nobody where nothing runs', async () => {
  const robot = await network.connect();
  const key = nodeManifestKey('m', 'rust_cam');
  let asked = 0;
  await robot.declareQueryable(key, (query) => {
    asked += 1;
    const io = { topic: 'x', everFired: true, stillLive: true, declaredAtNs: 0n };
    return query.reply(
      key,
      encodeNodeManifest({
        instanceName: 'rust_cam',
        machineId: 'm',
        role: 'source',
        inputs: [],
        outputs: [io],
        schemaVersion: 2,
        startedAtNs: 1n,
        nodeKind: 'camera',
      }),
    );
  });
  await until(() => stateOf('rust_cam').outputs === 'flowing');
  expect(stateOf('rust_cam').onZenoh).toBe(true);
  isAnyRunning = false;
  await until(() => stateOf('rust_cam').onZenoh === false);
  const before = asked;
  await sleep(200);
  expect(asked).toBe(before);
  await robot.close();
});
