/**
 * The rows of each pane, made from the fleet's state. A row keeps its identity while nothing in it changed, and a list of
 * rows while none of its parts did; times stay out of rows, so that a second that passes changes none.
 */
import { type Alert, type Alerts, NO_ALERTS } from '../fleet/alert-engine.ts';
import { compareNames } from '../fleet/compare-names.ts';
import { routerLabel } from '../fleet/conditions.ts';
import {
  type FleetNode,
  type FleetState,
  type Freshness,
  initialState,
  type Machine,
  type MachineLoad,
  machineFreshness,
  nodeKey,
  type Router,
  type RouterSession,
  routerFreshness,
  type ShmGrowth,
  type ShmInfo,
} from '../fleet/state.ts';
import type { TimelineEntry } from '../fleet/timeline.ts';
import { NO_TOPICS, type TopicsView } from '../fleet/topics.ts';
import type { TopicRow } from './topic-rows.ts';
import type { TreeRow } from './tree-rows.ts';

export interface BaseRow {
  /** Tells the row from all others of its pane, and stays with it: the selection holds on to this. */
  readonly key: string;
  readonly freshness: Freshness;
  /** When it was last heard, where it is lost. */
  readonly lostSinceMs?: number;
}

export interface NodeRow extends BaseRow {
  readonly machine: string;
  readonly node: FleetNode;
  /** A liveliness token of its own stands. */
  readonly hasToken: boolean;
  readonly heartbeatAtMs?: number;
  /** What its runs took of the shared memory, where its daemon saw any. */
  readonly shm?: ShmGrowth;
}

export interface RouterRow extends BaseRow {
  readonly router: Router;
  /** Names of the routers that it is linked to. */
  readonly linkedTo: readonly string[];
}

export interface PeerRow extends BaseRow {
  readonly session: RouterSession;
  /** What it is, where that is known. */
  readonly who: string;
  /** Name of the router that reports it. */
  readonly at: string;
}

export interface ShmRow extends BaseRow {
  readonly machine: string;
  readonly shm: ShmInfo;
  readonly orphanCount: number;
  readonly orphanBytes: number;
  /** By which its nodes' shared memory grew from their first run to the last, and what ended runs left. */
  readonly grownBytes: number;
  readonly load?: MachineLoad;
}

export interface MachineRow extends BaseRow {
  readonly machine: Machine;
  readonly failedCount: number;
}

export interface AlertRow extends BaseRow {
  readonly alert: Alert;
  readonly isSilenced: boolean;
  /** What the words of the alert are made from. */
  readonly state: FleetState;
}

export interface EventRow extends BaseRow {
  readonly entry: TimelineEntry;
}

/** What is known beside the state: what the rules say of it, and what has changed. */
export interface FleetNews {
  readonly alerts: Alerts;
  /** Newest first. */
  readonly events: readonly TimelineEntry[];
}

export const NO_NEWS: FleetNews = { alerts: NO_ALERTS, events: [] };

export interface FleetRows {
  readonly alerts: readonly AlertRow[];
  readonly events: readonly EventRow[];
  readonly machines: readonly MachineRow[];
  readonly nodes: readonly NodeRow[];
  readonly routers: readonly RouterRow[];
  readonly peers: readonly PeerRow[];
  readonly shm: readonly ShmRow[];
  /** Nodes by status, `not known now` for those of machines that are not live: counted here, once for each change. */
  readonly statusCounts: ReadonlyMap<string, number>;
  readonly topics: readonly TopicRow[];
  readonly topicsView: TopicsView;
  readonly tree: readonly TreeRow[];
}

export type PaneRow = NodeRow | RouterRow | PeerRow | ShmRow | MachineRow | TopicRow | TreeRow | AlertRow | EventRow;

/** A name people know for a router: its own, else the beginning of its zenoh id. */
export const routerName: (router: Pick<Router, 'zid' | 'name'>) => string = routerLabel;

/**
 * Returns a function that makes the rows of a state, reusing what it made for the state before: a machine costs something
 * only when it changed, and what is left for each of all nodes is their place in a list.
 */
export function createRowMaker(): (state: FleetState, news?: FleetNews) => FleetRows {
  const routers = createPool<RouterRow>();
  const peers = createPool<PeerRow>();
  const makeNews = createNewsRows();
  let chunks = new Map<string, Chunk>();
  let order: Order = { ids: [], sorted: [] };
  let last: FleetState | undefined;
  let rows: FleetRows | undefined;
  return (state, news = NO_NEWS) => {
    const { alerts, events } = makeNews(state, news);
    if (state === last && rows !== undefined) {
      if (rows.alerts !== alerts || rows.events !== events) rows = { ...rows, alerts, events };
      return rows;
    }
    order = orderOf(state, order);
    const made = order.sorted.flatMap((id) => {
      const machine = state.machines.get(id);
      return machine === undefined ? [] : [chunkOf(state, machine, chunks.get(id))];
    });
    const isSame = made.length === chunks.size && made.every((chunk) => chunks.get(chunk.machine.id) === chunk);
    const before = rows;
    const keep = <T>(list: readonly T[] | undefined, after: readonly T[]): readonly T[] =>
      list !== undefined && sameList(list, after) ? list : after;
    if (!isSame) chunks = new Map(made.map((chunk) => [chunk.machine.id, chunk]));
    const ofMachines =
      isSame && before !== undefined
        ? before
        : {
            machines: keep(
              before?.machines,
              made.map((chunk) => chunk.row),
            ),
            nodes: keep(
              before?.nodes,
              made.flatMap((chunk) => chunk.nodes),
            ),
            shm: keep(
              before?.shm,
              made.flatMap((chunk) => chunk.shm),
            ),
            statusCounts: sumOf(made.map((chunk) => chunk.statusCounts)),
          };
    rows = {
      ...ofMachines,
      alerts,
      events,
      routers: routers(routerRows(state)),
      peers: peers(peerRows(state)),
      // Not of the state, or not made unless it is looked at: screen-rows.ts.
      topics: [],
      topicsView: NO_TOPICS,
      tree: [],
    };
    last = state;
    return rows;
  };
}

/** All rows of one machine, and what they were made from. */
interface Chunk {
  readonly machine: Machine;
  readonly freshness: Freshness;
  readonly tokens: ReadonlySet<string> | undefined;
  readonly heartbeats: ReadonlyMap<string, number> | undefined;
  readonly row: MachineRow;
  readonly nodes: readonly NodeRow[];
  readonly shm: readonly ShmRow[];
  readonly statusCounts: ReadonlyMap<string, number>;
}

function chunkOf(state: FleetState, machine: Machine, before: Chunk | undefined): Chunk {
  const freshness = machineFreshness(state, machine);
  const tokens = state.tokens.get(machine.id);
  const heartbeats = state.heartbeats.get(machine.id);
  if (
    before?.machine === machine &&
    before.freshness === freshness &&
    before.tokens === tokens &&
    before.heartbeats === heartbeats
  ) {
    return before;
  }
  const nodes = nodeRows(machine, { freshness, tokens, heartbeats }, before?.nodes);
  return {
    machine,
    freshness,
    tokens,
    heartbeats,
    row: keepRow(before?.row, machineRow(machine, freshness)),
    nodes,
    shm: keepRows(before?.shm, shmRow(machine, freshness)),
    statusCounts: countStatus(nodes),
  };
}

function countStatus(nodes: readonly NodeRow[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { node, freshness } of nodes) {
    const status = freshness === 'live' ? node.status : 'not known now';
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return counts;
}

function sumOf(counts: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  const sum = new Map<string, number>();
  for (const one of counts) for (const [status, count] of one) sum.set(status, (sum.get(status) ?? 0) + count);
  return sum;
}

/** Machine ids as they stand in the state, and in order. */
interface Order {
  readonly ids: readonly string[];
  readonly sorted: readonly string[];
}

/** Sorted anew only where a machine came or went. */
function orderOf(state: FleetState, before: Order): Order {
  const ids = [...state.machines.keys()];
  return sameList(before.ids, ids) ? before : { ids, sorted: ids.toSorted(compareNames) };
}

function createNewsRows(): (state: FleetState, news: FleetNews) => Pick<FleetRows, 'alerts' | 'events'> {
  const pool = createPool<AlertRow>();
  const eventRows = new WeakMap<TimelineEntry, EventRow>();
  let lastEvents: readonly TimelineEntry[] | undefined;
  let events: readonly EventRow[] = [];
  return (state, news) => {
    const { active, silenced } = news.alerts;
    // Of the state only the link's alert needs to know: others keep their rows.
    const toRow = (alert: Alert, isSilenced: boolean): AlertRow => ({
      key: alert.key,
      freshness: 'live',
      alert,
      isSilenced,
      state: alert.when === 'link' ? state : EMPTY_STATE,
    });
    const alerts = pool([
      ...active.map((alert) => toRow(alert, false)),
      ...silenced.map((alert) => toRow(alert, true)),
    ]);
    if (news.events !== lastEvents) {
      lastEvents = news.events;
      events = news.events.map((entry) => {
        const known = eventRows.get(entry);
        if (known !== undefined) return known;
        const row: EventRow = { key: String(entry.number), freshness: 'live', entry };
        eventRows.set(entry, row);
        return row;
      });
    }
    return { alerts, events };
  };
}

const EMPTY_STATE = initialState('', 0);

function machineRow(machine: Machine, freshness: Freshness): MachineRow {
  return {
    key: machine.id,
    machine,
    freshness,
    lostSinceMs: machine.lostSinceMs,
    failedCount: machine.nodes.filter((node) => node.status === 'failed').length,
  };
}

/** Rows that would hold the same as those before are not even made. */
function nodeRows(
  machine: Machine,
  { freshness, tokens, heartbeats }: Pick<Chunk, 'freshness' | 'tokens' | 'heartbeats'>,
  before: readonly NodeRow[] | undefined,
): readonly NodeRow[] {
  const { lostSinceMs } = machine;
  const growth = machine.shm?.growth;
  const rows = machine.nodes.map((node, index): NodeRow => {
    const hasToken = tokens?.has(node.name) ?? false;
    const heartbeatAtMs = node.status === 'running' ? heartbeats?.get(node.name) : undefined;
    const shm = growth?.find((of) => of.node === node.name);
    const old = before?.[index];
    const isSame =
      old?.node === node &&
      old.freshness === freshness &&
      old.lostSinceMs === lostSinceMs &&
      old.hasToken === hasToken &&
      old.heartbeatAtMs === heartbeatAtMs &&
      old.shm === shm;
    if (isSame) return old;
    const key = old?.node.name === node.name ? old.key : nodeKey(machine.id, node.name);
    return { key, machine: machine.id, node, freshness, lostSinceMs, hasToken, heartbeatAtMs, shm };
  });
  return before !== undefined && sameList(before, rows) ? before : rows;
}

function routerRows(state: FleetState): RouterRow[] {
  const list = [...state.routers.values()].sort(byRouterName);
  return list.map((router) => ({
    key: router.zid,
    router,
    freshness: routerFreshness(state, router),
    lostSinceMs: router.lostSinceMs,
    linkedTo: router.sessions
      .filter((session) => session.whatAmI === 'router')
      .map((session) => nameOfRouter(state, session.zid)),
  }));
}

function peerRows(state: FleetState): PeerRow[] {
  return [...state.routers.values()].sort(byRouterName).flatMap((router) =>
    router.sessions
      .map((session) => ({
        key: `${router.zid}/${session.zid}`,
        session,
        freshness: routerFreshness(state, router),
        lostSinceMs: router.lostSinceMs,
        who: whoIs(state, session),
        at: routerName(router),
      }))
      // Those with a name first: an unnamed session is somebody's script or a dashboard.
      .sort((a, b) => Number(a.who === '') - Number(b.who === '') || compareNames(a.who + a.key, b.who + b.key)),
  );
}

function whoIs(state: FleetState, session: RouterSession): string {
  if (session.zid === state.zid) return 'this top';
  if (session.whatAmI === 'router') return nameOfRouter(state, session.zid);
  return state.names.get(session.zid) ?? '';
}

function nameOfRouter(state: FleetState, zid: string): string {
  return routerName(state.routers.get(zid) ?? { zid, name: '' });
}

function byRouterName(a: Router, b: Router): number {
  return compareNames(routerName(a), routerName(b)) || compareNames(a.zid, b.zid);
}

function shmRow(machine: Machine, freshness: Freshness): readonly ShmRow[] {
  if (machine.shm === undefined) return [];
  const orphans = machine.shm.segments.filter((segment) => segment.isOrphan);
  return [
    {
      key: machine.id,
      machine: machine.id,
      shm: machine.shm,
      freshness,
      lostSinceMs: machine.lostSinceMs,
      orphanCount: orphans.length,
      orphanBytes: orphans.reduce((sum, segment) => sum + segment.sizeBytes, 0),
      grownBytes: machine.shm.growth?.reduce((sum, growth) => sum + grownBytes(growth), 0) ?? 0,
      load: machine.load,
    },
  ];
}

function grownBytes({ firstRunPeakBytes, lastRunPeakBytes, leftBytes }: ShmGrowth): number {
  return Math.max(0, lastRunPeakBytes - firstRunPeakBytes) + leftBytes;
}

/** Swaps new rows for the old ones that hold the same, and the list for the old list where nothing changed. */
function createPool<T extends BaseRow>(): (rows: readonly T[]) => readonly T[] {
  let list: readonly T[] = [];
  let byKey = new Map<string, T>();
  return (rows) => {
    const next = rows.map((row) => {
      const old = byKey.get(row.key);
      return old !== undefined && sameRow(old, row) ? old : row;
    });
    if (sameList(list, next)) return list;
    byKey = new Map(next.map((row) => [row.key, row]));
    list = next;
    return list;
  };
}

function keepRow<T extends BaseRow>(before: T | undefined, after: T): T {
  return before !== undefined && sameRow(before, after) ? before : after;
}

/** Swaps new rows for those before that hold the same, mostly in the same places. */
function keepRows<T extends BaseRow>(before: readonly T[] | undefined, after: readonly T[]): readonly T[] {
  if (before === undefined) return after;
  const kept = after.map((row, index) => {
    const old = before[index]?.key === row.key ? before[index] : before.find((candidate) => candidate.key === row.key);
    return keepRow(old, row);
  });
  return sameList(before, kept) ? before : kept;
}

function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function sameRow(a: object, b: object): boolean {
  for (const field of Object.keys(b)) {
    const left = Reflect.get(a, field);
    const right = Reflect.get(b, field);
    if (left === right) continue;
    if (!Array.isArray(left) || !Array.isArray(right)) return false;
    if (left.length !== right.length || left.some((item, index) => item !== right[index])) return false;
  }
  return true;
}
