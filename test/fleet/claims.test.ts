import { expect, test } from 'vitest';
import { createAlertEngine } from '../../source/fleet/alert-engine.ts';
import { reduce } from '../../source/fleet/reduce.ts';
import { USUAL_RULES } from '../../source/fleet/rules.ts';
import type { FleetState } from '../../source/fleet/state.ts';
import { fleetNode, fleetState, NOW_MS } from '../support/screen-input.ts';

/** An answer of `claimant`, whose one node has its name. */
function answer(state: FleetState, claimant: string, atMs: number): FleetState {
  const nodes = [fleetNode({ name: `of_${claimant}` })];
  return reduce(state, {
    type: 'answers',
    atMs,
    nodes: [{ machine: 'm', hostname: `host_${claimant}`, ips: ['10.0.0.1'], nodes, claimant }],
    manifests: [],
    ledgers: [],
    bad: [],
  });
}

const start = fleetState({ machines: {} });
const shown = (state: FleetState): string | undefined => state.machines.get('m')?.nodes[0]?.name;

test('two that answer in turns are told, and one of them is shown, steadily', () => {
  let state = start;
  const seen: (string | undefined)[] = [];
  for (let round = 0; round < 20; round += 1) {
    for (const claimant of ['aa', 'bb']) state = answer(state, claimant, NOW_MS + round * 1_000);
    seen.push(shown(state));
  }
  expect(new Set(seen).size).toBe(1);
  expect(state.machines.get('m')?.rivals).toEqual(['host_aa 10.0.0.1 (session aa)', 'host_bb 10.0.0.1 (session bb)']);
  const { active } = createAlertEngine(USUAL_RULES)(state, NOW_MS);
  expect(active.map(({ when, severity }) => `${severity} ${when}`)).toEqual(['bad id-conflict']);
  // The same record while nothing changes: nothing flickers.
  const before = state.machines.get('m');
  state = answer(answer(state, 'aa', NOW_MS + 20_000), 'bb', NOW_MS + 20_000);
  expect(state.machines.get('m')).toBe(before);
});

test('a daemon that starts again, even three times, is no rival of itself', () => {
  let state = start;
  for (const [index, claimant] of ['aa', 'aa', 'bb', 'bb', 'cc', 'dd', 'dd'].entries()) {
    state = answer(state, claimant, NOW_MS + index * 1_000);
    expect(shown(state)).toBe(`of_${claimant}`);
    expect(state.machines.get('m')?.rivals).toBeUndefined();
  }
});

test('an answer that was long under way makes no rival', () => {
  let state = start;
  for (const claimant of ['aa', 'bb', 'aa', 'bb', 'bb']) state = answer(state, claimant, NOW_MS);
  expect(shown(state)).toBe('of_bb');
  expect(state.machines.get('m')?.rivals).toBeUndefined();
});

test('when one of them goes the other is shown, and after a minute it has the id for itself', () => {
  let state = start;
  let atMs = NOW_MS;
  for (let round = 0; round < 5; round += 1) {
    atMs += 1_000;
    for (const claimant of ['aa', 'bb']) state = answer(state, claimant, atMs);
  }
  const gone = shown(state) === 'of_aa' ? 'aa' : 'bb';
  const left = gone === 'aa' ? 'bb' : 'aa';
  for (let round = 0; round < 15; round += 1) {
    atMs += 1_000;
    state = answer(state, left, atMs);
  }
  expect(shown(state)).toBe(`of_${left}`);
  for (let round = 0; round < 60; round += 1) {
    atMs += 1_000;
    state = answer(state, left, atMs);
  }
  expect(state.machines.get('m')?.rivals).toBeUndefined();
});
