import { expect, test } from 'vitest';
import { answerTo } from '../../source/commands/top-reader.ts';
import { createAlertEngine } from '../../source/fleet/alert-engine.ts';
import { reduce } from '../../source/fleet/reduce.ts';
import { USUAL_RULES } from '../../source/fleet/rules.ts';
import type { FleetNode, FleetState } from '../../source/fleet/state.ts';
import { createRowMaker } from '../../source/view/row-maker.ts';
import { createSpeaker, statusLine } from '../../source/view/spoken.ts';
import { PLAIN_THEME } from '../../source/view/theme.ts';
import { fleetNode, fleetState, NOW_MS } from '../support/screen-input.ts';

const makeRows = createRowMaker();
const { glyphs } = PLAIN_THEME;
const alertsOf = (state: FleetState) => createAlertEngine(USUAL_RULES)(state, NOW_MS).active;

function withNodes(...nodes: readonly FleetNode[]): FleetState {
  return fleetState({ machines: { robot_1: nodes } });
}

function line(state: FleetState, width = 200): string {
  return statusLine(state, makeRows(state), alertsOf(state), { nowMs: NOW_MS, glyphs, width });
}

const front = fleetNode({ name: 'front' });
const failed = fleetNode({ name: 'rear', status: 'failed', lastExit: 'exit 1', pid: undefined, upSinceMs: undefined });

test('one line: the fleet, the worst that is wrong, and how much more', () => {
  expect(line(withNodes(fleetNode({ name: 'rear', status: 'stopped' })))).toBe('● 1 machine, 1 node: 1 stopped');
  const text = line(withNodes(fleetNode({ name: 'a', status: 'stopped' }), failed));
  expect(text).toMatch(/^✗ 1 machine, 2 nodes: 1 failed, 1 stopped {2}▲ robot_1\/rear failed/);
  expect(text).not.toMatch(/r restart|\n/);
  expect(line(withNodes(failed), 30)).toHaveLength(30);
});

test('a status bar’s own language does not come from outside', () => {
  const text = line(withNodes({ ...failed, name: '#(reboot)#[fg=red]\x1b[31m' }));
  expect(text).not.toMatch(/#|\x1b/);
});

test('without a link it says so', () => {
  const link = { state: 'lost', sinceMs: NOW_MS, retryAtMs: NOW_MS, attempt: 1, reason: 'refused' } as const;
  expect(line(reduce(withNodes(front), { type: 'link', link, zid: '' }))).toBe(
    '✗ no router at tcp/127.0.0.1:7447 (refused)',
  );
});

test('what changed is said once, and ages are no change', () => {
  const speak = createSpeaker();
  const say = (state: FleetState, laterMs = 0) => speak(state, makeRows(state), alertsOf(state), NOW_MS + laterMs);
  const running = withNodes(fleetNode({ name: 'rear' }));
  expect(say(running)[0]).toBe('Connected to tcp/127.0.0.1:7447: 1 machine, 1 node: 1 running, 1 router.');
  expect(say(running, 1_000)).toEqual([]);
  const later = say(withNodes(failed, fleetNode({ name: 'new', status: 'stopped' })), 1_000);
  expect(later).toContain('rear on robot_1: failed, was running.');
  expect(later).toContain('New: new on robot_1: stopped.');
  expect(later.join('\n')).toMatch(/Alert: robot_1\/rear failed/);
  expect(say(withNodes(failed, fleetNode({ name: 'new', status: 'stopped' })), 60_000)).toEqual([]);
  expect(say(withNodes(failed), 60_000)).toEqual(['Gone: new on robot_1.']);
});

test('a storm is cut short', () => {
  const speak = createSpeaker();
  const nodes = (status: FleetNode['status']) =>
    withNodes(...Array.from({ length: 50 }, (_, index) => fleetNode({ name: `node_${index}`, status })));
  const say = (state: FleetState) => speak(state, makeRows(state), alertsOf(state), NOW_MS);
  say(nodes('stopped'));
  const said = say(nodes('building'));
  expect(said).toHaveLength(11);
  expect(said.at(-1)).toBe('And 40 more changes.');
});

test('words that are typed', () => {
  const state = withNodes(front, failed);
  const answer = (text: string) => answerTo(text, state, makeRows(state), alertsOf(state), NOW_MS);
  expect(answer('nodes rear')).toEqual(['rear on robot_1: failed, exit 1, health healthy, restarts 0.']);
  expect(answer('nodes moon')).toEqual(['No node with moon.']);
  expect(answer('machines')).toEqual(['robot_1: 2 nodes.']);
  expect(answer('routers')?.[0]).toMatch(/^central: version 1\.10\.2, 2 sessions/);
  expect(answer('alerts')?.[0]).toMatch(/^Alert: /);
  expect(answer('\x1b[2Jx')?.[0]).toBe('There is no word x.');
  expect(answer('help')).toHaveLength(3);
  expect(answer(' quit ')).toBeUndefined();
});
