/** Steps from one state of the fleet to the next, as records, and back. Pure; costs what has changed. */
import * as v from 'valibot';
import type { Encodable } from '../wire/cbor.ts';
import { decodeCbor } from '../wire/cbor-decode.ts';
import { encodeCbor } from '../wire/cbor-encode.ts';
import { type Decoded, decoded, undecodable } from '../wire/decoded.ts';
import { compareNames } from './compare-names.ts';
import { type RecordedTopics, topicChanges } from './recorded-topics.ts';
import { FRAME, type RecordingFrame, readMachine, readNode, readRouter } from './recording-schema.ts';
import { redactAll } from './redact.ts';
import { type FleetNode, type FleetState, initialState, type Machine, nodeKey } from './state.ts';

export type { RecordingFrame };

/** Machines in one record: larger ones would meet the limits of the decoder. */
const MACHINES_A_FRAME = 50;

/** What leads from `before` to `after`; without `before`, all. None where nothing changed. */
export function framesBetween(before: FleetState | undefined, after: FleetState, atMs: number): readonly Uint8Array[] {
  const old = before ?? initialState(after.endpoint, atMs);
  const { frame, machines } = differences(old, after, atMs);
  if (before === undefined) frame.endpoint = after.endpoint;
  const frames: Record<string, unknown>[] = [];
  if (Object.keys(frame).length > 1) frames.push(frame);
  for (let index = 0; index < machines.length; index += MACHINES_A_FRAME) {
    const group = machines.slice(index, index + MACHINES_A_FRAME);
    const last = frames.at(-1);
    if (index === 0 && last !== undefined) last.machines = group;
    else frames.push({ atMs, machines: group });
  }
  return frames.map((one) => encodeCbor(redactAll(one) as Encodable));
}

/** What leads from what was known of keys to what is. */
export function topicFrames(before: RecordedTopics, after: RecordedTopics, atMs: number): readonly Uint8Array[] {
  return topicChanges(before, after).map((topics) => encodeCbor(redactAll({ atMs, topics }) as Encodable));
}

interface Differences {
  readonly frame: Record<string, unknown>;
  readonly machines: readonly unknown[];
}

function differences(old: FleetState, now: FleetState, atMs: number): Differences {
  const frame: Record<string, unknown> = { atMs };
  const set = (field: keyof RecordingFrame, value: unknown): void => {
    frame[field] = value ?? null;
  };
  for (const field of ['link', 'zid', 'hasLooked', 'staleSinceMs', 'latencyMs', 'problems'] as const) {
    if (old[field] !== now[field]) set(field, now[field]);
  }
  const list = (field: keyof RecordingFrame, items: readonly unknown[]): void => {
    if (items.length > 0) frame[field] = items;
  };
  list(
    'names',
    mapDifferences(old.names, now.names, (_before, name) => name),
  );
  list(
    'routers',
    mapDifferences(old.routers, now.routers, (before, router) => fieldDifferences(before ?? {}, router)),
  );
  const since = now.link.state === 'connected' ? now.link.sinceMs : Number.POSITIVE_INFINITY;
  const heard = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): readonly string[] =>
    [...after].filter(([id, time]) => time >= since && !((before.get(id) ?? 0) >= since)).map(([id]) => id);
  list('heard', heard(old.answeredAtMs, now.answeredAtMs));
  list('heardRouters', heard(old.routerAnsweredAtMs, now.routerAnsweredAtMs));
  list('alive', newTokens(old.tokens, now.tokens));
  list('gone', newTokens(now.tokens, old.tokens));
  list('beats', newBeats(old, now, atMs));
  list(
    'deaf',
    old.heartbeats === now.heartbeats ? [] : [...old.heartbeats.keys()].filter((id) => !now.heartbeats.has(id)),
  );
  return { frame, machines: mapDifferences(old.machines, now.machines, machineDifferences) };
}

type Tokens = FleetState['tokens'];

/** Those of `after` that `before` does not hold. */
function newTokens(before: Tokens, after: Tokens): readonly string[] {
  if (before === after) return [];
  return [...after].flatMap(([machine, nodes]) => {
    const known = before.get(machine);
    if (known === nodes) return [];
    return [...nodes].filter((node) => known?.has(node) !== true).map((node) => nodeKey(machine, node));
  });
}

function newBeats(old: FleetState, now: FleetState, atMs: number): readonly unknown[] {
  if (old.heartbeats === now.heartbeats) return [];
  return [...now.heartbeats].flatMap(([machine, beats]) => {
    const known = old.heartbeats.get(machine);
    if (known === beats) return [];
    return [...beats]
      .filter(([node, beatMs]) => known?.get(node) !== beatMs)
      .map(([node, beatMs]) => [nodeKey(machine, node), atMs - beatMs]);
  });
}

function mapDifferences<T>(
  old: ReadonlyMap<string, T>,
  now: ReadonlyMap<string, T>,
  tell: (before: T | undefined, after: T) => unknown,
): readonly unknown[] {
  if (old === now) return [];
  const list: unknown[] = [];
  for (const [key, after] of now) {
    const before = old.get(key);
    if (before !== after) list.push([key, tell(before, after)]);
  }
  for (const key of old.keys()) if (!now.has(key)) list.push([key, null]);
  return list;
}

function machineDifferences(before: Machine | undefined, { nodes, ...after }: Machine): unknown {
  const { nodes: oldNodes = [], ...old } = before ?? {};
  const fields = fieldDifferences(old, after);
  if (nodes === oldNodes) return { fields };
  const byName = new Map(oldNodes.map((node) => [node.name, node]));
  const changed: unknown[] = [];
  for (const node of nodes) {
    const known = byName.get(node.name);
    byName.delete(node.name);
    if (known !== node) changed.push([node.name, fieldDifferences(known ?? {}, node)]);
  }
  for (const name of byName.keys()) changed.push([name, null]);
  return { fields, nodes: changed };
}

function fieldDifferences(old: object, now: object): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(old), ...Object.keys(now)])) {
    const value: unknown = Reflect.get(now, key);
    if (Reflect.get(old, key) !== value) fields[key] = value ?? null;
  }
  return fields;
}

/** Never throws on bytes from outside. */
export function decodeFrame(bytes: Uint8Array): Decoded<RecordingFrame> {
  const item = decodeCbor(bytes);
  if (!item.ok) return item;
  const parsed = v.safeParse(FRAME, item.value);
  return parsed.success ? decoded(parsed.output) : undecodable(parsed.issues[0].message);
}

/** The state after a step. One that does not fit the state is refused. */
export function applyFrame(state: FleetState | undefined, frame: RecordingFrame): Decoded<FleetState> {
  try {
    const before = frame.endpoint === undefined ? state : initialState(frame.endpoint, frame.atMs);
    return before === undefined ? undecodable('it does not begin at a beginning') : decoded(applied(before, frame));
  } catch (error) {
    if (error instanceof v.ValiError) return undecodable(error.message);
    throw error;
  }
}

function applied(state: FleetState, frame: RecordingFrame): FleetState {
  const { atMs } = frame;
  const next = { ...state };
  if (frame.link !== undefined) next.link = frame.link;
  if (frame.zid !== undefined) next.zid = frame.zid;
  if (frame.hasLooked !== undefined) next.hasLooked = frame.hasLooked;
  if (frame.staleSinceMs !== undefined) next.staleSinceMs = frame.staleSinceMs ?? undefined;
  if (frame.latencyMs !== undefined) next.latencyMs = frame.latencyMs ?? undefined;
  if (frame.problems !== undefined) next.problems = frame.problems;
  if (frame.names !== undefined) next.names = mapAfter(state.names, frame.names, (_old, name) => name);
  if (frame.routers !== undefined) {
    next.routers = mapAfter(state.routers, frame.routers, (old, fields) => readRouter(fieldsAfter(old ?? {}, fields)));
  }
  if (frame.machines !== undefined) next.machines = mapAfter(state.machines, frame.machines, machineAfter);
  if (frame.heard !== undefined) next.answeredAtMs = timesAfter(state.answeredAtMs, frame.heard, atMs);
  if (frame.heardRouters !== undefined) {
    next.routerAnsweredAtMs = timesAfter(state.routerAnsweredAtMs, frame.heardRouters, atMs);
  }
  if (frame.alive !== undefined || frame.gone !== undefined) {
    next.tokens = tokensAfter(state.tokens, frame.alive ?? [], frame.gone ?? []);
  }
  if (frame.beats !== undefined || frame.deaf !== undefined) {
    next.heartbeats = beatsAfter(state.heartbeats, frame.beats ?? [], frame.deaf ?? [], atMs);
  }
  return next;
}

function tokensAfter(tokens: Tokens, alive: readonly string[], gone: readonly string[]): Tokens {
  const next = new Map(tokens);
  const own = new Map<string, Set<string>>();
  const nodesOf = (machine: string): Set<string> => {
    const nodes = own.get(machine) ?? new Set(tokens.get(machine));
    own.set(machine, nodes);
    return nodes;
  };
  for (const [machine, node] of alive.map(partsOf)) nodesOf(machine).add(node);
  for (const [machine, node] of gone.map(partsOf)) nodesOf(machine).delete(node);
  for (const [machine, nodes] of own) {
    if (nodes.size === 0) next.delete(machine);
    else next.set(machine, nodes);
  }
  return next;
}

function beatsAfter(
  heartbeats: FleetState['heartbeats'],
  beats: NonNullable<RecordingFrame['beats']>,
  deaf: readonly string[],
  atMs: number,
): FleetState['heartbeats'] {
  const next = new Map(heartbeats);
  const own = new Map<string, Map<string, number>>();
  for (const machine of deaf) next.delete(machine);
  for (const [key, agoMs] of beats) {
    const [machine, node] = partsOf(key);
    const times = own.get(machine) ?? new Map(next.get(machine));
    times.set(node, atMs - agoMs);
    own.set(machine, times);
  }
  for (const [machine, times] of own) next.set(machine, times);
  return next;
}

/** A machine's id holds no slash. */
function partsOf(key: string): readonly [machine: string, node: string] {
  const slash = key.indexOf('/');
  return slash < 0 ? [key, ''] : [key.slice(0, slash), key.slice(slash + 1)];
}

function mapAfter<T, C>(
  map: ReadonlyMap<string, T>,
  changes: readonly (readonly [key: string, change: C | null])[],
  make: (old: T | undefined, change: C, key: string) => T,
): ReadonlyMap<string, T> {
  const next = new Map(map);
  for (const [key, change] of changes) {
    if (change === null) next.delete(key);
    else next.set(key, make(map.get(key), change, key));
  }
  return next;
}

function timesAfter(
  times: ReadonlyMap<string, number>,
  ids: readonly string[],
  atMs: number,
): ReadonlyMap<string, number> {
  const next = new Map(times);
  for (const id of ids) next.set(id, atMs);
  return next;
}

type MachineChange = NonNullable<NonNullable<RecordingFrame['machines']>[number][1]>;

function machineAfter(old: Machine | undefined, change: MachineChange, id: string): Machine {
  const { nodes: oldNodes = [], ...fields } = old ?? {};
  const machine = readMachine({ id, hostname: '', ips: [], ...fieldsAfter(fields, change.fields ?? {}) });
  if (change.nodes === undefined) return { ...machine, nodes: oldNodes };
  const byName = new Map<string, FleetNode>(oldNodes.map((node) => [node.name, node]));
  for (const [name, nodeFields] of change.nodes) {
    if (nodeFields === null) byName.delete(name);
    else byName.set(name, readNode(fieldsAfter(byName.get(name) ?? {}, nodeFields)));
  }
  return { ...machine, nodes: [...byName.values()].sort((a, b) => compareNames(a.name, b.name)) };
}

function fieldsAfter(old: object, change: Readonly<Record<string, unknown>>): object {
  const next: Record<string, unknown> = { ...old };
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete next[key];
    else next[key] = value;
  }
  return next;
}
