import { expect, test } from 'vitest';
import { createAlertEngine } from '../../source/fleet/alert-engine.ts';
import type { NodesAnswer } from '../../source/fleet/events.ts';
import { reduce } from '../../source/fleet/reduce.ts';
import { type RuleSet, USUAL_RULES } from '../../source/fleet/rules.ts';
import { parseRules } from '../../source/fleet/rules-parse.ts';
import type { FleetNode, FleetState } from '../../source/fleet/state.ts';
import { fleetNode, fleetState, NOW_MS, ROUTER, SHM } from '../support/screen-input.ts';
import { seededRandom } from '../support/seeded-random.ts';

function rulesOf(text: string): RuleSet {
  const parsed = parseRules(text);
  if (!parsed.ok) throw new Error(parsed.mistakes.map(({ message }) => message).join('\n'));
  return parsed.rules;
}

function mistakesOf(text: string): readonly string[] {
  const parsed = parseRules(text);
  return parsed.ok ? [] : parsed.mistakes.map(({ line, column, message }) => `${line}:${column} ${message}`);
}

test('an empty file leaves the usual rules; a rule takes the place of the usual ones of its kind', () => {
  expect(rulesOf('{}')).toEqual(USUAL_RULES);
  const { rules, silences } = rulesOf(`{
    // one place for what is wrong
    rules: [
      { when: 'shm', above: '80%', severity: 'warn', for: '1m', clearAfter: '30s' },
      { when: 'rate', below: '5 Hz', node: ['cam_*', 'front?door'], machine: 'jetson_*' },
      { when: 'orphan-segments', severity: 'off' },
    ],
    silence: [{ machine: 'lab_*', until: '2026-12-24', reason: 'moving' }],
  }`);
  expect(rules.filter(({ when }) => when === 'shm')).toEqual([
    { when: 'shm', severity: 'warn', limit: 80, forMs: 60_000, clearAfterMs: 30_000 },
  ]);
  expect(rules.find(({ when }) => when === 'rate')).toMatchObject({ limit: 5, node: ['cam_*', 'front?door'] });
  expect(rules.some(({ when }) => when === 'orphan-segments')).toBe(false);
  expect(rules.some(({ when }) => when === 'machine-lost')).toBe(true);
  expect(silences).toEqual([
    { machine: ['lab_*'], when: undefined, untilMs: Date.parse('2026-12-24'), reason: 'moving' },
  ]);
  expect(rulesOf('{ usual: false }').rules).toEqual([]);
});

test.each([
  ['', '1:1 the text ends here; expected “{”'],
  [
    '{\n  rules: [\n    { when: "rate" below: 5 },\n  ],\n}',
    '3:20 a word without quotes is not possible here; expected “,” or “}”',
  ],
  ['{ rules: [,] }', '1:11 a comma is not possible here; expected a value or “]”'],
  ['{ rules }', '1:9 “}” is not possible here; expected “:”'],
  ['{ rules: }', '1:10 “}” is not possible here; expected a value'],
  ['{} 5', '1:4 a number is not possible here; expected nothing more'],
  ['[]', '1:1 the rule file is a list; expected “{ … }” with usual, rules, silence'],
  ['{ ruls: [] }', '1:3 the rule file has no "ruls" (did you mean "rules"?); expected usual, rules, silence'],
  ['{ rules: {} }', '1:10 rules are an object; expected a list “[ … ]”'],
  ['{ rules: [5] }', /^1:11 a rule is 5; expected “\{ … \}” with when, severity/],
  ['{ rules: [{}] }', /^1:11 this rule has no "when"; expected one of id-conflict, /],
  [
    "{ rules: [{ when: 'node-dwon' }] }",
    /^1:19 "when" is "node-dwon" \(did you mean "node-down"\?\); expected one of /,
  ],
  ["{ rules: [{ when: 'rate' }] }", `1:11 rate needs "below"; expected messages per second, 5 or '5 Hz'`],
  ["{ rules: [{ when: 'rate', above: 5, below: 5 }] }", '1:34 rate has no "above"; expected "below"'],
  ["{ rules: [{ when: 'shm', above: '120%' }] }", `1:33 this is "120%"; expected a share, 90 or '90%'`],
  ["{ rules: [{ when: 'age', above: 10 }] }", `1:33 this is 10; expected a time such as '10s', '500ms', '2m', '1h'`],
  ["{ rules: [{ when: 'shm', node: 'x' }] }", '1:32 shm is about a machine; expected machine, not "node"'],
  [
    "{ rules: [{ when: 'node-down', severity: 'high' }] }",
    /^1:42 "severity" is "high"; expected one of bad, warn, off/,
  ],
  ["{ rules: [{ when: 'node-down', when: 'rate' }] }", '1:32 "when" stands here a second time; expected it once'],
  ['{ silence: [{ reason: "all" }] }', /^1:13 this silences everything; expected at least one of machine/],
  ['{ silence: [{ node: "a", until: "soon" }] }', /^1:33 this is "soon"; expected a day or a moment such as/],
])('%j: where it is wrong, and what was expected', (text, wanted) => {
  const [first] = mistakesOf(text);
  if (typeof wanted === 'string') expect(first).toBe(wanted);
  else expect(first).toMatch(wanted);
});

test('all mistakes of a file are told, and bytes of any kind never throw', () => {
  expect(mistakesOf("{ rules: [{ when: 'x' }, { when: 'rate' }], silence: 1 }")).toHaveLength(3);
  const random = seededRandom(8);
  const good = "{ rules: [{ when: 'rate', below: '5 Hz', node: ['a*'] }], silence: [{ when: 'cpu' }] }";
  for (let round = 0; round < 2_000; round += 1) {
    const at = random.below(good.length);
    const piece = good.slice(random.below(good.length)).slice(0, random.below(9));
    const parsed = parseRules(good.slice(0, at) + piece + good.slice(at + random.below(4)));
    if (!parsed.ok) for (const { message } of parsed.mistakes) expect(message).toMatch(/expected|is not|ends|nests/);
  }
  expect(parseRules('['.repeat(100_000)).ok).toBe(false);
});

const one = (change: Partial<FleetNode>): FleetState =>
  fleetState({ machines: { m: [fleetNode({ name: 'cam', ...change })] } });

/** The same fleet a moment later. */
function next(
  state: FleetState,
  atMs: number,
  change: Partial<FleetNode>,
  answer: Partial<NodesAnswer> = {},
): FleetState {
  const nodes = [fleetNode({ name: 'cam', ...change })];
  return reduce(state, {
    type: 'answers',
    atMs,
    nodes: [{ machine: 'm', hostname: 'm', ips: [], nodes, ...answer }],
    manifests: [],
    ledgers: [],
    bad: [],
  });
}

test('`for` waits, `clearAfter` holds: what goes up and down around its limit is one alert', () => {
  const rules = rulesOf("{ rules: [{ when: 'rate', below: 10, for: '5s', clearAfter: '10s' }] }");
  const look = createAlertEngine(rules);
  let state = one({ outputs: 'flowing', outputRateHz: 5 });
  const at = (afterMs: number, rateHz: number): number => {
    state = next(state, NOW_MS + afterMs, { outputs: 'flowing', outputRateHz: rateHz });
    return look(state, NOW_MS + afterMs).active.length;
  };
  expect(at(0, 5)).toBe(0);
  expect(at(4_000, 6)).toBe(0);
  expect(at(5_000, 5)).toBe(1);
  expect(at(6_000, 15)).toBe(1);
  expect(at(9_000, 5)).toBe(1);
  expect(at(10_000, 15)).toBe(1);
  expect(at(19_000, 15)).toBe(1);
  expect(at(21_000, 15)).toBe(0);
  // A dip that is over before its time is none.
  expect(at(22_000, 5)).toBe(0);
  expect(at(24_000, 15)).toBe(0);
  expect(at(28_000, 5)).toBe(0);
});

test('heartbeats that stop are noticed by time alone, and forgiven at the next', () => {
  const look = createAlertEngine(rulesOf("{ rules: [{ when: 'age', above: '12s', severity: 'warn' }] }"));
  const beat = (state: FleetState, atMs: number): FleetState =>
    reduce(state, { type: 'heartbeats', atMs, beats: [{ machine: 'm', node: 'cam' }] });
  let state = beat(one({}), NOW_MS);
  const kinds = (afterMs: number) => look(state, NOW_MS + afterMs).active.map(({ when }) => when);
  expect(kinds(11_000)).toEqual([]);
  expect(kinds(13_000)).toEqual(['age']);
  // Of one node one alert, the first kind.
  expect(kinds(31_000)).toEqual(['node-unhealthy']);
  state = beat(state, NOW_MS + 32_000);
  // `age` is a measurement, it holds a while; `node-unhealthy` is over.
  expect(kinds(32_000)).toEqual(['age']);
  expect(kinds(43_000)).toEqual([]);
});

test('silence before a node’s own start, or while there was no link, is not held against it', () => {
  const beat = (state: FleetState, atMs: number): FleetState =>
    reduce(state, { type: 'heartbeats', atMs, beats: [{ machine: 'm', node: 'cam' }] });
  const kindsOf = (look: ReturnType<typeof createAlertEngine>, state: FleetState, afterMs: number) =>
    look(state, NOW_MS + afterMs).active.map(({ when }) => when);
  const look = createAlertEngine(USUAL_RULES);
  let state = beat(one({}), NOW_MS);
  state = next(state, NOW_MS + 40_000, { status: 'failed', pid: undefined });
  expect(kindsOf(look, state, 40_000)).toEqual(['node-down']);
  state = next(state, NOW_MS + 50_000, { pid: 7, startedAtMs: 2, upSinceMs: NOW_MS + 49_000 });
  expect(kindsOf(look, state, 50_000)).toEqual([]);
  expect(kindsOf(look, state, 78_000)).toEqual([]);
  // One that hangs from its start on is noticed all the same.
  expect(kindsOf(look, state, 80_000)).toEqual(['node-unhealthy']);

  const again = createAlertEngine(USUAL_RULES);
  let linked = beat(one({}), NOW_MS);
  const sinceMs = NOW_MS + 60_000;
  linked = reduce(linked, {
    type: 'link',
    link: { state: 'lost', sinceMs: NOW_MS + 10_000, retryAtMs: sinceMs, attempt: 1, reason: 'gone' },
    zid: '',
  });
  expect(kindsOf(again, linked, 50_000)).toEqual(['link']);
  linked = reduce(linked, { type: 'link', link: { state: 'connected', sinceMs, zid: 'aa11' }, zid: 'aa11' });
  linked = next(linked, sinceMs + 500, {});
  expect(kindsOf(again, linked, 61_000)).toEqual([]);
  expect(kindsOf(again, linked, 91_000)).toEqual(['node-unhealthy']);
});

test('the same object where nothing changed; the state of a lost link is one alert', () => {
  const look = createAlertEngine(USUAL_RULES);
  const state = one({ status: 'failed' });
  const first = look(state, NOW_MS);
  expect(first.active).toHaveLength(1);
  expect(look(state, NOW_MS + 1_000)).toBe(first);
  const later = look(next(state, NOW_MS + 2_000, { status: 'failed' }), NOW_MS + 2_000);
  expect(later).toBe(first);
  const lost = reduce(state, {
    type: 'link',
    link: { state: 'lost', sinceMs: NOW_MS, retryAtMs: NOW_MS, attempt: 1, reason: 'gone' },
    zid: '',
  });
  expect(look(lost, NOW_MS).active.map(({ when }) => when)).toEqual(['link']);
});

test('a machine that is lost is one alert; what was wrong on it is wrong again when it is back', () => {
  const look = createAlertEngine(USUAL_RULES);
  let state = one({ status: 'failed' });
  const since = look(state, NOW_MS).active[0]?.sinceMs;
  state = reduce(state, { type: 'tick', atMs: NOW_MS + 10_000, lostAfterMs: 5_000, forgetAfterMs: 60_000 });
  expect(look(state, NOW_MS + 10_000).active.map(({ when }) => when)).toEqual(['machine-lost', 'router-lost']);
  state = next(state, NOW_MS + 11_000, { status: 'failed' });
  const back = look(state, NOW_MS + 11_000).active.filter(({ when }) => when === 'node-down');
  expect(back.map(({ sinceMs }) => sinceMs)).toEqual([since]);
});

test('what is measured of machines, and their clocks', () => {
  const load = { cpuPercent: 99, hottestCelsius: 95, diskPercent: 99, memoryUsedBytes: 99, memoryTotalBytes: 100 };
  let state = fleetState({
    machines: { m: [fleetNode({ name: 'cam' })] },
    shm: { ...SHM, freeBytes: 1, segments: [{ name: 'a', sizeBytes: 1, readers: [], isOrphan: true }] },
  });
  state = reduce(state, { type: 'loads', atMs: NOW_MS, loads: [{ machine: 'm', load }] });
  state = next(state, NOW_MS, {}, { clockSkewMs: -60_000 });
  const rules = rulesOf("{ rules: [{ when: 'cpu', above: '90%' }] }");
  const { active } = createAlertEngine(rules, { isImmediate: true })(state, NOW_MS);
  expect(active.map(({ when, severity }) => `${severity} ${when}`)).toEqual([
    'bad shm',
    'warn temperature',
    'warn disk',
    'warn memory',
    'warn cpu',
    'warn clock-skew',
    'warn orphan-segments',
  ]);
});

test('a silence takes what it names, until it ends', () => {
  const rules = rulesOf(`{ silence: [
    { node: 'cam', machine: 'm', until: '2026-01-02T13:00:00Z' }, { when: 'router-lost', router: 'cen*' },
  ] }`);
  const look = createAlertEngine(rules, { isImmediate: true });
  let state = one({ status: 'failed' });
  state = { ...state, routers: new Map([[ROUTER.zid, { ...ROUTER, lostSinceMs: NOW_MS }]]) };
  const { active, silenced } = look(state, NOW_MS);
  expect(active).toEqual([]);
  expect(silenced.map(({ when }) => when)).toEqual(['node-down', 'router-lost']);
  expect(look(state, NOW_MS + 3_600_000).active.map(({ when }) => when)).toEqual(['node-down']);
});
