/**
 * What may stand in a recording. A recording comes from somewhere else: each record is held against this before the
 * screen sees it. Every field of the state's records must be named here, or this does not compile.
 */
import * as v from 'valibot';
import type {
  DaemonInfo,
  FleetNode,
  FleetState,
  Machine,
  MachineLoad,
  Router,
  RouterSession,
  ShmInfo,
  ShmProcess,
  ShmSegmentInfo,
} from './state.ts';
import type { RecordedLook, Topic, TopicFigures, TopicsView } from './topics.ts';

type Entries<T> = { readonly [K in keyof Required<T>]: v.GenericSchema<unknown, T[K]> };

const text = v.pipe(v.string(), v.maxLength(1 << 20));
const texts = v.array(text);
const number = v.pipe(v.number(), v.finite());
const maybe = v.optional(number);
const flag = v.boolean();

/** A word of a newer daemon is a word all the same. */
const status = v.pipe(
  text,
  v.transform((word) => word as FleetNode['status']),
);
const health = v.pipe(
  text,
  v.transform((word) => word as FleetNode['health']),
);

const NODE: Entries<FleetNode> = {
  name: text,
  status,
  health,
  version: text,
  type: text,
  description: text,
  path: text,
  configPath: text,
  baseNode: text,
  isInstalled: flag,
  isBuilt: flag,
  startsAtBoot: flag,
  pid: maybe,
  startedAtMs: maybe,
  upSinceMs: maybe,
  restartCount: maybe,
  lastExit: text,
  lastLogLines: texts,
  onZenoh: v.optional(flag),
  outputs: v.optional(v.picklist(['unknown', 'none', 'unwanted', 'quiet', 'flowing'])),
  outputRateHz: maybe,
};

const DAEMON: Entries<DaemonInfo> = { version: text, upSinceMs: number, nodeCount: number, mcpPort: number };

const PROCESS: Entries<ShmProcess> = { pid: number, name: text };
const SEGMENT: Entries<ShmSegmentInfo> = {
  name: text,
  sizeBytes: number,
  owner: v.optional(v.object(PROCESS)),
  readers: v.array(v.object(PROCESS)),
  isOrphan: flag,
};
const GROWTH: Entries<NonNullable<ShmInfo['growth']>[number]> = {
  node: text,
  runs: number,
  liveBytes: number,
  firstRunPeakBytes: number,
  lastRunPeakBytes: number,
  leftSegments: number,
  leftBytes: number,
};
const SHM: Entries<ShmInfo> = {
  totalBytes: number,
  freeBytes: number,
  usedBytes: number,
  lockedBytes: maybe,
  segments: v.array(v.object(SEGMENT)),
  growth: v.optional(v.array(v.object(GROWTH))),
};

const LOAD: Entries<MachineLoad> = {
  model: v.optional(text),
  cpuPercent: maybe,
  cpuCount: maybe,
  memoryUsedBytes: maybe,
  memoryTotalBytes: maybe,
  diskPercent: maybe,
  gpuPercent: maybe,
  hottestCelsius: maybe,
  powerMode: v.optional(text),
};

/** Nodes stand apart: most records change some of them. */
const MACHINE: Entries<Omit<Machine, 'nodes'>> = {
  id: text,
  hostname: text,
  ips: texts,
  daemon: v.optional(v.object(DAEMON)),
  shm: v.optional(v.object(SHM)),
  load: v.optional(v.object(LOAD)),
  lostSinceMs: maybe,
  clockSkewMs: maybe,
  rivals: v.optional(texts),
  problem: v.optional(text),
};

const SESSION: Entries<RouterSession> = {
  zid: text,
  whatAmI: v.picklist(['router', 'peer', 'client', 'unknown']),
  shm: v.optional(flag),
  links: v.array(v.object({ src: text, dst: text })),
};
const ROUTER: Entries<Router> = {
  zid: text,
  name: text,
  version: text,
  isSafeToAsk: v.optional(flag),
  locators: texts,
  sessions: v.array(v.object(SESSION)),
  receivedPerSecond: maybe,
  sentPerSecond: maybe,
  lostSinceMs: maybe,
};

const LINK: v.GenericSchema<unknown, FleetState['link']> = v.variant('state', [
  v.object({ state: v.literal('connecting'), sinceMs: number }),
  v.object({ state: v.literal('connected'), sinceMs: number, zid: text, routerZid: v.optional(text) }),
  v.object({ state: v.literal('lost'), sinceMs: number, retryAtMs: number, attempt: number, reason: text }),
  v.object({ state: v.literal('closed'), sinceMs: number }),
]);

const NODE_RECORD = v.object(NODE);
const MACHINE_RECORD = v.object(MACHINE);
const ROUTER_RECORD = v.object(ROUTER);

/** These throw a {@link v.ValiError} on what is none. */
export function readNode(value: unknown): FleetNode {
  return v.parse(NODE_RECORD, value) as FleetNode;
}

export function readMachine(value: unknown): Omit<Machine, 'nodes'> {
  return v.parse(MACHINE_RECORD, value) as Omit<Machine, 'nodes'>;
}

export function readRouter(value: unknown): Router {
  return v.parse(ROUTER_RECORD, value) as Router;
}

const FIGURES: Entries<TopicFigures> = {
  isLive: flag,
  rateHz: maybe,
  bytesPerSecond: maybe,
  messageBytes: maybe,
  lastAtMs: maybe,
  sinceMs: number,
  isCostly: flag,
};
/** The rest of a topic follows from its key. */
const TOPIC: Entries<RecordedTopic> = {
  publishers: texts,
  subscribers: texts,
  figures: v.optional(v.object(FIGURES)),
};
const TOPIC_RECORD = v.object(TOPIC);

export type RecordedTopic = Pick<Topic, 'publishers' | 'subscribers' | 'figures'>;

export function readTopic(value: unknown): RecordedTopic {
  return v.parse(TOPIC_RECORD, value) as RecordedTopic;
}

const FIELDS = v.record(text, v.unknown());

const TOPICS_ENTRIES: Entries<TopicsChange> = {
  isShown: v.optional(flag),
  shownAtMs: maybe,
  leftOutKeys: maybe,
  phase: v.optional(v.picklist(['idle', 'asking', 'ready'])),
  unaskedRouters: v.optional(texts),
  leftOutPages: maybe,
  isCut: v.optional(flag),
  spentBytesPerSecond: maybe,
  budgetBytesPerSecond: maybe,
  heldBackCount: maybe,
  keys: v.optional(v.array(v.tuple([text, v.nullable(FIELDS)]))),
};

const TOPICS: v.GenericSchema<unknown, TopicsChange> = v.object(TOPICS_ENTRIES);

/** What is another of a {@link TopicsView} than before; of its keys, as of nodes, those that changed. */
export interface TopicsChange extends Partial<Omit<TopicsView, 'topics' | 'recorded'> & RecordedLook> {
  readonly keys?: readonly (readonly [keyExpr: string, fields: Readonly<Record<string, unknown>> | null])[];
}

/** One step of a recording: what is another than in the step before. Null takes a field or an entry away. */
export const FRAME = v.object({
  atMs: number,
  /** Begins with nothing known, and says all. */
  endpoint: v.optional(text),
  link: v.optional(LINK),
  zid: v.optional(text),
  hasLooked: v.optional(flag),
  staleSinceMs: v.optional(v.nullable(number)),
  latencyMs: v.optional(v.nullable(number)),
  problems: v.optional(texts),
  names: v.optional(v.array(v.tuple([text, v.nullable(text)]))),
  routers: v.optional(v.array(v.tuple([text, v.nullable(FIELDS)]))),
  machines: v.optional(
    v.array(
      v.tuple([
        text,
        v.nullable(
          v.object({
            fields: v.optional(FIELDS),
            nodes: v.optional(v.array(v.tuple([text, v.nullable(FIELDS)]))),
          }),
        ),
      ]),
    ),
  ),
  /** Machines and routers that have been heard since the link came. */
  heard: v.optional(texts),
  heardRouters: v.optional(texts),
  /** Liveliness tokens. */
  alive: v.optional(texts),
  gone: v.optional(texts),
  /** Heartbeats: a node's key, how long before `atMs`. */
  beats: v.optional(v.array(v.tuple([text, number]))),
  /** Machines whose heartbeats are listened to no more. */
  deaf: v.optional(texts),
  /** What the Topics pane knew, where it was shown. Programs that know nothing of it read the rest. */
  topics: v.optional(TOPICS),
});

export type RecordingFrame = v.InferOutput<typeof FRAME>;
