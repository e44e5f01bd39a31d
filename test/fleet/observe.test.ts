import { afterEach, expect, test, vi } from 'vitest';
import { sendCommand } from '../../source/fleet/control.ts';
import { type Observation, observeFleet } from '../../source/fleet/observe.ts';
import { reduce } from '../../source/fleet/reduce.ts';
import { toSnapshot } from '../../source/fleet/snapshot.ts';
import {
  type FleetState,
  hasToken,
  initialState,
  lastHeartbeatMs,
  machineFreshness,
} from '../../source/fleet/state.ts';
import { encodeEnvelope } from '../../source/wire/envelope.ts';
import { telemetryKey } from '../../source/wire/keys.ts';
import type { Session } from '../../source/zenoh/session.ts';
import { declareFakeRouter, FakeMachine, makeLedger, makeNodeState } from '../support/fake-fleet.ts';
import { FAKE_ENDPOINT, FakeNetwork } from '../support/fake-session.ts';

const open: Observation[] = [];
const sessions: Session[] = [];

afterEach(async () => {
  for (const observation of open.splice(0)) await observation.stop();
  for (const session of sessions.splice(0)) await session.close();
});

interface Watch {
  readonly session: Session;
  readonly state: () => FleetState;
  readonly refresh: () => void;
}

async function watch(network: FakeNetwork): Promise<Watch> {
  const session = await network.connect();
  sessions.push(session);
  let state = initialState(session.endpoint, Date.now());
  const observation = observeFleet(session, {
    intervalMs: 200,
    onEvent: (event) => {
      state = reduce(state, event);
    },
  });
  open.push(observation);
  await observation.looked;
  return { session, state: () => state, refresh: () => observation.refresh() };
}

async function machine(network: FakeNetwork, id: string, names: readonly string[]): Promise<FakeMachine> {
  const started = await FakeMachine.start(network, { id, nodes: names.map((name) => makeNodeState({ name })) });
  sessions.push(started.session);
  return started;
}

async function eventually(check: () => void): Promise<void> {
  await vi.waitFor(check, { timeout: 10_000, interval: 20 });
}

test('in the calm rounds come half as often, and one at once when it ends', async () => {
  const network = new FakeNetwork();
  const jetson = await machine(network, 'jetson_1', ['front_door']);
  const session = await network.connect();
  sessions.push(session);
  const roundsAtMs: number[] = [];
  let isCalm = true;
  const observation = observeFleet(session, {
    intervalMs: 6_500,
    isCalm: () => isCalm,
    onEvent: ({ type }) => {
      if (type === 'round') roundsAtMs.push(performance.now());
    },
  });
  open.push(observation);
  await observation.looked;
  expect(jetson).toBeDefined();
  // Past the eager first seconds.
  await vi.waitFor(() => expect(performance.now() - (roundsAtMs[0] ?? 0)).toBeGreaterThan(6_600), { timeout: 20_000 });
  const before = roundsAtMs.length;
  await new Promise((resolve) => setTimeout(resolve, 6_900));
  expect(roundsAtMs.length).toBe(before);
  isCalm = false;
  observation.stir();
  await vi.waitFor(() => expect(roundsAtMs.length).toBe(before + 1), { timeout: 3_000 });
});

test('one round finds routers, machines, nodes and shared memory, in the shape of --once --json', async () => {
  const network = new FakeNetwork();
  const jetson = await machine(network, 'jetson_1', ['front_door', 'terrace']);
  const router = await network.connect();
  sessions.push(router);
  await declareFakeRouter(router, {
    zid: 'c0ffee',
    name: 'central',
    sessions: [{ peer: jetson.session.zid, whatami: 'client', shm: true, links: [{ src: 'tcp/a:1', dst: 'tcp/b:2' }] }],
  });
  const { state } = await watch(network);
  await eventually(() => expect(state().machines.get('jetson_1')?.shm).toBeDefined());
  const snapshot = toSnapshot(state(), Date.now());
  expect(snapshot).toMatchObject({
    endpoint: FAKE_ENDPOINT,
    routers: [
      {
        zid: 'c0ffee',
        name: 'central',
        version: '1.10.2',
        locators: ['tcp/127.0.0.1:7447'],
        sessions: [{ peer: jetson.session.zid, shm: true }],
      },
    ],
    peers: [
      {
        zid: jetson.session.zid,
        whatAmI: 'client',
        router: 'c0ffee',
        shm: true,
        links: [{ src: 'tcp/a:1', dst: 'tcp/b:2' }],
      },
    ],
    nodes: [
      { machine: 'jetson_1', name: 'front_door', status: 'running', health: 'healthy', version: '1.2.3', type: 'rust' },
      { machine: 'jetson_1', name: 'terrace' },
    ],
    shm: [{ machine: 'jetson_1', usedBytes: 268 * 2 ** 20, freeBytes: 12 * 2 ** 30, segments: 1, orphans: 0 }],
  });
  expect(snapshot.nodes[0]?.uptimeMs).toBeGreaterThan(0);
});

test('a machine that hangs keeps nobody else from being seen', async () => {
  const network = new FakeNetwork();
  const slow = await machine(network, 'slow', ['a']);
  slow.hold = new Promise(() => undefined);
  const quick = await machine(network, 'quick', ['b']);
  const session = await network.connect();
  sessions.push(session);
  let state = initialState(session.endpoint, Date.now());
  const observation = observeFleet(session, {
    intervalMs: 200,
    onEvent: (event) => {
      state = reduce(state, event);
    },
  });
  open.push(observation);
  await eventually(() => expect(state.machines.get('quick')?.nodes).toHaveLength(1));
  quick.nodes = quick.nodes.map((node) => ({ ...node, status: 'failed' as const }));
  await eventually(() => expect(state.machines.get('quick')?.nodes[0]?.status).toBe('failed'));
  expect(state.machines.has('slow')).toBe(false);
});

test('answers that are no CBOR, or not the right record, become sentences', async () => {
  const network = new FakeNetwork();
  const jetson = await machine(network, 'jetson_1', ['a']);
  const { state } = await watch(network);
  await eventually(() => expect(state().machines.get('jetson_1')?.nodes).toHaveLength(1));
  jetson.garbage = new TextEncoder().encode('<html>504</html>');
  await eventually(() => expect(state().machines.get('jetson_1')?.problem).toMatch(/cannot be read/));
  expect(state().machines.get('jetson_1')?.nodes).toHaveLength(1);
  jetson.garbage = undefined;
  await eventually(() => expect(state().machines.get('jetson_1')?.problem).toBeUndefined());
});

test('a daemon that goes is lost at once; when it comes back it is live again', async () => {
  const network = new FakeNetwork();
  const jetson = await machine(network, 'jetson_1', ['a']);
  const { state } = await watch(network);
  await eventually(() => expect(state().machines.size).toBe(1));
  await jetson.stop();
  await eventually(() => expect(state().machines.get('jetson_1')?.lostSinceMs).toBeDefined());
  await machine(network, 'jetson_1', ['a']);
  await eventually(() => expect(state().machines.get('jetson_1')?.lostSinceMs).toBeUndefined());
});

test('when the router goes all stays, marked as old; when it is back all is asked again', async () => {
  const network = new FakeNetwork();
  await machine(network, 'jetson_1', ['a']);
  const { state } = await watch(network);
  await eventually(() => expect(hasToken(state(), 'jetson_1', 'a')).toBe(true));
  network.cut();
  await eventually(() => expect(state().staleSinceMs).toBeDefined());
  expect(state().machines.get('jetson_1')?.nodes).toHaveLength(1);
  network.restore();
  await eventually(() => {
    const known = state().machines.get('jetson_1');
    expect(known && machineFreshness(state(), known)).toBe('live');
    expect(hasToken(state(), 'jetson_1', 'a')).toBe(true);
  });
});

test('heartbeats arrive', async () => {
  const network = new FakeNetwork();
  const jetson = await machine(network, 'jetson_1', ['a']);
  const { state } = await watch(network);
  await eventually(async () => {
    await jetson.beat('a');
    expect(lastHeartbeatMs(state(), 'jetson_1', 'a')).toBeDefined();
  });
});

test('a command reaches its machine only, and its words come back', async () => {
  const network = new FakeNetwork();
  const one = await machine(network, 'one', ['a']);
  const two = await machine(network, 'two', ['a']);
  const session = await network.connect();
  sessions.push(session);
  const outcome = await sendCommand(session, { machine: 'one', node: 'a' }, 'stop');
  expect(outcome).toEqual({ ok: true, message: 'stop of a: done', output: '' });
  expect(one.commands).toEqual(['stop a']);
  expect(two.commands).toEqual([]);
  expect(await sendCommand(session, { machine: 'one', node: 'zzz' }, 'stop')).toMatchObject({
    ok: false,
    message: 'no node zzz',
  });
});

test('each way a command can fail is a sentence', async () => {
  const network = new FakeNetwork();
  const jetson = await machine(network, 'jetson_1', ['a']);
  const session = await network.connect();
  sessions.push(session);
  const target = { machine: 'jetson_1', node: 'a' };
  expect((await sendCommand(session, { machine: 'nobody', node: 'a' }, 'stop')).message).toMatch(
    /No daemon answers on nobody/,
  );
  jetson.garbage = new Uint8Array([0xff, 0x00]);
  expect((await sendCommand(session, target, 'stop')).message).toMatch(/cannot be read/);
  jetson.garbage = undefined;
  jetson.hold = new Promise(() => undefined);
  expect((await sendCommand(session, target, 'stop', { timeoutMs: 100 })).message).toMatch(/did not answer within/);
  const waiting = sendCommand(session, target, 'stop');
  network.cut();
  expect((await waiting).message).toMatch(/link to the router was lost/);
});

test('a ledger tells orphans apart', async () => {
  const network = new FakeNetwork();
  const jetson = await machine(network, 'jetson_1', ['a']);
  jetson.ledger = makeLedger('jetson_1', {
    segments: [{ name: '9.zenoh', sizeBytes: 5, owner: undefined, readers: [], orphan: true }],
  });
  const { state } = await watch(network);
  await eventually(() => expect(toSnapshot(state(), 0).shm[0]?.orphans).toBe(1));
});

test('a clock that is set back keeps no question from being asked', async () => {
  const network = new FakeNetwork();
  const jetson = await machine(network, 'jetson_1', ['a']);
  const { state } = await watch(network);
  await eventually(() => expect(state().machines.get('jetson_1')?.shm).toBeDefined());
  const now = Date.now;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() - 3_600_000);
  try {
    jetson.ledger = makeLedger('jetson_1', { usedBytes: 77 });
    await eventually(() => expect(state().machines.get('jetson_1')?.shm?.usedBytes).toBe(77));
  } finally {
    clock.mockRestore();
  }
});

test('telemetry of a machine is seen at once, by CBOR or JSON, and what is none changes nothing', async () => {
  const network = new FakeNetwork();
  const jetson = await machine(network, 'jetson_1', ['a']);
  const { state } = await watch(network);
  await eventually(() => expect(state().machines.has('jetson_1')).toBe(true));
  const header = { schemaUri: 's', sourceInstance: 'daemon', monotonicSeq: 1n, tsNs: 1n };
  const body = {
    cpu: { usage_percent: 12.4, count: 6, per_core: [12.4] },
    memory: { total_bytes: 2 ** 30, used_bytes: 2 ** 29 + 5, available_bytes: 1, usage_percent: 50 },
    temperatures: [
      { name: 'cpu-thermal', celsius: 51.2 },
      { name: 'gpu-thermal', celsius: 54.6 },
    ],
  };
  await jetson.session.put(telemetryKey('jetson_1'), encodeEnvelope(header, body));
  await eventually(() =>
    expect(state().machines.get('jetson_1')?.load).toMatchObject({
      cpuPercent: 12,
      cpuCount: 6,
      memoryUsedBytes: 2 ** 29,
      memoryTotalBytes: 2 ** 30,
      hottestCelsius: 55,
    }),
  );
  const before = state().machines.get('jetson_1')?.load;
  await jetson.session.put(telemetryKey('jetson_1'), 'no telemetry');
  await jetson.session.put(telemetryKey('jetson_1'), '{"header":{},"body":{"cpu":{"usage_percent":80}}}');
  await eventually(() => expect(state().machines.get('jetson_1')?.load).toMatchObject({ cpuPercent: 80 }));
  expect(before).toMatchObject({ cpuPercent: 12 });
});

test('what a daemon tells of a running node’s data is in the state and in the snapshot; of one that stands, nothing', async () => {
  const network = new FakeNetwork();
  const flows = { onZenoh: true, outputs: 'flowing', outputRateHz: 14.96 } as const;
  const started = await FakeMachine.start(network, {
    id: 'jetson_1',
    nodes: [makeNodeState({ name: 'a', ...flows }), makeNodeState({ name: 'b', status: 'stopped', ...flows })],
    ledger: makeLedger('jetson_1', { lockedBytes: 5 }),
  });
  sessions.push(started.session);
  const { state } = await watch(network);
  await eventually(() => expect(state().machines.get('jetson_1')?.shm).toBeDefined());
  expect(toSnapshot(state(), Date.now())).toMatchObject({
    nodes: [
      { name: 'a', onZenoh: true, outputs: 'flowing', outputRateHz: 15 },
      { name: 'b', onZenoh: null, outputs: null, outputRateHz: null },
    ],
    shm: [{ lockedBytes: 5 }],
  });
});
