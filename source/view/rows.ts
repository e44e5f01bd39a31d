/** What the rows of each pane are. Made from the fleet's state in row-maker.ts; times that pass stay out of them. */
import { type Alert, type Alerts, NO_ALERTS } from '../fleet/alert.ts';
import type {
  FleetNode,
  FleetState,
  Freshness,
  Machine,
  MachineLoad,
  Router,
  RouterSession,
  ShmGrowth,
  ShmInfo,
} from '../fleet/state.ts';
import type { TimelineEntry } from '../fleet/timeline.ts';
import type { TopicsView } from '../fleet/topics.ts';
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
