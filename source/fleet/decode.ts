/** Replies of daemons turned into what the fleet's state holds. What cannot be read becomes a sentence, never an error. */
import { parseKey } from '../wire/keys.ts';
import { decodeDaemonManifest } from '../wire/manifest.ts';
import { decodeNodeList, type NodeState } from '../wire/node-state.ts';
import { decodeShmLedger, type ShmLedger } from '../wire/shm-ledger.ts';
import type { Reply } from '../zenoh/session.ts';
import type { BadAnswer, LedgerAnswer, ManifestAnswer, NodesAnswer } from './events.ts';
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
export function readDaemonReply(reply: Reply, atMs: number): DaemonAnswer {
  if (!reply.ok) {
    if (reply.timedOut) return { kind: 'none' };
    return { kind: 'bad', bad: { message: `A daemon answered with an error: ${reply.message}` } };
  }
  const key = parseKey(reply.sample.keyExpr);
  if (key.kind !== 'daemon') return { kind: 'none' };
  const { machine, part } = key;
  const { payload } = reply.sample;
  const claimant = reply.replierZid;
  const bad = (reason: string): DaemonAnswer => ({
    kind: 'bad',
    bad: { machine, message: `its daemon's answer (${part}) cannot be read: ${reason}` },
  });
  switch (part) {
    case 'nodes': {
      const list = decodeNodeList(payload);
      if (!list.ok) return bad(list.reason);
      const { nodes, timestampMs, invalid } = list.value;
      return {
        kind: 'nodes',
        answer: {
          machine,
          hostname: nodes[0]?.machineHostname ?? '',
          ips: nodes[0]?.machineIps ?? [],
          nodes: nodes.map((node) => toFleetNode(node, timestampMs, atMs)),
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
