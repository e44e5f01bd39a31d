/**
 * What is known of the fleet, as pure data. Times are local `Date.now()` milliseconds; clocks of other machines never
 * appear. Objects that did not change keep their identity from one state to the next, so that rows and lines made from them
 * can be kept too.
 */
import type { NodeHealth, NodeStatus, OutputFlow } from '../wire/node-state.ts';
import type { ShmGrowth } from '../wire/shm-ledger.ts';
import type { LinkState, WhatAmI } from '../zenoh/session.ts';
import type { Claim } from './claims.ts';

export type { NodeHealth, NodeStatus, OutputFlow, ShmGrowth };

/** One supervised process, as its daemon tells. */
export interface FleetNode {
  readonly name: string;
  readonly status: NodeStatus;
  readonly health: NodeHealth;
  readonly version: string;
  readonly type: string;
  readonly description: string;
  readonly path: string;
  readonly configPath: string;
  readonly baseNode: string;
  readonly isInstalled: boolean;
  readonly isBuilt: boolean;
  readonly startsAtBoot: boolean;
  readonly pid?: number;
  /** On the machine's own clock; tells one run of the process from the next. */
  readonly startedAtMs?: number;
  /** The same moment on our clock. */
  readonly upSinceMs?: number;
  /** Undefined where the daemon does not count. */
  readonly restartCount?: number;
  /** How the last run ended, in the daemon's words; empty where it never ended or the daemon does not say. */
  readonly lastExit: string;
  /** Its last words where it failed. */
  readonly lastLogLines: readonly string[];
  /** While it runs, and its daemon says so: whether it is alive on zenoh. */
  readonly onZenoh?: boolean;
  /** While it runs: whether its outputs flow. Undefined where its daemon does not look. */
  readonly outputs?: OutputFlow;
  /** Messages per second of its busiest output, with one decimal. */
  readonly outputRateHz?: number;
}

export interface DaemonInfo {
  readonly version: string;
  /** Our clock. */
  readonly upSinceMs: number;
  readonly nodeCount: number;
  readonly mcpPort: number;
}

export interface ShmProcess {
  readonly pid: number;
  readonly name: string;
}

export interface ShmSegmentInfo {
  readonly name: string;
  readonly sizeBytes: number;
  readonly owner?: ShmProcess;
  readonly readers: readonly ShmProcess[];
  readonly isOrphan: boolean;
}

/** A machine's shared memory: the file system it lies on, and zenoh's segments in it. */
export interface ShmInfo {
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Used by zenoh's segments. */
  readonly usedBytes: number;
  /** Of these, locked in memory. Undefined where the daemon does not look. */
  readonly lockedBytes?: number;
  readonly segments: readonly ShmSegmentInfo[];
  /** One a node that was seen to own segments, over its runs. Undefined where the daemon does not look. */
  readonly growth?: readonly ShmGrowth[];
}

/** How busy a machine is. What it does not tell is undefined; text is untrusted. */
export interface MachineLoad {
  readonly model?: string;
  readonly cpuPercent?: number;
  readonly cpuCount?: number;
  readonly memoryUsedBytes?: number;
  readonly memoryTotalBytes?: number;
  readonly diskPercent?: number;
  readonly gpuPercent?: number;
  /** Of all its sensors. */
  readonly hottestCelsius?: number;
  readonly powerMode?: string;
}

export interface Machine {
  readonly id: string;
  readonly hostname: string;
  readonly ips: readonly string[];
  readonly daemon?: DaemonInfo;
  /** In order of their names. */
  readonly nodes: readonly FleetNode[];
  readonly shm?: ShmInfo;
  /** Its newest telemetry; absent where none came of late. */
  readonly load?: MachineLoad;
  /** When its last answer came, where it has stopped answering while we were connected. */
  readonly lostSinceMs?: number;
  /** By how much its clock is ahead of ours, roughly. Undefined where it does not say. */
  readonly clockSkewMs?: number;
  /** Who they are, where more than one computer answers for this id. Untrusted text. */
  readonly rivals?: readonly string[];
  /** An answer of its that could not be read: what and why, for people. Untrusted text. */
  readonly problem?: string;
}

export interface RouterLink {
  readonly src: string;
  readonly dst: string;
}

/** A router's view of one session. */
export interface RouterSession {
  readonly zid: string;
  readonly whatAmI: WhatAmI | 'unknown';
  readonly shm?: boolean;
  readonly links: readonly RouterLink[];
}

export interface Router {
  readonly zid: string;
  /** `metadata.name` of its configuration; empty where it has none. */
  readonly name: string;
  readonly version: string;
  /** Whether it can be asked who declared what: see `RouterInfo`. */
  readonly isSafeToAsk?: boolean;
  readonly locators: readonly string[];
  readonly sessions: readonly RouterSession[];
  /** Bytes per second to and from it over all sessions, where it counts them. */
  readonly receivedPerSecond?: number;
  readonly sentPerSecond?: number;
  readonly lostSinceMs?: number;
}

export interface FleetState {
  readonly endpoint: string;
  readonly link: LinkState;
  /** Our own zenoh id, empty before the first connection. */
  readonly zid: string;
  /** Whether a whole round of questions has been answered since the link last came up. */
  readonly hasLooked: boolean;
  /** Since when everything shown is old, because there is no link. */
  readonly staleSinceMs?: number;
  /** By zenoh id. */
  readonly routers: ReadonlyMap<string, Router>;
  /** By machine id. */
  readonly machines: ReadonlyMap<string, Machine>;
  /** Who answers for each machine id. */
  readonly claims: ReadonlyMap<string, Claim>;
  /** When each machine answered last. */
  readonly answeredAtMs: ReadonlyMap<string, number>;
  /** When each machine's telemetry came last. */
  readonly loadAtMs: ReadonlyMap<string, number>;
  /** When each router answered last. */
  readonly routerAnsweredAtMs: ReadonlyMap<string, number>;
  /** Nodes whose liveliness tokens stand now, by machine: a set keeps its identity while no token of its machine changes. */
  readonly tokens: ReadonlyMap<string, ReadonlySet<string>>;
  /** Last heartbeat of each node that is listened to, by machine and node. */
  readonly heartbeats: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Names behind zenoh ids, where their tokens tell: `jetson_1/front_door`. */
  readonly names: ReadonlyMap<string, string>;
  /** Round trip to the router, smoothed. */
  readonly latencyMs?: number;
  /** Answers that belong to no machine and could not be read. */
  readonly problems: readonly string[];
}

/** A node's name among all machines: `machine/node`. */
export function nodeKey(machine: string, node: string): string {
  return `${machine}/${node}`;
}

export function hasToken(state: Pick<FleetState, 'tokens'>, machine: string, node: string): boolean {
  return state.tokens.get(machine)?.has(node) ?? false;
}

/** Our clock; undefined where none was heard, or nobody listens for it. */
export function lastHeartbeatMs(
  state: Pick<FleetState, 'heartbeats'>,
  machine: string,
  node: string,
): number | undefined {
  return state.heartbeats.get(machine)?.get(node);
}

export function initialState(endpoint: string, nowMs: number): FleetState {
  return {
    endpoint,
    link: { state: 'connecting', sinceMs: nowMs },
    zid: '',
    hasLooked: false,
    routers: new Map(),
    machines: new Map(),
    claims: new Map(),
    answeredAtMs: new Map(),
    loadAtMs: new Map(),
    routerAnsweredAtMs: new Map(),
    tokens: new Map(),
    heartbeats: new Map(),
    names: new Map(),
    problems: [],
  };
}

/** How far what is shown of a machine can be trusted. */
export type Freshness =
  /** It answers. */
  | 'live'
  /** It cannot be asked now, or has not been heard since the link came back. */
  | 'stale'
  /** It can be asked and does not answer. */
  | 'lost';

export function machineFreshness(state: FleetState, machine: Machine): Freshness {
  if (state.link.state !== 'connected') return 'stale';
  if (machine.lostSinceMs !== undefined) return 'lost';
  const answered = state.answeredAtMs.get(machine.id);
  return answered === undefined || answered < state.link.sinceMs ? 'stale' : 'live';
}

export function routerFreshness(state: FleetState, router: Router): Freshness {
  if (state.link.state !== 'connected') return 'stale';
  if (router.lostSinceMs !== undefined) return 'lost';
  const answered = state.routerAnsweredAtMs.get(router.zid);
  return answered === undefined || answered < state.link.sinceMs ? 'stale' : 'live';
}
