/** What counts as wrong: the kinds of rules that there are, and those that hold without any rule file. */

export type Severity = 'bad' | 'warn';

/** How a rule's limit is written, and what a number without a unit means. */
export type LimitUnit = 'hertz' | 'milliseconds' | 'percent' | 'celsius' | 'count';

export interface RuleKind {
  readonly subject: 'node' | 'machine' | 'router';
  /** Absent: it takes no limit. Durations are milliseconds. */
  readonly limit?: { readonly side: 'above' | 'below'; readonly unit: LimitUnit };
  /** One line, for the docs. */
  readonly help: string;
}

/** In the order in which alerts of one severity are listed. */
export const RULE_KINDS = {
  'id-conflict': { subject: 'machine', help: 'two computers answer for one machine id' },
  'machine-lost': { subject: 'machine', help: 'a daemon has stopped answering' },
  'node-down': { subject: 'node', help: 'a node has failed' },
  'node-unhealthy': { subject: 'node', help: 'a node runs, and its heartbeats have stopped' },
  'no-data': { subject: 'node', help: 'a node runs and sends nothing, though somebody listens' },
  rate: {
    subject: 'node',
    limit: { side: 'below', unit: 'hertz' },
    help: 'messages per second of its busiest output, while somebody listens',
  },
  age: {
    subject: 'node',
    limit: { side: 'above', unit: 'milliseconds' },
    help: 'time since the last heartbeat of a node that runs',
  },
  shm: { subject: 'machine', limit: { side: 'above', unit: 'percent' }, help: 'shared memory in use' },
  temperature: { subject: 'machine', limit: { side: 'above', unit: 'celsius' }, help: 'the hottest sensor' },
  disk: { subject: 'machine', limit: { side: 'above', unit: 'percent' }, help: 'disk in use' },
  memory: { subject: 'machine', limit: { side: 'above', unit: 'percent' }, help: 'memory in use' },
  cpu: { subject: 'machine', limit: { side: 'above', unit: 'percent' }, help: 'processors in use' },
  'clock-skew': {
    subject: 'machine',
    limit: { side: 'above', unit: 'milliseconds' },
    help: 'its clock against the one here',
  },
  'orphan-segments': {
    subject: 'machine',
    limit: { side: 'above', unit: 'count' },
    help: 'pieces of shared memory that crashed processes left',
  },
  unreadable: { subject: 'machine', help: 'an answer of a daemon that cannot be read' },
  'router-lost': { subject: 'router', help: 'a router has stopped answering' },
} as const satisfies Readonly<Record<string, RuleKind>>;

export type RuleName = keyof typeof RULE_KINDS;

export const RULE_NAMES = Object.keys(RULE_KINDS) as readonly RuleName[];

export function ruleKind(name: RuleName): RuleKind {
  return RULE_KINDS[name];
}

/** Names with `*` and `?`; a subject matches where one does. Absent: all. */
export interface SubjectPatterns {
  readonly machine?: readonly string[];
  readonly node?: readonly string[];
  readonly router?: readonly string[];
}

export interface Rule extends SubjectPatterns {
  readonly when: RuleName;
  readonly severity: Severity;
  /** In the kind's unit; 0 where it has none. */
  readonly limit: number;
  /** It must have been so for this long. */
  readonly forMs: number;
  /** Once raised, it must have been otherwise for this long: what goes up and down around its limit is one alert. */
  readonly clearAfterMs: number;
}

export interface Silence extends SubjectPatterns {
  readonly when?: readonly RuleName[];
  /** Unix milliseconds; absent: for good. */
  readonly untilMs?: number;
  readonly reason: string;
}

export interface RuleSet {
  readonly rules: readonly Rule[];
  readonly silences: readonly Silence[];
}

/** What is measured wavers; what is said (`failed`) does not. */
export function usualClearAfterMs(when: RuleName): number {
  const { limit } = ruleKind(when);
  return limit === undefined || limit.unit === 'count' ? 0 : 10_000;
}

function usual(when: RuleName, severity: Severity, limit = 0, forMs = 0): Rule {
  return { when, severity, limit, forMs, clearAfterMs: usualClearAfterMs(when) };
}

/** Commands are refused from 30 s on; much earlier times of one machine cannot be compared with another's. */
const USUAL_SKEW_MS = 5_000;

export const USUAL_RULES: RuleSet = {
  rules: [
    usual('id-conflict', 'bad'),
    usual('machine-lost', 'bad'),
    usual('node-down', 'bad'),
    usual('node-unhealthy', 'bad'),
    usual('no-data', 'bad'),
    usual('shm', 'bad', 95),
    usual('temperature', 'warn', 90, 10_000),
    usual('disk', 'warn', 95),
    usual('memory', 'warn', 95, 60_000),
    usual('clock-skew', 'warn', USUAL_SKEW_MS, 10_000),
    // A node that ends leaves its segments for the moment until they are tidied away.
    usual('orphan-segments', 'warn', 0, 10_000),
    usual('unreadable', 'warn'),
    usual('router-lost', 'warn'),
  ],
  silences: [],
};

export type Matcher = (name: string) => boolean;

const EVERYTHING: Matcher = () => true;

/** Whole names; `*` is any text, `?` one character. */
export function compilePatterns(patterns: readonly string[] | undefined): Matcher {
  if (patterns === undefined) return EVERYTHING;
  const whole = patterns.map((pattern) => globToRegExp(pattern));
  return (name) => whole.some((expression) => expression.test(name));
}

function globToRegExp(pattern: string): RegExp {
  const text = [...pattern.replace(/\*+/g, '*')]
    .map((character) =>
      character === '*' ? '.*' : character === '?' ? '.' : character.replace(/[\\^$.|+()[\]{}]/, '\\$&'),
    )
    .join('');
  return new RegExp(`^${text}$`, 'su');
}
