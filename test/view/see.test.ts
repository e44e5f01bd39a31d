import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { reduce } from '../../source/fleet/reduce.ts';
import type { FleetState, Router, RouterSession } from '../../source/fleet/state.ts';
import { NO_TOPICS, type Topic, type TopicsView, unmeasuredReason } from '../../source/fleet/topics.ts';
import { createTheme } from '../../source/view/theme.ts';
import { Desk, fleetNode, fleetState, NOW_MS, ROUTER } from '../support/screen-input.ts';

const session = (zid: string, whatAmI: RouterSession['whatAmI'], port = 40_000): RouterSession => ({
  zid,
  whatAmI,
  shm: whatAmI !== 'router',
  links: [{ src: 'tcp/127.0.0.1:7447', dst: `tcp/127.0.0.1:${port}` }],
});

const router = (zid: string, name: string, sessions: readonly RouterSession[], version = '1.10.2'): Router => ({
  ...ROUTER,
  zid,
  name,
  version,
  sessions,
});

function named(state: FleetState, names: Readonly<Record<string, string>>): FleetState {
  return reduce(state, { type: 'names', names: new Map(Object.entries(names)) });
}

const fleet = named(
  fleetState({
    machines: {
      jetson_1: [fleetNode({ name: 'front_door' }), fleetNode({ name: 'weather', status: 'failed' })],
      jetson_2: [fleetNode({ name: 'gripper' })],
      stray: [],
    },
    routers: [
      router('c0', 'central', [session('a1', 'router'), session('b2', 'router'), session('dd', 'client', 5)]),
      router('a1', 'jetson_1', [session('c0', 'router'), session('d1', 'client', 1), session('n1', 'client', 2)]),
      router('b2', 'jetson_2', [session('c0', 'router'), session('d2', 'client', 3)], '1.9.0'),
    ],
  }),
  { d1: 'jetson_1 daemon', n1: 'jetson_1/front_door', d2: 'jetson_2 daemon jetson_2/gripper' },
);

const topic = (keyExpr: string, change: Partial<Topic> = {}): Topic => ({
  keyExpr,
  machine: keyExpr.split('/')[2] ?? '',
  publishers: ['n1'],
  subscribers: [],
  unmeasured: unmeasuredReason(keyExpr),
  ...change,
});

const view = (topics: readonly Topic[], change: Partial<TopicsView> = {}): TopicsView => ({
  ...NO_TOPICS,
  phase: 'ready',
  topics,
  budgetBytesPerSecond: 500_000,
  ...change,
});

const LIVE = { isLive: true, sinceMs: NOW_MS - 20_000, isCostly: false };

const topics = view(
  [
    topic('bubbaloop/global/jetson_1/front_door/state', {
      figures: { ...LIVE, rateHz: 15, bytesPerSecond: 1_500, messageBytes: 100, lastAtMs: NOW_MS - 1_000 },
      subscribers: ['d2', 'dd'],
    }),
    topic('bubbaloop/global/jetson_1/front_door/compressed', {
      figures: { ...LIVE, isLive: false, isCostly: true, rateHz: 30, bytesPerSecond: 4_000_000, messageBytes: 130_000 },
    }),
    topic('bubbaloop/global/jetson_1/front_door/silent', { figures: { ...LIVE, rateHz: 0 } }),
    topic('bubbaloop/local/jetson_1/front_door/raw'),
    topic('bubbaloop/global/jetson_1/front_door/thumbnail'),
    topic('some/other/key', { publishers: [], subscribers: ['dd'], machine: '' }),
  ],
  { spentBytesPerSecond: 1_500, heldBackCount: 1, leftOutPages: 3, isCut: true },
);

function tree(state: FleetState): string {
  const desk = new Desk(state, { columns: 120, rows: 32 });
  desk.press('t');
  return desk.text();
}

test('the tree has routers by their links, on each its machines with their nodes, then who else is there', () => {
  const lines = tree(fleet)
    .split('\n')
    .filter((line) => /^│/.test(line))
    .map((line) => line.slice(1, 40).trimEnd());
  expect(lines.slice(1, 13)).toEqual([
    '▸ router central',
    '  ├ router jetson_1',
    '  │ └ machine jetson_1',
    '  │   ├ front_door',
    '  │   └ weather',
    '  ├ router jetson_2',
    '  │ └ machine jetson_2',
    '  │   └ gripper',
    '  └ client dd',
    '  machine stray',
    '',
    '',
  ]);
});

test('links, losses and odd versions are marked in the tree', () => {
  const text = tree(fleet);
  expect(text).toMatch(/router jetson_2 +● 2 sessions +● linked +1\.9\.0 ≠/);
  expect(text).toMatch(/router jetson_1 +● 3 sessions +● linked +1\.10\.2 +│/);
  expect(text).toMatch(/machine jetson_1 +✗ 1 of 2 failed +tcp\/127\.0\.0\.1:1 shm/);
  expect(text).toMatch(/machine stray .*▲ link unknown/);
  expect(text).toMatch(/front_door +● running +tcp\/127\.0\.0\.1:2 shm/);
  const lost = reduce(
    reduce(fleet, {
      type: 'routers',
      atMs: NOW_MS + 20_000,
      routers: [...fleet.routers.values()].filter((one) => one.name !== 'jetson_2'),
      bad: [],
    }),
    { type: 'tick', atMs: NOW_MS + 20_000, lostAfterMs: 5_000, forgetAfterMs: 900_000 },
  );
  const desk = new Desk(lost, { columns: 120, rows: 32 });
  desk.nowMs = NOW_MS + 20_000;
  desk.press('t');
  expect(desk.text()).toMatch(/router jetson_2 +✗ lost 20s +✗ no link up/);
  expect(desk.text()).toMatch(/machine jetson_2 +✗ lost 20s/);
});

test('of two versions neither is odd; of three the one that differs is', () => {
  const desk = new Desk(fleet, { columns: 120, rows: 32 });
  expect(desk.text()).toContain('1.9.0 ≠');
  const two = new Desk(fleetState({ machines: {}, routers: [router('a', 'a', []), router('b', 'b', [], '1.9.0')] }));
  expect(two.text()).not.toContain('≠');
});

test('a node of the tree can be acted on, and its details are those of its pane', () => {
  const desk = new Desk(fleet, { columns: 120, rows: 32 });
  desk.press('t', 'j', 'j', 'j');
  expect(desk.keys().node?.name).toBe('front_door');
  desk.press('enter');
  expect(desk.ui.overlay).toMatchObject({ kind: 'details', pane: 'nodes', key: 'jetson_1/front_door' });
  desk.press('escape');
  expect(desk.ui.pane).toBe('tree');
});

test('a large fleet lists one by one only what something is wrong with', () => {
  const state = fleetState({
    machines: Object.fromEntries(
      Array.from({ length: 50 }, (_, machine) => [
        `m${machine}`,
        Array.from({ length: 20 }, (_, index) =>
          fleetNode({ name: `n${index}`, status: machine === 3 && index === 7 ? 'failed' : 'running' }),
        ),
      ]),
    ),
  });
  const desk = new Desk(state, { columns: 120, rows: 60 });
  desk.press('t');
  expect(desk.content('tree').totalCount).toBeLessThan(120);
  expect(desk.text()).toMatch(/n7 +✗ failed/);
  expect(desk.text()).toContain('19 more nodes');
});

test('where routers are not asked the title names them, and without rows a sentence says why', () => {
  const desk = new Desk(fleet, { columns: 120, rows: 32 });
  desk.topics = view(topics.topics, { unaskedRouters: ['central', 'other'] });
  desk.press('6');
  expect(desk.text()).toContain('not asked: central and 1 more, since a stock zenoh can stop on it');
  desk.topics = view([]);
  expect(desk.text()).toContain('The routers tell of no key');
  // The rows are the same.
  desk.topics = { ...desk.topics, unaskedRouters: ['central'] };
  expect(desk.text().replace(/[\s│]+/g, ' ')).toContain(
    'No key is known. Not asked who publishes and subscribes: 1 router (central), since a stock zenoh can stop',
  );
});

test('topics say what flows, what was left out, and why some are not looked at', () => {
  const desk = new Desk(fleet, { columns: 120, rows: 32 });
  desk.topics = topics;
  desk.press('6');
  const text = desk.text();
  expect(text).toContain('1.5 kB/s of 500 kB/s, 1 held back, 3 pages of keys left out, there are more keys');
  expect(text).toMatch(/jetson_1 +front_door\/state +15\.0 Hz +1\.5 kB\/s +100B +1s +1 +2/);
  expect(text).toMatch(/front_door\/compressed +~30\.0 Hz +▲4 MB\/s/);
  expect(text).toMatch(/front_door\/silent +0 Hz/);
  expect(text).toMatch(/local front_door\/raw +local/);
  expect(text).toMatch(/front_door\/thumbnail +on demand/);
  expect(text).toMatch(/- +some\/other\/key .* 0 +1/);
  expect(desk.scene().visible.get('topics')).toEqual(topics.topics.map((one) => one.keyExpr));
});

test('from a node over its topics to one of them, its reader, and back step by step', () => {
  const desk = new Desk(fleet, { columns: 120, rows: 32 });
  desk.topics = topics;
  desk.press('enter');
  expect(desk.text()).toContain(' 1 machine jetson_1  2 log  3 topics  4 session  5 router jetson_1');
  desk.press('3');
  expect(desk.ui).toMatchObject({ pane: 'topics', overlay: { kind: 'none' } });
  expect(desk.text()).toContain('/machine=jetson_1 key:front_door');
  expect(desk.scene().visible.get('topics')).not.toContain('some/other/key');
  desk.press('enter');
  expect(desk.scene().visible.get('topics')).toEqual(['bubbaloop/global/jetson_1/front_door/state']);
  expect(desk.text()).toMatch(/1 node front_door {2}2 log .*reader d2/);
  desk.press('1');
  expect(desk.ui.overlay).toMatchObject({ kind: 'details', pane: 'nodes', key: 'jetson_1/front_door' });
  desk.press('escape');
  expect(desk.ui.overlay).toMatchObject({ kind: 'details', pane: 'topics' });
  desk.press('escape');
  expect(desk.ui).toMatchObject({ pane: 'topics', overlay: { kind: 'none' } });
  expect(desk.text()).toContain(' Esc back');
  desk.press('escape');
  expect(desk.ui.overlay).toMatchObject({ kind: 'details', pane: 'nodes', key: 'jetson_1/front_door' });
  expect(desk.ui.views.topics.filter).toBe('');
  desk.press('escape');
  expect(desk.ui).toMatchObject({ pane: 'nodes', overlay: { kind: 'none' }, trail: [] });
});

test('the log is a link, too, and Esc in it leads back to the details', () => {
  const desk = new Desk(fleet, { columns: 120, rows: 32 });
  desk.press('enter');
  expect(desk.press('2')).toEqual([{ kind: 'logs', targets: [{ machine: 'jetson_1', node: 'front_door' }] }]);
  expect(desk.ui.overlay.kind).toBe('logs');
  desk.press('escape');
  expect(desk.ui.overlay.kind).toBe('details');
  desk.press('q');
  expect(desk.ui).toMatchObject({ overlay: { kind: 'none' }, trail: [] });
});

test('whoever goes another way has nothing to go back to', () => {
  const desk = new Desk(fleet, { columns: 120, rows: 32 });
  desk.press('enter', '3', '5');
  expect(desk.ui).toMatchObject({ pane: 'machines', trail: [] });
  desk.press('escape');
  expect(desk.ui.pane).toBe('machines');
});

test('every digit of every kind of details leads somewhere, and Esc out of it', () => {
  for (const pane of ['1', '2', '3', '4', '5', '6', '7']) {
    for (const digit of ['1', '2', '3', '4', '5', '6', '7', '8', '9']) {
      const desk = new Desk(fleet, { columns: 80, rows: 24 });
      desk.topics = topics;
      desk.press(pane, 'enter');
      for (let step = 0; step < 5; step += 1) desk.press(digit, 'enter');
      for (let step = 0; step < 12; step += 1) desk.press('escape');
      expect(desk.ui).toMatchObject({ overlay: { kind: 'none' }, trail: [] });
    }
  }
});

test('a walk of any length keeps no more than the last steps', () => {
  const desk = new Desk(fleet, { columns: 80, rows: 24 });
  desk.press('3', 'enter');
  for (let step = 0; step < 50; step += 1) desk.press('4');
  expect(desk.ui).toMatchObject({ overlay: { kind: 'details', pane: 'routers' } });
  expect(desk.ui.trail).toHaveLength(32);
});

test('topics and the tree fill the screen at every size, whatever names say', () => {
  const NASTY = 'évil\x1b[31m名前\u202e\x1b]0;title\x07 long name that goes on and on and on';
  const nasty = named(
    fleetState({
      machines: { [NASTY]: [fleetNode({ name: NASTY, version: NASTY })] },
      routers: [router('c0', NASTY, [session('d1', 'client')], NASTY), router('zz', NASTY, [session('c0', 'router')])],
    }),
    { d1: `${NASTY} daemon` },
  );
  const bad = view([topic(`bubbaloop/global/${NASTY}/x`, { publishers: [NASTY] }), topic(NASTY)], {
    unaskedRouters: [NASTY],
  });
  for (const state of [fleet, nasty, fleetState({ machines: {}, routers: [] })]) {
    for (const [columns, rows] of [
      [60, 16],
      [80, 24],
      [120, 40],
      [200, 60],
    ] as const) {
      for (const keys of [['t'], ['t', 'enter'], ['6'], ['6', 'enter'], ['3', 'enter'], ['enter']]) {
        for (const theme of [createTheme('none'), createTheme('256')]) {
          const desk = new Desk(state, { columns, rows });
          desk.theme = theme;
          desk.topics = state === nasty ? bad : topics;
          desk.press(...keys);
          const { screen } = desk.scene();
          if (screen.kind !== 'full') throw new Error('a sentence');
          for (const line of [...screen.above, screen.footer]) expect(stringWidth(line)).toBe(columns);
          for (const { rect, lines } of screen.panes) {
            expect(lines).toHaveLength(rect.height);
            for (const line of lines) {
              expect(stringWidth(line), line).toBe(rect.width);
              expect(line.replaceAll(/\x1b\[[\d;]*m/g, '')).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202a-\u202e]/);
            }
            expect(rect.y + rect.height).toBeLessThanOrEqual(rows - 1);
          }
        }
      }
    }
  }
});

test('a tree has one order only', () => {
  const desk = new Desk(fleet, { columns: 120, rows: 32 });
  desk.press('t', '>', '<', '>', 'o');
  expect(desk.ui.views.tree.sort).toBeUndefined();
});
