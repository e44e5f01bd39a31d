/** The fleet's state after an event. Pure, and sharing: what did not change is the same object as before. */
import { type Claim, claimAfter, holds, rivalsOf } from './claims.ts';
import { compareNames } from './compare-names.ts';
import type { FleetEvent } from './events.ts';
import { createFinder } from './find-named.ts';
import { keepEqual, keepEqualList, keepSame, keepSameList } from './sharing.ts';
import type { FleetNode, FleetState, Machine, Router } from './state.ts';

export function reduce(state: FleetState, event: FleetEvent): FleetState {
  switch (event.type) {
    case 'link':
      return reduceLink(state, event);
    case 'answers':
      return reduceAnswers(state, event);
    case 'routers':
      return reduceRouters(state, event);
    case 'round':
      return state.hasLooked ? state : { ...state, hasLooked: true };
    case 'tokens':
      return reduceTokens(state, event);
    case 'heartbeats':
      return reduceHeartbeats(state, event);
    case 'listening':
      return reduceListening(state, event);
    case 'loads':
      return reduceLoads(state, event);
    case 'names':
      return sameNames(state.names, event.names) ? state : { ...state, names: event.names };
    case 'tick':
      return reduceTick(state, event);
  }
}

type EventOf<T extends FleetEvent['type']> = Extract<FleetEvent, { readonly type: T }>;

function reduceLink(state: FleetState, event: EventOf<'link'>): FleetState {
  const { link } = event;
  const zid = event.zid === '' ? state.zid : event.zid;
  if (link.state === 'connected') {
    const { staleSinceMs: _, ...rest } = state;
    return { ...rest, link, zid, hasLooked: false, latencyMs: undefined };
  }
  if (state.link.state !== 'connected') return { ...state, link, zid };
  // Nobody can be asked any more, so nobody is lost: all that is shown is old, whoever it is about. The tokens reported as
  // gone just before belong to the link, not to the machines.
  return {
    ...state,
    link,
    zid,
    staleSinceMs: link.sinceMs,
    machines: mapValues(state.machines, withoutLost),
    routers: mapValues(state.routers, withoutLost),
  };
}

function reduceAnswers(state: FleetState, event: EventOf<'answers'>): FleetState {
  const machines = new Map(state.machines);
  const answeredAtMs = new Map(state.answeredAtMs);
  const bad = new Map<string, string>();
  const problems: string[] = [];
  for (const { machine, message } of event.bad) {
    if (machine === undefined) problems.push(message);
    else bad.set(machine, message);
  }
  const update = (id: string, change: Partial<Machine>): void => {
    const before = machines.get(id) ?? { id, hostname: '', ips: [], nodes: [] };
    const { lostSinceMs: _, ...rest } = before;
    machines.set(id, keepSame(machines.get(id), { ...rest, ...change }));
    answeredAtMs.set(id, event.atMs);
  };
  let { claims } = state;
  let newClaims: Map<string, Claim> | undefined;
  for (const answer of event.nodes) {
    const before = machines.get(answer.machine);
    const claim = claimAfter(claims.get(answer.machine), answer, event.atMs);
    if (claim !== undefined && claim !== claims.get(answer.machine)) {
      newClaims ??= new Map(state.claims);
      newClaims.set(answer.machine, claim);
      claims = newClaims;
    }
    const rivals = rivalsOf(claim);
    if (!holds(claim, answer.claimant)) {
      if (before !== undefined) update(answer.machine, { rivals: keepRivals(before, rivals) });
      continue;
    }
    update(answer.machine, {
      hostname: answer.hostname,
      ips: keepEqualList(before?.ips, answer.ips),
      nodes: mergeNodes(before?.nodes, answer.nodes),
      clockSkewMs: steadySkew(before?.clockSkewMs, answer.clockSkewMs),
      rivals: keepRivals(before, rivals),
      // A readable answer ends the complaint about an earlier one.
      problem: undefined,
    });
  }
  for (const { machine, daemon, claimant } of event.manifests) {
    if (!holds(claims.get(machine), claimant)) continue;
    const before = machines.get(machine)?.daemon;
    update(machine, { daemon: keepEqual(before, steadyUpSince(before, daemon)) });
  }
  for (const { machine, shm, claimant } of event.ledgers) {
    if (!holds(claims.get(machine), claimant)) continue;
    const before = machines.get(machine)?.shm;
    update(machine, {
      shm: keepEqual(before, { ...shm, segments: keepEqualList(before?.segments, shm.segments) }),
    });
  }
  for (const [machine, problem] of bad) update(machine, { problem });
  return {
    ...state,
    machines: sameValues(state.machines, machines) ? state.machines : machines,
    claims,
    answeredAtMs,
    problems: problems.length === 0 ? state.problems : keepEqualList(state.problems, problems.slice(0, 4)),
  };
}

function keepRivals(before: Machine | undefined, rivals: readonly string[]): readonly string[] | undefined {
  return rivals.length === 0 ? undefined : keepEqualList(before?.rivals, rivals);
}

/** Answers are under way for a while that differs: a clock that seems to move by less than this has not moved. */
const SKEW_JITTER_MS = 1_000;

function steadySkew(before: number | undefined, after: number | undefined): number | undefined {
  if (before === undefined || after === undefined) return after;
  return Math.abs(after - before) < SKEW_JITTER_MS ? before : after;
}

/** Of machines whose daemon is known: telemetry alone makes no machine. */
function reduceLoads(state: FleetState, event: EventOf<'loads'>): FleetState {
  const machines = new Map(state.machines);
  const loadAtMs = new Map(state.loadAtMs);
  for (const { machine, load } of event.loads) {
    const known = machines.get(machine);
    if (known === undefined) continue;
    machines.set(machine, keepSame(known, { ...known, load: keepEqual(known.load, load) }));
    loadAtMs.set(machine, event.atMs);
  }
  return { ...state, machines: sameValues(state.machines, machines) ? state.machines : machines, loadAtMs };
}

/** Telemetry comes every 2 s; figures older than this are nobody's load. */
const LOAD_LIMIT_MS = 15_000;

function withoutOldLoads(state: FleetState, machines: FleetState['machines'], atMs: number): FleetState['machines'] {
  return mapValues(machines, (machine) => {
    if (machine.load === undefined || atMs - (state.loadAtMs.get(machine.id) ?? 0) <= LOAD_LIMIT_MS) return machine;
    return { ...machine, load: undefined };
  });
}

/** Nodes in order of their names; a run that goes on keeps the moment it began, however long the answer travelled. */
function mergeNodes(before: readonly FleetNode[] | undefined, after: readonly FleetNode[]): readonly FleetNode[] {
  // Whoever reads the answers gives back the same list for the same answer.
  if (before === after) return before;
  const known = createFinder(before ?? []);
  const merged = after.map((node, index) => {
    const old = known(node.name, index);
    if (old === undefined || old === node) return node;
    const sameRun = old.startedAtMs !== undefined && old.startedAtMs === node.startedAtMs;
    return keepEqual(old, sameRun ? { ...node, upSinceMs: old.upSinceMs } : node);
  });
  if (!isSameOrder(before, merged)) merged.sort((a, b) => compareNames(a.name, b.name));
  return keepSameList(before, merged);
}

/** Whether the names stand as before, which was in order: comparing them anew costs more than all else here. */
function isSameOrder(before: readonly FleetNode[] | undefined, after: readonly FleetNode[]): boolean {
  return before?.length === after.length && after.every((node, index) => node.name === before[index]?.name);
}

/** Uptimes come in whole seconds and answers travel: a start that seems to move by less than this has not moved. */
const UPTIME_JITTER_MS = 2_500;

function steadyUpSince<T extends { readonly upSinceMs: number }>(before: T | undefined, after: T): T {
  if (before === undefined || Math.abs(before.upSinceMs - after.upSinceMs) > UPTIME_JITTER_MS) return after;
  return { ...after, upSinceMs: before.upSinceMs };
}

function reduceRouters(state: FleetState, event: EventOf<'routers'>): FleetState {
  const routers = new Map(state.routers);
  const routerAnsweredAtMs = new Map(state.routerAnsweredAtMs);
  const silent = [...routers.values()].filter((router) => isSilent(router, state));
  for (const router of event.routers) {
    for (const old of silent) {
      if (old.zid !== router.zid && replaces(router, old)) {
        routers.delete(old.zid);
        routerAnsweredAtMs.delete(old.zid);
      }
    }
    const before = routers.get(router.zid);
    const known = new Map(before?.sessions.map((session) => [session.zid, session]));
    const sessions = router.sessions.map((session) => keepEqual(known.get(session.zid), session));
    const next = {
      ...router,
      locators: keepEqualList(before?.locators, router.locators),
      sessions: keepSameList(before?.sessions, sessions),
    };
    routers.set(router.zid, keepSame(before, next));
    routerAnsweredAtMs.set(router.zid, event.atMs);
  }
  const problems = event.bad.map((bad) => bad.message);
  return {
    ...state,
    routers: sameValues(state.routers, routers) ? state.routers : routers,
    routerAnsweredAtMs,
    latencyMs: steadyLatency(state.latencyMs, event.latencyMs),
    problems: problems.length === 0 ? state.problems : keepEqualList(state.problems, problems.slice(0, 4)),
  };
}

function isSilent(router: Router, state: FleetState): boolean {
  const answered = state.routerAnsweredAtMs.get(router.zid) ?? 0;
  const connectedSince = state.link.state === 'connected' ? state.link.sinceMs : 0;
  return router.lostSinceMs !== undefined || answered < connectedSince;
}

/**
 * A router that starts again takes a new zenoh id. It is the same to people when it has the same name, or listens at the same
 * place, and its former self has gone silent.
 */
function replaces(router: Router, silent: Router): boolean {
  if (router.name !== '') return router.name === silent.name;
  return silent.name === '' && router.locators.some((locator) => silent.locators.includes(locator));
}

/** The figure on the screen moves only when the latency really does. */
function steadyLatency(before: number | undefined, after: number | undefined): number | undefined {
  if (after === undefined || before === undefined) return after ?? before;
  return Math.abs(after - before) > Math.max(0.3, before * 0.3) ? after : before;
}

function reduceTokens(state: FleetState, event: EventOf<'tokens'>): FleetState {
  const tokens = new Map(state.tokens);
  const changed = new Map<string, Set<string>>();
  const machines = new Map(state.machines);
  for (const { machine, node, isAlive } of event.changes) {
    if (node !== undefined) {
      let nodes = changed.get(machine);
      if (nodes === undefined) {
        nodes = new Set(tokens.get(machine));
        changed.set(machine, nodes);
      }
      if (isAlive) nodes.add(node);
      else nodes.delete(node);
      continue;
    }
    const known = machines.get(machine);
    if (known === undefined || isAlive || state.link.state !== 'connected') continue;
    machines.set(machine, { ...known, lostSinceMs: known.lostSinceMs ?? event.atMs });
  }
  for (const [machine, nodes] of changed) {
    if (nodes.size === 0) tokens.delete(machine);
    else tokens.set(machine, nodes);
  }
  return { ...state, tokens, machines: sameValues(state.machines, machines) ? state.machines : machines };
}

function reduceHeartbeats(state: FleetState, event: EventOf<'heartbeats'>): FleetState {
  const heartbeats = new Map(state.heartbeats);
  const changed = new Map<string, Map<string, number>>();
  for (const { machine, node } of event.beats) {
    let times = changed.get(machine);
    if (times === undefined) {
      times = new Map(heartbeats.get(machine));
      changed.set(machine, times);
      heartbeats.set(machine, times);
    }
    times.set(node, event.atMs);
  }
  return { ...state, heartbeats };
}

/** A time or a token that nobody brings up to date any more would soon be wrong. */
function reduceListening(state: FleetState, { machines }: EventOf<'listening'>): FleetState {
  if (machines === 'all') return state;
  const only = <T>(known: ReadonlyMap<string, T>): ReadonlyMap<string, T> =>
    [...known.keys()].every((machine) => machines.has(machine))
      ? known
      : new Map([...known].filter(([machine]) => machines.has(machine)));
  const heartbeats = only(state.heartbeats);
  const tokens = only(state.tokens);
  return heartbeats === state.heartbeats && tokens === state.tokens ? state : { ...state, heartbeats, tokens };
}

function reduceTick(state: FleetState, event: EventOf<'tick'>): FleetState {
  if (state.link.state !== 'connected') return state;
  const connectedSince = state.link.sinceMs;
  const age = <T extends { readonly lostSinceMs?: number }>(
    entries: ReadonlyMap<string, T>,
    answered: ReadonlyMap<string, number>,
  ): ReadonlyMap<string, T> => {
    let next: Map<string, T> | undefined;
    for (const [id, entry] of entries) {
      const lastMs = answered.get(id) ?? 0;
      if (entry.lostSinceMs !== undefined) {
        if (event.atMs - Math.max(entry.lostSinceMs, connectedSince) > event.forgetAfterMs) {
          next ??= new Map(entries);
          next.delete(id);
        }
      } else if (event.atMs - Math.max(lastMs, connectedSince) > event.lostAfterMs) {
        next ??= new Map(entries);
        next.set(id, { ...entry, lostSinceMs: lastMs });
      }
    }
    return next ?? entries;
  };
  const machines = withoutOldLoads(state, age(state.machines, state.answeredAtMs), event.atMs);
  const routers = age(state.routers, state.routerAnsweredAtMs);
  if (machines === state.machines && routers === state.routers) return state;
  return { ...state, machines, routers };
}

function withoutLost<T extends { readonly lostSinceMs?: number }>(entry: T): T {
  if (entry.lostSinceMs === undefined) return entry;
  return { ...entry, lostSinceMs: undefined };
}

function mapValues<T>(map: ReadonlyMap<string, T>, change: (value: T) => T): ReadonlyMap<string, T> {
  const next = new Map<string, T>();
  for (const [key, value] of map) next.set(key, change(value));
  return sameValues(map, next) ? map : next;
}

function sameValues<T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value) return false;
  return true;
}

function sameNames(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return sameValues(a, b);
}
