import type { Facts } from './facts.ts';

/** Groups of checks, as `bubbaloop doctor -c AREA` names them. */
export const AREAS = ['router', 'link', 'fleet', 'shm', 'daemon', 'nodes', 'key', 'system', 'terminal'] as const;
export type Area = (typeof AREAS)[number];

/** `hint`: worth knowing, and nothing is wrong. `skipped`: does not apply here, or cannot be told. */
export type Outcome = 'well' | 'hint' | 'warning' | 'problem' | 'skipped';

export interface Result {
  readonly outcome: Outcome;
  /** What the check did, a phrase: `connected to 127.0.0.1:7447`. */
  readonly tried: string;
  /** What came of it. May quote untrusted text: {@link runChecks} makes it plain. */
  readonly seen: string;
  /** What follows from that, for who uses the machine. */
  readonly means?: string;
  /** A command that mends it, or what to do where no command does. */
  readonly remedy?: string;
  /** Whether this check's `fix` mends what was found. */
  readonly isFixable?: boolean;
}

export interface Check {
  readonly id: string;
  readonly area: Area;
  readonly title: string;
  /** May throw: that is a finding too. */
  run(facts: Facts): Promise<Result> | Result;
  /** Mends what `run` called fixable; a sentence on what was done. Throws where it could not. */
  fix?(facts: Facts): Promise<string> | string;
}

export function well(tried: string, seen: string): Result {
  return { outcome: 'well', tried, seen };
}

export function skipped(tried: string, seen: string): Result {
  return { outcome: 'skipped', tried, seen };
}

/** The gravest of several: what one check found in several places. `seenWell` where there is nothing. */
export function gravest(tried: string, findings: readonly Omit<Result, 'tried'>[], seenWell: string): Result {
  const [first, ...others] = findings.toSorted((left, right) => rank(right.outcome) - rank(left.outcome));
  if (first === undefined) return well(tried, seenWell);
  const seen = [first, ...others].map((finding) => finding.seen).join(' ');
  return { ...first, tried, seen, isFixable: findings.some(({ isFixable }) => isFixable === true) };
}

function rank(outcome: Outcome): number {
  return ['skipped', 'well', 'hint', 'warning', 'problem'].indexOf(outcome);
}
