/** Replies of daemons turned into what the fleet's state holds. What cannot be read becomes a sentence, never an error. */
import { type DaemonPart, parseKey } from '../wire/keys.ts';
import { decodeDaemonManifest } from '../wire/manifest.ts';
import { createNodeListReader, type NodeListReader } from '../wire/node-list-reader.ts';
import type { NodeState } from '../wire/node-state.ts';
import { decodeShmLedger, type ShmLedger } from '../wire/shm-ledger.ts';
import type { Reply } from '../zenoh/session.ts';
import { compareNames } from './compare-names.ts';
import type { BadAnswer, LedgerAnswer, ManifestAnswer, NodesAnswer } from './events.ts';
import { createFinder } from './find-named.ts';
import type { FleetNode, ShmInfo } from './state.ts';

/** One reply of a daemon, read. */
export type DaemonAnswer =
  | { readonly kind: 'nodes'; readonly answer: NodesAnswer; readonly bad: readonly BadAnswer[] }
  | { readonly kind: 'manifest'; readonly answer: ManifestAnswer }
  | { readonly kind: 'ledger'; readonly answer: LedgerAnswer }
  | { readonly kind: 'bad'; readonly bad: BadAnswer }
  /** Not ours to judge: another key, or only the end of the waiting time. */
  | { readonly kind: 'none' };

/** Reads one reply to a query on `…/daemon/{manifest,nodes,shm}` that arrived at `atMs`. */
export type DaemonReader = (reply: Reply, atMs: number) => DaemonAnswer;

/**
 * Readers of daemons' replies remember each machine's last node list: a node that did not change is the same object in the
 * next answer, and the list the same list.
 */
export function createDaemonReader(): DaemonReader {
  const machines = new Map<string, MachineReader>();
  return (reply, atMs) => {
    if (!reply.ok) {
      if (reply.timedOut) return { kind: 'none' };
      return { kind: 'bad', bad: { message: `A daemon answered with an error: ${reply.message}` } };
    }
    const key = parseKey(reply.sample.keyExpr);
    if (key.kind !== 'daemon') return { kind: 'none' };
    let reader = machines.get(key.machine);
    if (reader === undefined) {
      reader = { list: createNodeListReader(), from: [], nodes: [] };
      // Whoever invents machines without end is read, and not remembered.
      if (machines.size < MAX_REMEMBERED) machines.set(key.machine, reader);
    }
    return readAnswer(key.machine, key.part, reply, atMs, reader);
  };
}

const MAX_REMEMBERED = 10_000;

interface MachineReader {
  readonly list: NodeListReader;
  /** What the nodes below were made from, and stand in the same order. */
  from: readonly NodeState[];
  nodes: readonly FleetNode[];
}

function readAnswer(
  machine: string,
  part: DaemonPart,
  { sample: { payload }, replierZid: claimant }: Extract<Reply, { readonly ok: true }>,
  atMs: number,
  reader: MachineReader,
): DaemonAnswer {
  const bad = (reason: string): DaemonAnswer => ({
    kind: 'bad',
    bad: { machine, message: `its daemon's answer (${part}) cannot be read: ${reason}` },
  });
  switch (part) {
    case 'nodes': {
      const list = reader.list.read(payload);
      if (!list.ok) return bad(list.reason);
      const { nodes, timestampMs, invalid } = list.value;
      if (nodes !== reader.from) {
        reader.nodes = toFleetNodes(nodes, timestampMs, atMs, reader);
        reader.from = nodes;
      }
      return {
        kind: 'nodes',
        answer: {
          machine,
          hostname: nodes[0]?.machineHostname ?? '',
          ips: nodes[0]?.machineIps ?? [],
          nodes: reader.nodes,
          claimant: claimant ?? nameOfComputer(nodes[0]),
          clockSkewMs: timestampMs > 0 ? timestampMs - atMs : undefined,
        },
        bad: invalid.length === 0 ? [] : [{ machine, message: `part of its node list cannot be read: ${invalid[0]}` }],
      };
    }
    case 'manifest': {
      const manifest = decodeDaemonManifest(payload);
      if (!manifest.ok) return bad(manifest.reason);
      const { version, uptimeSecs, nodeCount, mcpPort } = manifest.value;
      const daemon = { version, upSinceMs: atMs - uptimeSecs * 1000, nodeCount, mcpPort };
      return { kind: 'manifest', answer: { machine, daemon, claimant } };
    }
    case 'shm': {
      const ledger = decodeShmLedger(payload);
      if (!ledger.ok) return bad(ledger.reason);
      return { kind: 'ledger', answer: { machine, shm: toShmInfo(ledger.value), claimant } };
    }
    default:
      return { kind: 'none' };
  }
}

/** In order of their names. A run that goes on keeps the moment it began, however long this answer travelled. */
function toFleetNodes(
  states: readonly NodeState[],
  timestampMs: number,
  atMs: number,
  before: MachineReader,
): readonly FleetNode[] {
  const recordOf = createFinder(before.from);
  const madeOf = createFinder(before.nodes);
  // The nodes are sorted and their records are not: which belongs to which is told by the name.
  const nodes = states.map((state, index) => {
    const old = madeOf(state.name, index);
    if (old !== undefined && recordOf(state.name, index) === state) return old;
    const node = toFleetNode(state, timestampMs, atMs);
    const isSameRun = old?.startedAtMs !== undefined && old.startedAtMs === node.startedAtMs;
    return isSameRun ? { ...node, upSinceMs: old.upSinceMs } : node;
  });
  const isSameOrder =
    nodes.length === before.nodes.length && nodes.every((node, index) => node.name === before.nodes[index]?.name);
  return isSameOrder ? nodes : nodes.sort((a, b) => compareNames(a.name, b.name));
}

/** Where the session does not tell who answered, a WebSocket's. */
function nameOfComputer(node: NodeState | undefined): string | undefined {
  if (node === undefined || node.machineHostname === '') return undefined;
  return [node.machineHostname, ...node.machineIps].join(' ');
}

/** The machine's clock serves only to measure how long the process had run when its daemon answered. */
function toFleetNode(node: NodeState, timestampMs: number, atMs: number): FleetNode {
  const isRunning = node.status === 'running' && node.startedAtMs !== undefined && node.startedAtMs > 0;
  const uptimeMs = isRunning ? Math.max(0, timestampMs - (node.startedAtMs ?? 0)) : undefined;
  return {
    name: node.name,
    status: node.status,
    health: node.health,
    version: node.version,
    type: node.nodeType,
    description: node.description,
    path: node.path,
    configPath: node.configPath,
    baseNode: node.baseNode,
    isInstalled: node.installed,
    isBuilt: node.isBuilt,
    startsAtBoot: node.autostartEnabled,
    pid: node.pid,
    startedAtMs: isRunning ? node.startedAtMs : undefined,
    upSinceMs: uptimeMs === undefined ? undefined : atMs - uptimeMs,
    restartCount: node.restartCount,
    lastExit: node.lastExit ?? '',
    lastLogLines: node.lastLogLines,
    onZenoh: isRunning ? node.onZenoh : undefined,
    outputs: isRunning ? node.outputs : undefined,
    outputRateHz: isRunning && node.outputRateHz !== undefined ? Math.round(node.outputRateHz * 10) / 10 : undefined,
  };
}

function toShmInfo(ledger: ShmLedger): ShmInfo {
  return {
    totalBytes: ledger.totalBytes,
    freeBytes: ledger.freeBytes,
    usedBytes: ledger.usedBytes,
    lockedBytes: ledger.lockedBytes,
    growth: ledger.growth,
    segments: ledger.segments.map(({ name, sizeBytes, owner, readers, orphan }) => ({
      name,
      sizeBytes,
      owner,
      readers,
      isOrphan: orphan,
    })),
  };
}
