import { expect, test } from 'vitest';
import type { FleetEvent } from '../../source/fleet/events.ts';
import { reduce } from '../../source/fleet/reduce.ts';
import {
  type FleetNode,
  type FleetState,
  initialState,
  lastHeartbeatMs,
  machineFreshness,
  type Router,
  routerFreshness,
} from '../../source/fleet/state.ts';

const NODE: FleetNode = {
  name: 'front_door',
  status: 'running',
  health: 'healthy',
  version: '1.0.0',
  type: 'rust',
  description: '',
  path: '/opt/front_door',
  configPath: '',
  baseNode: '',
  isInstalled: true,
  isBuilt: true,
  startsAtBoot: true,
  pid: 7,
  startedAtMs: 5_000,
  upSinceMs: 900,
  restartCount: 0,
  lastExit: '',
  lastLogLines: [],
};

const ROUTER: Router = {
  zid: 'aa',
  name: 'central',
  version: '1.10.2',
  locators: ['tcp/1.2.3.4:7447'],
  sessions: [{ zid: 'bb', whatAmI: 'client', shm: true, links: [{ src: 'a', dst: 'b' }] }],
};

function connected(sinceMs: number): FleetEvent {
  return { type: 'link', link: { state: 'connected', sinceMs, zid: 'me' }, zid: 'me' };
}

function lost(sinceMs: number): FleetEvent {
  return {
    type: 'link',
    link: { state: 'lost', sinceMs, retryAtMs: sinceMs + 1, attempt: 1, reason: 'gone' },
    zid: 'me',
  };
}

function nodes(atMs: number, machine: string, list: readonly FleetNode[]): FleetEvent {
  return {
    type: 'answers',
    atMs,
    nodes: [{ machine, hostname: machine, ips: [], nodes: list }],
    manifests: [],
    ledgers: [],
    bad: [],
  };
}

function routers(atMs: number, list: readonly Router[]): FleetEvent {
  return { type: 'routers', atMs, routers: list, bad: [] };
}

function tick(atMs: number): FleetEvent {
  return { type: 'tick', atMs, lostAfterMs: 5_000, forgetAfterMs: 60_000 };
}

function play(events: readonly FleetEvent[], from = initialState('tcp/x:1', 0)): FleetState {
  return events.reduce(reduce, from);
}

test('an answer that says the same as before changes no object but the time', () => {
  const before = play([connected(1_000), nodes(1_100, 'm', [NODE]), routers(1_100, [ROUTER])]);
  const after = play(
    [nodes(2_100, 'm', [{ ...NODE, upSinceMs: 905 }]), routers(2_100, [structuredClone(ROUTER)])],
    before,
  );
  expect(after.machines).toBe(before.machines);
  expect(after.routers).toBe(before.routers);
  expect(after.answeredAtMs.get('m')).toBe(2_100);
});

test('one node that changes leaves its neighbours as they are', () => {
  const other = { ...NODE, name: 'terrace' };
  const before = play([connected(0), nodes(1, 'm', [other, NODE]), nodes(1, 'n', [NODE])]);
  const after = play(
    [nodes(2, 'm', [other, { ...NODE, status: 'failed', startedAtMs: undefined, upSinceMs: undefined }])],
    before,
  );
  expect(after.machines.get('m')?.nodes.map((node) => node.name)).toEqual(['front_door', 'terrace']);
  expect(after.machines.get('m')?.nodes[0]?.status).toBe('failed');
  expect(after.machines.get('m')?.nodes[1]).toBe(before.machines.get('m')?.nodes[1]);
  expect(after.machines.get('n')).toBe(before.machines.get('n'));
});

test('a new run of a process has a new beginning', () => {
  const before = play([connected(0), nodes(1, 'm', [NODE])]);
  const after = play([nodes(9_000, 'm', [{ ...NODE, startedAtMs: 8_000, upSinceMs: 8_900 }])], before);
  expect(after.machines.get('m')?.nodes[0]?.upSinceMs).toBe(8_900);
});

test('a machine that stops answering is lost with the time of its last answer, kept, and forgotten much later', () => {
  const known = play([connected(1_000), nodes(2_000, 'm', [NODE])]);
  expect(play([tick(6_999)], known)).toBe(known);
  const gone = play([tick(7_001)], known);
  const machine = gone.machines.get('m');
  expect(machine?.lostSinceMs).toBe(2_000);
  expect(machine?.nodes).toHaveLength(1);
  expect(machine && machineFreshness(gone, machine)).toBe('lost');
  expect(play([nodes(8_000, 'm', [NODE])], gone).machines.get('m')?.lostSinceMs).toBeUndefined();
  expect(play([tick(61_000)], gone).machines.size).toBe(1);
  expect(play([tick(63_000)], gone).machines.size).toBe(0);
});

test('the token of a daemon that goes makes its machine lost at once', () => {
  const known = play([connected(1_000), nodes(2_000, 'm', [NODE])]);
  const gone = play([{ type: 'tokens', atMs: 2_500, changes: [{ machine: 'm', isAlive: false }] }], known);
  expect(gone.machines.get('m')?.lostSinceMs).toBe(2_500);
});

test('tokens that go with the link make nobody lost', () => {
  const events: FleetEvent[] = [
    connected(1_000),
    nodes(2_000, 'm', [NODE]),
    { type: 'tokens', atMs: 2_100, changes: [{ machine: 'm', node: 'front_door', isAlive: true }] },
    { type: 'tokens', atMs: 3_000, changes: [{ machine: 'm', isAlive: false }] },
    lost(3_000),
    { type: 'tokens', atMs: 3_050, changes: [{ machine: 'm', node: 'front_door', isAlive: false }] },
  ];
  const state = play(events);
  const machine = state.machines.get('m');
  expect(machine?.lostSinceMs).toBeUndefined();
  expect(machine && machineFreshness(state, machine)).toBe('stale');
  expect(state.staleSinceMs).toBe(3_000);
  expect(play([tick(60_000)], state)).toBe(state);
});

test('when the link is back what is shown stays stale until it has been heard again', () => {
  const state = play([
    connected(1_000),
    nodes(2_000, 'm', [NODE]),
    routers(2_000, [ROUTER]),
    lost(3_000),
    connected(9_000),
  ]);
  const machine = state.machines.get('m');
  const router = state.routers.get('aa');
  expect(state.staleSinceMs).toBeUndefined();
  expect(state.hasLooked).toBe(false);
  expect(machine && machineFreshness(state, machine)).toBe('stale');
  expect(router && routerFreshness(state, router)).toBe('stale');
  // Time that passed without a link does not count against anybody.
  expect(play([tick(13_000)], state)).toBe(state);
  expect(play([tick(14_500)], state).machines.get('m')?.lostSinceMs).toBe(2_000);
});

test('a router that comes back under another id takes the place of its former self', () => {
  const again = { ...ROUTER, zid: 'ff' };
  const state = play([connected(0), routers(100, [ROUTER]), lost(200), connected(300), routers(400, [again])]);
  expect([...state.routers.keys()]).toEqual(['ff']);
});

test('two routers of one name that both answer are both shown', () => {
  const twin = { ...ROUTER, zid: 'ff' };
  const state = play([connected(0), routers(100, [ROUTER, twin]), routers(200, [twin, ROUTER])]);
  expect([...state.routers.keys()].sort()).toEqual(['aa', 'ff']);
});

test('an unreadable answer is shown on its machine until a readable one comes, and its nodes stay', () => {
  const known = play([connected(0), nodes(1, 'm', [NODE])]);
  const bad: FleetEvent = {
    type: 'answers',
    atMs: 2,
    nodes: [],
    manifests: [],
    ledgers: [],
    bad: [{ machine: 'm', message: 'no CBOR' }, { message: 'somebody said no' }],
  };
  const state = play([bad], known);
  expect(state.machines.get('m')).toMatchObject({ problem: 'no CBOR', nodes: [{ name: 'front_door' }] });
  expect(state.problems).toEqual(['somebody said no']);
  expect(play([nodes(3, 'm', [NODE])], state).machines.get('m')?.problem).toBeUndefined();
});

test('a latency that hardly moves is not another latency', () => {
  const first = play([connected(0), { type: 'routers', atMs: 1, routers: [], bad: [], latencyMs: 0.4 }]);
  expect(play([{ type: 'routers', atMs: 2, routers: [], bad: [], latencyMs: 0.6 }], first).latencyMs).toBe(0.4);
  expect(play([{ type: 'routers', atMs: 2, routers: [], bad: [], latencyMs: 9 }], first).latencyMs).toBe(9);
});

test('heartbeats are remembered by node', () => {
  const state = play([{ type: 'heartbeats', atMs: 77, beats: [{ machine: 'm', node: 'front_door' }] }]);
  expect(lastHeartbeatMs(state, 'm', 'front_door')).toBe(77);
});

test('telemetry belongs to a machine that answers, keeps what looks the same, and is forgotten when none comes', () => {
  const load = (atMs: number, machine: string, cpuPercent: number): FleetEvent => ({
    type: 'loads',
    atMs,
    loads: [{ machine, load: { cpuPercent, memoryTotalBytes: 8 } }],
  });
  const first = play([connected(0), load(1, 'm', 5), nodes(2, 'm', [NODE]), load(3, 'm', 7), load(3, 'stranger', 9)]);
  expect([...first.machines.keys()]).toEqual(['m']);
  expect(first.machines.get('m')?.load).toEqual({ cpuPercent: 7, memoryTotalBytes: 8 });
  const same = play([load(5_000, 'm', 7), nodes(5_000, 'm', [NODE])], first);
  expect(same.machines).toBe(first.machines);
  const tick = (atMs: number): FleetEvent => ({ type: 'tick', atMs, lostAfterMs: 60_000, forgetAfterMs: 1e9 });
  expect(play([tick(19_000)], same).machines).toBe(first.machines);
  expect(play([tick(21_000)], same).machines.get('m')?.load).toBeUndefined();
});
