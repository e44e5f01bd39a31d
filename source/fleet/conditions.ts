/** Which rules hold of a machine or router now, looking at nothing but the state. Time limits (`for`) come later. */
import { memoryPercent, shmTakenPercent } from './measures.ts';
import type { Matcher, Rule } from './rules.ts';
import { compilePatterns } from './rules.ts';
import { type FleetNode, type FleetState, hasToken, lastHeartbeatMs, type Machine, type Router } from './state.ts';

/** A rule that holds of something. */
export interface Condition {
  readonly rule: CompiledRule;
  readonly machine?: Machine;
  readonly node?: FleetNode;
  readonly router?: Router;
  /** Since when, where the state tells; else it is when this was first seen. */
  readonly sinceMs?: number;
  /** What was held against the rule's limit. */
  readonly value?: number;
  /** The last heartbeat of a node whose heartbeats have stopped. */
  readonly silentSinceMs?: number;
}

export interface CompiledRule {
  readonly rule: Rule;
  /** Its place among all rules. */
  readonly index: number;
  readonly machine: Matcher;
  readonly node: Matcher;
  readonly router: Matcher;
}

export function compileRules(rules: readonly Rule[]): readonly CompiledRule[] {
  return rules.map((rule, index) => ({
    rule,
    index,
    machine: compilePatterns(rule.machine),
    node: compilePatterns(rule.node),
    router: compilePatterns(rule.router),
  }));
}

/** A heartbeat comes every 5 s; after 30 s without one the fleet calls a node unhealthy. */
export const HEARTBEAT_LIMIT_MS = 30_000;

export interface Findings {
  readonly conditions: readonly Condition[];
  /** When time alone may change them. */
  readonly nextAtMs: number;
  /** Whether a liveliness token may change them. */
  readonly needsTokens: boolean;
}

/** Of a machine that answers. */
export function machineFindings(
  rules: readonly CompiledRule[],
  state: FleetState,
  machine: Machine,
  nowMs: number,
): Findings {
  const conditions: Condition[] = [];
  let nextAtMs = Number.POSITIVE_INFINITY;
  let needsTokens = false;
  for (const rule of rules) {
    if (!rule.machine(machine.id)) continue;
    const value = machineValue(rule.rule, machine);
    if (value !== undefined) conditions.push({ rule, machine, value });
  }
  for (const node of machine.nodes) {
    const silence = node.status === 'running' ? silentSince(state, machine.id, node) : undefined;
    needsTokens ||= node.outputs === 'quiet';
    for (const rule of rules) {
      if (!rule.machine(machine.id) || !rule.node(node.name)) continue;
      const limitMs = silenceLimitMs(rule.rule);
      if (limitMs !== undefined && node.status === 'running') {
        // While it is silent each look may hear it again; else not before the limit has passed.
        const isSilent = silence !== undefined && nowMs - silence > limitMs;
        nextAtMs = Math.min(nextAtMs, isSilent ? nowMs : (silence ?? nowMs) + limitMs);
        if (isSilent) {
          conditions.push({ rule, machine, node, sinceMs: silence + limitMs, silentSinceMs: silence });
          continue;
        }
      }
      const value = nodeValue(rule.rule, node, hasToken(state, machine.id, node.name));
      if (value !== undefined) conditions.push({ rule, machine, node, value });
    }
  }
  return { conditions, nextAtMs, needsTokens };
}

/**
 * Since when a node could have been heard and was not: its last heartbeat, or its start where that was later, or our link's.
 * Undefined where none was ever heard.
 */
function silentSince(state: FleetState, machine: string, { name, upSinceMs = 0 }: FleetNode): number | undefined {
  const beatMs = lastHeartbeatMs(state, machine, name);
  const linkMs = state.link.state === 'connected' ? state.link.sinceMs : 0;
  return beatMs === undefined ? undefined : Math.max(beatMs, upSinceMs, linkMs);
}

/** Of a machine or a router that has stopped answering. */
export function lostFindings(rules: readonly CompiledRule[], lost: Pick<Condition, 'machine' | 'router'>): Findings {
  const { machine, router } = lost;
  const sinceMs = machine?.lostSinceMs ?? router?.lostSinceMs;
  const when = machine === undefined ? 'router-lost' : 'machine-lost';
  const conditions = rules
    .filter(({ rule }) => rule.when === when)
    .filter((rule) => (machine === undefined ? rule.router(routerLabel(router)) : rule.machine(machine.id)))
    .map((rule) => ({ rule, ...lost, sinceMs }));
  return { conditions, nextAtMs: Number.POSITIVE_INFINITY, needsTokens: false };
}

/** A name people know for a router: its own, else the beginning of its zenoh id. */
export function routerLabel(router: Pick<Router, 'zid' | 'name'> | undefined): string {
  if (router === undefined) return '';
  return router.name === '' ? router.zid.slice(0, 8) : router.name;
}

function silenceLimitMs(rule: Rule): number | undefined {
  if (rule.when === 'node-unhealthy') return HEARTBEAT_LIMIT_MS;
  return rule.when === 'age' ? rule.limit : undefined;
}

/** What breaks the rule, undefined where nothing does. */
function nodeValue(rule: Rule, node: FleetNode, hasToken: boolean): number | undefined {
  const isRunning = node.status === 'running';
  switch (rule.when) {
    case 'node-down':
      return node.status === 'failed' ? 1 : undefined;
    case 'node-unhealthy':
      return isRunning && node.health === 'unhealthy' ? 1 : undefined;
    case 'no-data':
      return isRunning && node.outputs === 'quiet' && (hasToken || node.onZenoh === true) ? 0 : undefined;
    case 'rate': {
      // One that nobody listens to need not send.
      if (!isRunning || (node.outputs !== 'flowing' && node.outputs !== 'quiet')) return undefined;
      const rateHz = node.outputRateHz ?? (node.outputs === 'quiet' ? 0 : undefined);
      return rateHz !== undefined && rateHz < rule.limit ? rateHz : undefined;
    }
    default:
      return undefined;
  }
}

function machineValue(rule: Rule, machine: Machine): number | undefined {
  switch (rule.when) {
    case 'id-conflict':
      return machine.rivals === undefined ? undefined : machine.rivals.length;
    case 'unreadable':
      return machine.problem === undefined ? undefined : 1;
    default: {
      const value = measured(rule, machine);
      return value !== undefined && (rule.when === 'shm' ? value >= rule.limit : value > rule.limit)
        ? value
        : undefined;
    }
  }
}

function measured({ when }: Rule, { shm, load, clockSkewMs }: Machine): number | undefined {
  switch (when) {
    case 'shm':
      return shmTakenPercent(shm);
    case 'orphan-segments':
      return shm?.segments.reduce((count, segment) => count + (segment.isOrphan ? 1 : 0), 0);
    case 'temperature':
      return load?.hottestCelsius;
    case 'disk':
      return load?.diskPercent;
    case 'cpu':
      return load?.cpuPercent;
    case 'memory':
      return memoryPercent(load);
    case 'clock-skew':
      return clockSkewMs === undefined ? undefined : Math.abs(clockSkewMs);
    default:
      return undefined;
  }
}
