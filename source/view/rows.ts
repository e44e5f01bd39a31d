/**
 * The rows of each pane, made from the fleet's state. A row keeps its identity while nothing in it changed, and a list of
 * rows while none of its parts did; times stay out of rows, so that a second that passes changes none.
 */
import { compareNames } from '../fleet/compare-names.ts';
import {
  type FleetNode,
  type FleetState,
  type Freshness,
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

export interface FleetRows {
  readonly machines: readonly MachineRow[];
  readonly nodes: readonly NodeRow[];
  readonly routers: readonly RouterRow[];
  readonly peers: readonly PeerRow[];
  readonly shm: readonly ShmRow[];
  readonly topics: readonly TopicRow[];
  readonly topicsView: TopicsView;
  readonly tree: readonly TreeRow[];
}

export type PaneRow = NodeRow | RouterRow | PeerRow | ShmRow | MachineRow | TopicRow | TreeRow;

/** A name people know for a router: its own, else the beginning of its zenoh id. */
export function routerName(router: Pick<Router, 'zid' | 'name'>): string {
  return router.name === '' ? router.zid.slice(0, 8) : router.name;
}

/** Returns a function that makes the rows of a state, reusing what it made for the state before. */
export function createRowMaker(): (state: FleetState) => FleetRows {
  const nodes = createPool<NodeRow>();
  const routers = createPool<RouterRow>();
  const peers = createPool<PeerRow>();
  const shm = createPool<ShmRow>();
  const machineRows = createPool<MachineRow>();
  let last: FleetState | undefined;
  let rows: FleetRows | undefined;
  return (state) => {
    if (state === last && rows !== undefined) return rows;
    const machines = [...state.machines.values()].sort((a, b) => compareNames(a.id, b.id));
    rows = {
      machines: machineRows(machines.map((machine) => machineRow(state, machine))),
      nodes: nodes(machines.flatMap((machine) => nodeRows(state, machine))),
      routers: routers(routerRows(state)),
      peers: peers(peerRows(state)),
      shm: shm(machines.flatMap((machine) => shmRow(state, machine))),
      // Not of the state, or not made unless it is looked at: screen-rows.ts.
      topics: [],
      topicsView: NO_TOPICS,
      tree: [],
    };
    last = state;
    return rows;
  };
}

function machineRow(state: FleetState, machine: Machine): MachineRow {
  return {
    key: machine.id,
    machine,
    freshness: machineFreshness(state, machine),
    lostSinceMs: machine.lostSinceMs,
    failedCount: machine.nodes.filter((node) => node.status === 'failed').length,
  };
}

function nodeRows(state: FleetState, machine: Machine): NodeRow[] {
  const freshness = machineFreshness(state, machine);
  return machine.nodes.map((node) => {
    const key = nodeKey(machine.id, node.name);
    return {
      key,
      machine: machine.id,
      node,
      freshness,
      lostSinceMs: machine.lostSinceMs,
      hasToken: state.aliveNodes.has(key),
      heartbeatAtMs: node.status === 'running' ? state.heartbeatAtMs.get(key) : undefined,
      shm: machine.shm?.growth?.find((growth) => growth.node === node.name),
    };
  });
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

function shmRow(state: FleetState, machine: Machine): ShmRow[] {
  if (machine.shm === undefined) return [];
  const orphans = machine.shm.segments.filter((segment) => segment.isOrphan);
  return [
    {
      key: machine.id,
      machine: machine.id,
      shm: machine.shm,
      freshness: machineFreshness(state, machine),
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
    if (next.length === list.length && next.every((row, index) => row === list[index])) return list;
    byKey = new Map(next.map((row) => [row.key, row]));
    list = next;
    return list;
  };
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
