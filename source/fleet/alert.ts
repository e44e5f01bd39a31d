/** What an alert is, how one is made of a condition, and which of two comes first. */
import { compareNames } from './compare-names.ts';
import { type Condition, routerLabel } from './conditions.ts';
import { RULE_NAMES, type RuleName, type Severity } from './rules.ts';
import type { FleetNode, Machine, Router } from './state.ts';

/** Something that is wrong now. It stays the same object while all that it says does. */
export interface Alert {
  /** The same as long as it lasts. */
  readonly key: string;
  /** `link`: there is no link to the router; `answer`: one that belongs to no machine cannot be read. */
  readonly when: RuleName | 'link' | 'answer';
  readonly severity: Severity;
  /** What it is about: `jetson_1/gripper`, `jetson_1`, `central`. Untrusted text. */
  readonly subject: string;
  readonly sinceMs: number;
  readonly machine?: Machine;
  readonly node?: FleetNode;
  readonly router?: Router;
  /** What was measured, and the rule's limit, in the unit of the kind. */
  readonly value?: number;
  readonly limit?: number;
  /** The last heartbeat of a node whose heartbeats have stopped. */
  readonly silentSinceMs?: number;
  /** What cannot be read. Untrusted text. */
  readonly message?: string;
}

export interface Alerts {
  /** Worst first. */
  readonly active: readonly Alert[];
  /** True, and silenced by the rule file. */
  readonly silenced: readonly Alert[];
}

export const NO_ALERTS: Alerts = { active: [], silenced: [] };

export function alertOf(
  { rule: { rule }, machine, node, router, value, silentSinceMs }: Condition,
  sinceMs: number,
): Alert {
  const subject =
    router !== undefined
      ? routerLabel(router)
      : [machine?.id, node?.name].filter((part) => part !== undefined).join('/');
  return {
    key: `${rule.when} ${router?.zid ?? subject}`,
    when: rule.when,
    severity: rule.severity,
    subject,
    sinceMs,
    machine,
    node,
    router,
    value,
    limit: rule.limit,
    silentSinceMs,
  };
}

/** Whether both say the same. */
export function sameAlert(a: Alert, b: Alert): boolean {
  if (a.severity !== b.severity || a.node !== b.node || a.router !== b.router || a.limit !== b.limit) return false;
  if (a.silentSinceMs !== b.silentSinceMs) return false;
  // A machine's record is another one at each answer; of a node's alert it is only the name.
  return a.node !== undefined || (a.machine === b.machine && a.value === b.value);
}

/** Whether `a` is shown where there is room for one of the two. */
export function isBefore(a: Alert, b: Alert): boolean {
  return a.when === b.when ? a.severity === 'bad' && b.severity === 'warn' : orderOf(a.when) < orderOf(b.when);
}

const ORDER: ReadonlyMap<string, number> = new Map(
  ['link', ...RULE_NAMES, 'answer'].map((name, index) => [name, index]),
);

function orderOf(when: Alert['when']): number {
  return ORDER.get(when) ?? 0;
}

/** Worst first. */
export function byGravity(a: Alert, b: Alert): number {
  if (a.severity !== b.severity) return a.severity === 'bad' ? -1 : 1;
  return orderOf(a.when) - orderOf(b.when) || compareNames(a.subject, b.subject);
}
