/**
 * The rules held against the state, over time. What did not change is not looked at again: a machine is examined when its
 * record is another one, or when time alone may have broken a rule of it.
 */
import { type Alert, type Alerts, alertOf, byGravity, isBefore, NO_ALERTS, sameAlert } from './alert.ts';
import {
  type CompiledRule,
  type Condition,
  compileRules,
  type Findings,
  lostFindings,
  machineFindings,
} from './conditions.ts';
import type { RuleName, RuleSet } from './rules.ts';
import { compileSilences } from './silences.ts';
import { type FleetState, type Machine, machineFreshness, type Router, routerFreshness } from './state.ts';

export interface AlertEngineOptions {
  /** For one look: what is wrong counts at once, since nobody will look again. */
  readonly isImmediate?: boolean;
}

interface Tracked {
  readonly condition: Condition;
  readonly sinceMs: number;
  /** Stays true until it is cleared. */
  isRaised: boolean;
  /** Since when it is no longer so. */
  endedAtMs: number | undefined;
  readonly alert: Alert;
}

interface Group {
  source: Machine | Router | undefined;
  freshness: string;
  /** Its nodes' liveliness tokens. */
  tokens: ReadonlySet<string> | undefined;
  nextAtMs: number;
  needsTokens: boolean;
  /** Only the loss of the whole is told, the rest waits. */
  isLost: boolean;
  readonly tracked: Map<string, Tracked>;
}

/** Returns a function that tells the alerts of a state; called again where nothing changed, it gives the same object. */
export function createAlertEngine(
  rules: RuleSet,
  options: AlertEngineOptions = {},
): (state: FleetState, nowMs: number) => Alerts {
  return new AlertEngine(rules, options).look;
}

class AlertEngine {
  readonly #rules: readonly CompiledRule[];
  readonly #isImmediate: boolean;
  readonly #isSilenced: (alert: Alert, nowMs: number) => boolean;
  /** Those end with time. */
  readonly #hasSilences: boolean;
  readonly #machines = new Map<string, Group>();
  readonly #routers = new Map<string, Group>();
  #link: Alert | undefined;
  #answers: readonly Alert[] = [];
  #problems: readonly string[] = [];
  #last: Alerts = NO_ALERTS;
  /** Of the last look; until the time that follows the same state has the same alerts. */
  #state: FleetState | undefined;
  #dueAtMs = 0;

  constructor({ rules, silences }: RuleSet, { isImmediate = false }: AlertEngineOptions) {
    this.#rules = compileRules(rules);
    this.#isImmediate = isImmediate;
    this.#isSilenced = compileSilences(silences);
    this.#hasSilences = silences.length > 0;
  }

  readonly look = (state: FleetState, nowMs: number): Alerts => {
    if (state.link.state !== 'connected') {
      this.#state = undefined;
      return this.#keep(this.#linkAlert(state), []);
    }
    this.#link = undefined;
    if (state === this.#state && nowMs < this.#dueAtMs) return this.#last;
    this.#state = state;
    this.#dueAtMs = this.#hasSilences ? nowMs : Number.POSITIVE_INFINITY;
    const raised: Alert[] = [];
    for (const machine of state.machines.values()) {
      const freshness = machineFreshness(state, machine);
      this.#examine(
        groupOf(this.#machines, machine.id),
        machine,
        freshness,
        state.tokens.get(machine.id),
        nowMs,
        raised,
        () =>
          freshness === 'lost'
            ? lostFindings(this.#rules, { machine })
            : machineFindings(this.#rules, state, machine, nowMs),
      );
    }
    for (const router of state.routers.values()) {
      const freshness = routerFreshness(state, router);
      this.#examine(groupOf(this.#routers, router.zid), router, freshness, undefined, nowMs, raised, () =>
        freshness === 'lost' ? lostFindings(this.#rules, { router }) : NOTHING_FOUND,
      );
    }
    forget(this.#machines, state.machines);
    forget(this.#routers, state.routers);
    raised.push(...this.#answerAlerts(state, nowMs));
    const silenced = raised.filter((alert) => this.#isSilenced(alert, nowMs));
    const active = silenced.length === 0 ? raised : raised.filter((alert) => !silenced.includes(alert));
    return this.#keep(inOrder(active, this.#last.active), inOrder(silenced, this.#last.silenced));
  };

  #examine(
    group: Group,
    source: Machine | Router,
    freshness: string,
    tokens: ReadonlySet<string> | undefined,
    nowMs: number,
    raised: Alert[],
    find: () => Findings,
  ): void {
    const isSame = group.source === source && group.freshness === freshness;
    // What has not been heard since the link came back is neither better nor worse than before.
    const isDue = !isSame || nowMs >= group.nextAtMs || (group.tokens !== tokens && group.needsTokens);
    if (isDue && freshness !== 'stale') {
      const findings = find();
      group.source = source;
      group.tokens = tokens;
      group.nextAtMs = findings.nextAtMs;
      group.needsTokens = findings.needsTokens;
      group.isLost = freshness === 'lost';
      this.#track(group, findings.conditions, nowMs);
    }
    group.freshness = freshness;
    this.#dueAtMs = Math.min(this.#dueAtMs, group.nextAtMs);
    if (group.tracked.size > 0) this.#raise(group, nowMs, raised);
  }

  #track(group: Group, conditions: readonly Condition[], nowMs: number): void {
    const found = new Set<string>();
    for (const condition of conditions) {
      const key = keyOf(condition);
      found.add(key);
      const known = group.tracked.get(key);
      const sinceMs = known?.sinceMs ?? condition.sinceMs ?? nowMs;
      const alert = alertOf(condition, sinceMs);
      group.tracked.set(key, {
        condition,
        sinceMs,
        isRaised: known?.isRaised ?? false,
        endedAtMs: undefined,
        alert: known !== undefined && sameAlert(known.alert, alert) ? known.alert : alert,
      });
    }
    for (const [key, tracked] of group.tracked) {
      if (found.has(key)) continue;
      // Of one that is lost only this is known.
      if (group.isLost && !LOSSES.has(tracked.condition.rule.rule.when)) continue;
      if (tracked.isRaised && tracked.condition.rule.rule.clearAfterMs > 0) tracked.endedAtMs ??= nowMs;
      else group.tracked.delete(key);
    }
  }

  #raise(group: Group, nowMs: number, raised: Alert[]): void {
    const shown = new Map<string, Alert>();
    for (const [key, tracked] of group.tracked) {
      const { rule } = tracked.condition.rule;
      if (tracked.endedAtMs !== undefined) {
        const clearAtMs = tracked.endedAtMs + rule.clearAfterMs;
        if (nowMs >= clearAtMs) {
          group.tracked.delete(key);
          continue;
        }
        this.#dueAtMs = Math.min(this.#dueAtMs, clearAtMs);
      }
      if (group.isLost && !LOSSES.has(rule.when)) continue;
      tracked.isRaised ||= this.#isImmediate || nowMs - tracked.sinceMs >= rule.forMs;
      if (!tracked.isRaised) {
        this.#dueAtMs = Math.min(this.#dueAtMs, tracked.sinceMs + rule.forMs);
        continue;
      }
      // Of a node one alert, the first kind; of a machine one of each kind, the worst.
      const { alert } = tracked;
      const place = alert.node === undefined ? alert.key : alert.subject;
      const rival = shown.get(place);
      if (rival === undefined || isBefore(alert, rival)) shown.set(place, alert);
    }
    raised.push(...shown.values());
  }

  #linkAlert(state: FleetState): readonly Alert[] {
    // Before the first connection the whole screen says so, not an alert.
    if (state.staleSinceMs === undefined) return [];
    this.#link ??= {
      key: 'link',
      when: 'link',
      severity: 'bad',
      subject: state.endpoint,
      sinceMs: state.staleSinceMs,
    };
    return [this.#link];
  }

  #answerAlerts(state: FleetState, nowMs: number): readonly Alert[] {
    if (state.problems !== this.#problems) {
      this.#problems = state.problems;
      this.#answers = state.problems.map((message) => {
        const known = this.#answers.find((alert) => alert.message === message);
        return (
          known ?? { key: `answer ${message}`, when: 'answer', severity: 'warn', subject: '', sinceMs: nowMs, message }
        );
      });
    }
    return this.#answers;
  }

  #keep(active: readonly Alert[], silenced: readonly Alert[]): Alerts {
    if (!sameItems(this.#last.active, active) || !sameItems(this.#last.silenced, silenced)) {
      this.#last = { active, silenced };
    }
    return this.#last;
  }
}

/** By gravity. Most stand as they stood before: names are compared for those that came. */
function inOrder(alerts: readonly Alert[], before: readonly Alert[]): readonly Alert[] {
  const now = new Set(alerts);
  const stayed = before.filter((alert) => now.has(alert));
  for (const alert of stayed) now.delete(alert);
  return [...stayed, ...now].sort(byGravity);
}

function groupOf(groups: Map<string, Group>, id: string): Group {
  let group = groups.get(id);
  if (group === undefined) {
    group = {
      source: undefined,
      freshness: '',
      tokens: undefined,
      nextAtMs: 0,
      needsTokens: false,
      isLost: false,
      tracked: new Map(),
    };
    groups.set(id, group);
  }
  return group;
}

function forget(groups: Map<string, Group>, known: ReadonlyMap<string, unknown>): void {
  if (groups.size <= known.size) return;
  for (const id of groups.keys()) if (!known.has(id)) groups.delete(id);
}

const NOTHING_FOUND: Findings = { conditions: [], nextAtMs: Number.POSITIVE_INFINITY, needsTokens: false };
const LOSSES: ReadonlySet<string> = new Set<RuleName>(['machine-lost', 'router-lost']);

function keyOf({ rule, node }: Condition): string {
  return `${rule.index} ${node?.name ?? ''}`;
}

function sameItems(a: readonly Alert[], b: readonly Alert[]): boolean {
  return a.length === b.length && a.every((alert, index) => alert === b[index]);
}
