import { encodeCbor } from './cbor-encode.ts';
import type { Decoded } from './decoded.ts';
import { decodeRecord, type Fields, readEach } from './fields.ts';

/** A process that maps a segment. `name` is untrusted text. */
export interface ShmProcess {
  readonly pid: number;
  readonly name: string;
}

/** One zenoh segment under /dev/shm. */
export interface ShmSegment {
  /** File name without folder, `123456.zenoh`. */
  readonly name: string;
  /** Size of the file; what of it is really in use may be less. */
  readonly sizeBytes: number;
  /** Undefined for an orphan, and where the daemon may not look. */
  readonly owner: ShmProcess | undefined;
  readonly readers: readonly ShmProcess[];
  /** No process holds or maps it any more: left behind by a crash. */
  readonly orphan: boolean;
}

/** Reply of `…/daemon/shm`: the shared memory of one machine. */
export interface ShmLedger {
  readonly machineId: string;
  readonly timestampMs: number;
  /** Of the file system /dev/shm. */
  readonly totalBytes: number;
  readonly freeBytes: number;
  /** Of zenoh's segments, memory really taken. */
  readonly usedBytes: number;
  /** Of these, memory that a process locked (mlock), which is never swapped out. */
  readonly lockedBytes?: number | undefined;
  readonly segments: readonly ShmSegment[];
  /** One a node that was seen to own segments. Absent in answers of older daemons. */
  readonly growth?: readonly ShmGrowth[] | undefined;
}

/** A node's shared memory over its runs since the daemon began, as far as the daemon looked. */
export interface ShmGrowth {
  readonly node: string;
  /** Processes of it that owned segments. */
  readonly runs: number;
  /** Memory taken now, and the most that the first and the last run took: a node that grows shows it here. */
  readonly liveBytes: number;
  readonly firstRunPeakBytes: number;
  readonly lastRunPeakBytes: number;
  /** Of its ended runs: orphans, and what a reader still holds. A router keeps what it has mapped while it runs. */
  readonly leftSegments: number;
  readonly leftBytes: number;
}

export function decodeShmLedger(bytes: Uint8Array): Decoded<ShmLedger> {
  return decodeRecord(bytes, (fields) => ({
    machineId: fields.text('machine_id'),
    timestampMs: fields.integer('timestamp_ms', 0),
    totalBytes: fields.integer('total_bytes', 0),
    freeBytes: fields.integer('free_bytes', 0),
    usedBytes: fields.integer('used_bytes', 0),
    lockedBytes: fields.has('locked_bytes') ? fields.integer('locked_bytes') : undefined,
    segments: readEach(fields.list('segments'), 'segments', readSegment).good,
    growth: fields.has('growth') ? readEach(fields.list('growth'), 'growth', readGrowth).good : undefined,
  }));
}

function readSegment(fields: Fields): ShmSegment {
  const ownerPid = fields.integer('owner_pid', 0);
  return {
    name: fields.text('name'),
    sizeBytes: fields.integer('size_bytes', 0),
    owner: ownerPid > 0 ? { pid: ownerPid, name: fields.text('owner_name', '') } : undefined,
    readers: fields.maps('readers').map((reader) => ({ pid: reader.integer('pid'), name: reader.text('name', '') })),
    orphan: fields.flag('orphan', false),
  };
}

function readGrowth(fields: Fields): ShmGrowth {
  return {
    node: fields.text('node'),
    runs: fields.integer('runs', 0),
    liveBytes: fields.integer('live_bytes', 0),
    firstRunPeakBytes: fields.integer('first_run_peak_bytes', 0),
    lastRunPeakBytes: fields.integer('last_run_peak_bytes', 0),
    leftSegments: fields.integer('left_segments', 0),
    leftBytes: fields.integer('left_bytes', 0),
  };
}

export function encodeShmLedger(ledger: ShmLedger): Uint8Array {
  return encodeCbor({
    machine_id: ledger.machineId,
    timestamp_ms: ledger.timestampMs,
    total_bytes: ledger.totalBytes,
    free_bytes: ledger.freeBytes,
    used_bytes: ledger.usedBytes,
    locked_bytes: ledger.lockedBytes,
    segments: ledger.segments.map((segment) => ({
      name: segment.name,
      size_bytes: segment.sizeBytes,
      owner_pid: segment.owner?.pid ?? 0,
      owner_name: segment.owner?.name ?? '',
      readers: segment.readers.map(({ pid, name }) => ({ pid, name })),
      orphan: segment.orphan,
    })),
    growth: ledger.growth?.map((growth) => ({
      node: growth.node,
      runs: growth.runs,
      live_bytes: growth.liveBytes,
      first_run_peak_bytes: growth.firstRunPeakBytes,
      last_run_peak_bytes: growth.lastRunPeakBytes,
      left_segments: growth.leftSegments,
      left_bytes: growth.leftBytes,
    })),
  });
}
