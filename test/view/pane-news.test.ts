import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { createAlertEngine } from '../../source/fleet/alert-engine.ts';
import { NOTHING_RECORDED } from '../../source/fleet/recorded-topics.ts';
import { reduce } from '../../source/fleet/reduce.ts';
import { USUAL_RULES } from '../../source/fleet/rules.ts';
import { Timeline } from '../../source/fleet/timeline.ts';
import { NO_TOPICS } from '../../source/fleet/topics.ts';
import { moveReplay, playReplay, REPLAY_KEYS } from '../../source/view/replay-keys.ts';
import { type ReplayView, replayLine } from '../../source/view/replay-line.ts';
import { createRowMaker } from '../../source/view/row-maker.ts';
import { Desk, fleetNode, fleetState, NOW_MS } from '../support/screen-input.ts';

const NASTY = 'évil\x1b[31m名前\u202e';
const state = fleetState({
  machines: {
    m: [
      fleetNode({ name: 'cam', status: 'failed', lastExit: `exit 1 ${NASTY}` }),
      fleetNode({ name: NASTY, health: 'unhealthy' }),
    ],
  },
});

function timeline(): Timeline {
  const events = new Timeline();
  events.add(NOW_MS, [{ kind: 'node', tone: 'bad', subject: 'm/cam', text: `running became failed: ${NASTY}` }]);
  events.add(NOW_MS + 1_000, [{ kind: 'session', tone: 'info', subject: 'central', text: 'client x has gone' }]);
  return events;
}

const REPLAY: ReplayView = {
  file: 'incident.rec',
  startMs: NOW_MS - 90_000,
  endMs: NOW_MS + 90_000,
  atMs: NOW_MS,
  isPaused: false,
  speed: 2,
  problem: '',
};

test.each([
  [60, 16],
  [80, 24],
  [120, 40],
  [200, 60],
])('alerts, events and the line of a replay fill %ix%i exactly', (columns, rows) => {
  for (const keys of [['8'], ['9'], ['8', 'enter'], ['9', 'enter'], ['8', '/', 'w', 'a'], ['1']]) {
    for (const replay of [undefined, REPLAY, { ...REPLAY, problem: NASTY }]) {
      const desk = new Desk(state, { columns, rows });
      desk.events = timeline().entries;
      desk.replay = replay;
      desk.press(...keys);
      const { screen } = desk.scene();
      if (screen.kind !== 'full') throw new Error('a sentence');
      for (const line of [...screen.above, screen.footer, ...screen.panes.flatMap(({ lines }) => lines)]) {
        expect(line.replaceAll(/\x1b\[[\d;]*m/g, '')).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
      }
      for (const line of [...screen.above, screen.footer]) expect(stringWidth(line), line).toBe(columns);
      if (screen.details === undefined) {
        const below = Math.max(...screen.panes.map(({ rect }) => rect.y + rect.height));
        expect(below).toBe(rows - 1);
        expect(Math.min(...screen.panes.map(({ rect }) => rect.y))).toBe(screen.above.length);
      }
    }
  }
});

test('the Alerts pane lists what the rules say, with the rule and how long', () => {
  const desk = new Desk(state, { columns: 160, rows: 40 });
  desk.press('8');
  const text = desk.text();
  expect(text).toMatch(/8 Alerts 2/);
  expect(text).toMatch(/✗ bad +0s +node-down +m +cam +m\/cam failed: exit 1/);
  desk.press('/', ...'rule:node-un', 'enter');
  expect(desk.text()).toMatch(/1 of 2/);
});

test('the Events pane is newest first and can be filtered', () => {
  const desk = new Desk(state, { columns: 120, rows: 40 });
  desk.events = timeline().entries;
  desk.press('9');
  const lines = desk.text().split('\n');
  const at = (word: string): number => lines.findIndex((line) => line.includes(word));
  expect(at('client x has gone')).toBeLessThan(at('running became failed'));
  desk.press('/', ...'kind:node', 'enter');
  expect(desk.text()).toMatch(/1 of 2/);
});

test('rows of alerts and events keep their identity; a silenced alert is listed last', () => {
  const rules = { ...USUAL_RULES, silences: [{ node: ['cam'], reason: '' }] };
  const look = createAlertEngine(rules);
  const make = createRowMaker();
  const events = timeline();
  const first = make(state, { alerts: look(state, NOW_MS), events: events.entries });
  expect(first.alerts.map(({ isSilenced, alert }) => `${isSilenced} ${alert.when}`)).toEqual([
    'false node-unhealthy',
    'true node-down',
  ]);
  expect(make(state, { alerts: look(state, NOW_MS + 1), events: events.entries })).toBe(first);
  events.add(NOW_MS, [{ kind: 'link', tone: 'good', subject: 'x', text: 'connected' }]);
  const second = make(state, { alerts: look(state, NOW_MS + 2), events: events.entries });
  expect(second.alerts).toBe(first.alerts);
  expect(second.nodes).toBe(first.nodes);
  expect(second.events.slice(1)).toEqual(first.events);
  expect(second.events[1]).toBe(first.events[0]);
});

test('the line of a lost link is drawn anew each second', () => {
  const link = { state: 'lost', sinceMs: NOW_MS, retryAtMs: NOW_MS + 9_000, attempt: 1, reason: 'refused' } as const;
  const desk = new Desk(reduce(state, { type: 'link', link, zid: '' }));
  expect(desk.text()).toContain('Trying again in 9 s.');
  desk.nowMs += 2_000;
  expect(desk.text()).toContain(
    'No link to tcp/127.0.0.1:7447 for 2s (refused): all shown is from then. Trying again in 7 s.',
  );
});

test('the line of a replay says what it is, when, where in it, and what is wrong with it', () => {
  const text = (view: ReplayView, width = 120): string =>
    replayLine(view, width)
      .map((span) => span.text)
      .join('');
  expect(text(REPLAY)).toMatch(
    /^ REPLAY {2}2026-01-02 \d\d:\d\d:00 {2}1m30s of 3m00s {2}2x .*incident\.rec +space \[ \] \{ \} 0 \$ \+ - $/,
  );
  expect(text({ ...REPLAY, isPaused: true, problem: 'parts of it are damaged' })).toMatch(
    /paused .*parts of it are damaged/,
  );
  const long = { ...REPLAY, atMs: REPLAY.startMs + 4_500_000, endMs: REPLAY.startMs + 36_000_000 };
  expect(text(long)).toContain('  1h15m of 10h00m  ');
  expect(text({ ...REPLAY, readMs: REPLAY.startMs + 100_000, problem: 'it has no end' })).toMatch(
    /2x .*read to 1m40s +space/,
  );
});

test('the keys of a replay', () => {
  const tape = { startMs: 0, endMs: 100_000 };
  const begin = { atMs: 50_000, isPaused: false, speed: 1 };
  const after = (...keys: readonly string[]) =>
    keys.reduce((position, key) => moveReplay(position, key, tape) ?? position, begin);
  expect(after(' ')).toEqual({ ...begin, isPaused: true });
  expect(after(' ', ' ')).toEqual(begin);
  expect(after('[').atMs).toBe(40_000);
  expect(after(']').atMs).toBe(60_000);
  expect(after('{').atMs).toBe(0);
  expect(after('}').atMs).toBe(100_000);
  expect(after('0').atMs).toBe(0);
  expect(after('$')).toEqual({ atMs: 100_000, isPaused: true, speed: 1 });
  expect(after('$', ' ')).toEqual({ atMs: 0, isPaused: false, speed: 1 });
  expect(after('+', '+', '-').speed).toBe(2);
  expect(after(...'-'.repeat(20)).speed).toBe(0.1);
  expect(after(...'+'.repeat(20)).speed).toBe(300);
  expect(moveReplay(begin, 'j', tape)).toBeUndefined();
  expect(new Set(REPLAY_KEYS.flatMap(({ keys }) => keys)).size).toBe(REPLAY_KEYS.flatMap(({ keys }) => keys).length);
  expect(playReplay({ ...begin, speed: 10 }, 2_000, 100_000).atMs).toBe(70_000);
  expect(playReplay({ ...begin, speed: 60 }, 2_000, 100_000)).toEqual({ atMs: 100_000, isPaused: true, speed: 60 });
});

test('in a replay keys that need a fleet are not offered and say why, and the list of keys begins with its own', () => {
  const desk = new Desk(state, { columns: 120, rows: 32 });
  const footer = (): string => desk.text().split('\n').at(-1) ?? '';
  expect(footer()).toMatch(/ l logs .* c cameras/);
  desk.replay = REPLAY;
  expect(footer()).not.toMatch(/ logs | cameras | restart/);
  for (const [key, reason] of [
    ['l', 'This is a recording: it has no logs.'],
    ['c', 'This is a recording: it has no pictures.'],
    ['r', 'This is a recording: it shows what was, and takes no commands.'],
  ] as const) {
    desk.press(key);
    expect(footer()).toContain(reason);
    expect(desk.ui.overlay).toEqual({ kind: 'none' });
  }
  desk.press('?');
  expect(desk.text()).toMatch(/ Keys [^\n]*\n│ In a recording \(--replay\)[^\n]*\n│ +Space +pause, go on/);
  desk.press('G');
  expect(desk.text().match(/In a recording/g) ?? []).toHaveLength(0);
});

test('the details of a session’s event name who it was, once that is known', () => {
  const desk = new Desk({ ...state, names: new Map([['dd44', 'm/cam']]) });
  const events = new Timeline();
  const about = { router: 'c0ffee00aabbccdd', session: 'dd44' };
  events.add(NOW_MS, [{ kind: 'session', tone: 'info', subject: 'central', text: 'client dd44 has a session', about }]);
  desk.events = events.entries;
  desk.press('9', 'enter');
  const { screen } = desk.scene();
  expect(screen.kind === 'full' && screen.details?.table.rows.map((row) => Object.values(row))).toContainEqual([
    'Session',
    'dd44 m/cam',
  ]);
});

test('while keys are asked for the Topics pane says so, not that there are none', () => {
  const desk = new Desk(state, { columns: 120, rows: 32 });
  desk.press('6');
  expect(desk.text()).toContain('Asking the routers which keys there are');
  desk.topics = { ...NO_TOPICS, phase: 'asking' };
  expect(desk.text()).toContain('Asking the routers which keys there are');
  desk.topics = { ...NO_TOPICS, phase: 'ready' };
  expect(desk.text()).toContain('The routers tell of no key');
});

test('the Topics pane of a replay says how old its keys are, and where there are none', () => {
  const desk = new Desk(state, { columns: 120, rows: 32 });
  desk.replay = REPLAY;
  desk.topics = NOTHING_RECORDED;
  desk.press('6');
  expect(desk.text()).toContain('This recording holds no keys up to here');
  const figures = { isLive: true, rateHz: 15, lastAtMs: NOW_MS - 200_000, sinceMs: NOW_MS - 260_000, isCostly: false };
  const topics = [{ keyExpr: 'bubbaloop/global/m/cam', machine: 'm', publishers: [], subscribers: [], figures }];
  const recorded = { isShown: true, shownAtMs: 0, leftOutKeys: 0 };
  desk.topics = { ...NO_TOPICS, phase: 'ready', topics, recorded };
  expect(desk.text()).toMatch(/Topics 1 · looked at then/);
  desk.topics = { ...desk.topics, recorded: { isShown: false, shownAtMs: NOW_MS - 200_000, leftOutKeys: 7 } };
  expect(desk.text()).toMatch(/Topics 1 · last looked at 3m before, no room in the recording for 7 more/);
});
