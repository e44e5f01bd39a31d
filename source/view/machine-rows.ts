/** Rows that are of one machine: its own, those of its nodes, and that of its shared memory. */
import {
  type FleetState,
  type Freshness,
  type Machine,
  machineFreshness,
  nodeKey,
  type ShmGrowth,
} from '../fleet/state.ts';
import { keepRow, keepRows, sameList } from './keep-rows.ts';
import type { MachineRow, NodeRow, ShmRow } from './rows.ts';

/** All rows of one machine, and what they were made from. */
export interface MachineRows {
  readonly machine: Machine;
  readonly freshness: Freshness;
  readonly tokens: ReadonlySet<string> | undefined;
  readonly heartbeats: ReadonlyMap<string, number> | undefined;
  readonly row: MachineRow;
  readonly nodes: readonly NodeRow[];
  readonly shm: readonly ShmRow[];
  readonly statusCounts: ReadonlyMap<string, number>;
}

/** The same object as before where none of what it is made from has changed. */
export function machineRows(state: FleetState, machine: Machine, before: MachineRows | undefined): MachineRows {
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
  // Who could not be heard meanwhile is not silent. Where the link is another one, freshness was, too.
  const linkSinceMs = state.link.state === 'connected' ? state.link.sinceMs : 0;
  const nodes = nodeRows(machine, { freshness, tokens, heartbeats, linkSinceMs }, before?.nodes);
  return {
    machine,
    freshness,
    tokens,
    heartbeats,
    row: keepRow(before?.row, machineRow(machine, freshness)),
    nodes,
    shm: keepRows(before?.shm, shmRow(machine, freshness)),
    statusCounts: countStatuses(nodes),
  };
}

function countStatuses(nodes: readonly NodeRow[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { node, freshness } of nodes) {
    const status = freshness === 'live' ? node.status : 'not known now';
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return counts;
}

export function sumCounts(counts: readonly ReadonlyMap<string, number>[]): ReadonlyMap<string, number> {
  const sum = new Map<string, number>();
  for (const one of counts) for (const [status, count] of one) sum.set(status, (sum.get(status) ?? 0) + count);
  return sum;
}

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
  {
    freshness,
    tokens,
    heartbeats,
    linkSinceMs,
  }: Pick<MachineRows, 'freshness' | 'tokens' | 'heartbeats'> & { readonly linkSinceMs: number },
  before: readonly NodeRow[] | undefined,
): readonly NodeRow[] {
  const { lostSinceMs } = machine;
  const growth = machine.shm?.growth;
  const rows = machine.nodes.map((node, index): NodeRow => {
    const hasToken = tokens?.has(node.name) ?? false;
    const beatMs = node.status === 'running' ? heartbeats?.get(node.name) : undefined;
    const heartbeatAtMs = beatMs !== undefined && beatMs >= linkSinceMs ? beatMs : undefined;
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
