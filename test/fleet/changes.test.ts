import { expect, test } from 'vitest';
import { changesBetween } from '../../source/fleet/changes.ts';
import { FleetMemory } from '../../source/fleet/fleet-memory.ts';
import { reduce } from '../../source/fleet/reduce.ts';
import { USUAL_RULES } from '../../source/fleet/rules.ts';
import type { FleetNode, FleetState } from '../../source/fleet/state.ts';
import { Timeline } from '../../source/fleet/timeline.ts';
import { alertText } from '../../source/view/alerts.ts';
import { fleetNode, fleetState, NOW_MS, ROUTER } from '../support/screen-input.ts';

function told(before: FleetState, after: FleetState, isInventory = false): readonly string[] {
  return changesBetween(before, after, isInventory).map(
    ({ kind, tone, subject, text }) => `${kind} ${tone} ${subject}: ${text}`,
  );
}

const NODES = [fleetNode({ name: 'a' }), fleetNode({ name: 'cam', version: '1.0.0' })];
const begin = fleetState({ machines: { m: NODES, other: [] } });

function answered(nodes: readonly FleetNode[], machine = 'm'): FleetState {
  return reduce(begin, {
    type: 'answers',
    atMs: NOW_MS + 1_000,
    nodes: [{ machine, hostname: machine, ips: [], nodes }],
    manifests: [],
    ledgers: [],
    bad: [],
  });
}

test.each([
  [{ status: 'failed', pid: undefined, lastExit: 'exit 1' }, ['node bad m/cam: running became failed: exit 1']],
  [
    { pid: 77, restartCount: 1, lastExit: 'exit 2' },
    ['node warn m/cam: started again after exit 2, pid 4242 became 77'],
  ],
  [{ version: '1.1.0' }, ['node info m/cam: version 1.0.0 became 1.1.0']],
  [{ health: 'unhealthy' }, ['node bad m/cam: unhealthy: no heartbeat']],
  [{ startsAtBoot: false }, ['node info m/cam: disabled']],
  // A rate that wavers is no news.
  [{ outputRateHz: 12, outputs: 'flowing' }, []],
] as const)('a node that is now %j', (change, words) => {
  const cam = fleetNode({ name: 'cam', version: '1.0.0', ...change });
  expect(told(begin, answered([fleetNode({ name: 'a' }), cam]))).toEqual(words);
});

test('nodes and machines that come and go', () => {
  expect(told(begin, answered([fleetNode({ name: 'a' }), fleetNode({ name: 'new' })]))).toEqual([
    'node info m/new: added, running',
    'node info m/cam: removed',
  ]);
  expect(told(begin, answered(NODES, 'third'))).toEqual(['machine info third: appeared with 2 nodes']);
  expect(told(begin, answered(NODES, 'third'), true)).toEqual([]);
  const lost = reduce(begin, { type: 'tick', atMs: NOW_MS + 9_000, lostAfterMs: 5_000, forgetAfterMs: 60_000 });
  expect(told(begin, lost)).toEqual([
    'router warn central: has stopped answering',
    'machine bad m: has stopped answering',
    'machine bad other: has stopped answering',
  ]);
  expect(told(lost, { ...lost, machines: new Map() })).toContain(
    'machine warn m: forgotten: it has not answered for long',
  );
});

test('routers, their sessions, and the link', () => {
  const [first] = ROUTER.sessions;
  const routers = [{ ...ROUTER, version: '1.10.3', sessions: first === undefined ? [] : [first] }];
  const after = reduce(begin, { type: 'routers', atMs: NOW_MS, routers, bad: [] });
  expect(told(begin, after)).toEqual([
    'router info central: version 1.10.2 became 1.10.3',
    'session warn central: router bb22 has gone',
  ]);
  const link = { state: 'lost', sinceMs: NOW_MS, retryAtMs: NOW_MS, attempt: 1, reason: 'refused' } as const;
  expect(told(begin, reduce(begin, { type: 'link', link, zid: '' }))).toEqual([
    'link bad tcp/127.0.0.1:7447: link lost: refused',
  ]);
});

test('what nothing changed in is not looked into', () => {
  const machines = new Map(begin.machines);
  const poisoned = new Proxy([] as readonly FleetNode[], {
    get: () => {
      throw new Error('looked into');
    },
  });
  const other = begin.machines.get('other');
  if (other !== undefined) machines.set('other', { ...other, nodes: poisoned });
  const before = { ...begin, machines };
  const m = answered([fleetNode({ name: 'a' })]).machines.get('m');
  if (m === undefined) throw new Error('no machine');
  expect(told(before, { ...before, machines: new Map(machines).set('m', m) })).toEqual(['node info m/cam: removed']);
});

test('the timeline keeps the newest, newest first, and one list until something is added', () => {
  const timeline = new Timeline(3);
  const change = (text: string) => ({ kind: 'node', tone: 'info', subject: 's', text }) as const;
  timeline.add(1, [change('a'), change('b')]);
  const list = timeline.entries;
  timeline.add(2, []);
  expect(timeline.entries).toBe(list);
  timeline.add(3, [change('c'), change('d')]);
  expect(timeline.entries.map(({ text, number }) => `${number} ${text}`)).toEqual(['3 d', '2 c', '1 b']);
  timeline.add(4, ['1', '2', '3', '4', '5'].map(change));
  expect(timeline.entries.map(({ text, number }) => `${number} ${text}`)).toEqual(['8 5', '7 4', '6 3']);
});

test('alerts that come and go are events too', () => {
  const memory = new FleetMemory({ rules: USUAL_RULES, state: begin, words: alertText });
  memory.look(NOW_MS);
  const failed = answered([fleetNode({ name: 'a' }), fleetNode({ name: 'cam', status: 'failed', lastExit: 'exit 1' })]);
  memory.turnTo(failed, NOW_MS + 1_000);
  memory.look(NOW_MS + 1_000);
  memory.turnTo(begin, NOW_MS + 2_000);
  memory.look(NOW_MS + 2_000);
  expect(memory.events.filter(({ kind }) => kind === 'alert').map(({ subject, text }) => `${subject} ${text}`)).toEqual(
    ['m/cam over: node-down', 'm/cam node-down: failed: exit 1'],
  );
});
