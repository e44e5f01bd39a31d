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
  readonly segments: readonly ShmSegment[];
}

export function decodeShmLedger(bytes: Uint8Array): Decoded<ShmLedger> {
  return decodeRecord(bytes, (fields) => ({
    machineId: fields.text('machine_id'),
    timestampMs: fields.integer('timestamp_ms', 0),
    totalBytes: fields.integer('total_bytes', 0),
    freeBytes: fields.integer('free_bytes', 0),
    usedBytes: fields.integer('used_bytes', 0),
    segments: readEach(fields.list('segments'), 'segments', readSegment).good,
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

export function encodeShmLedger(ledger: ShmLedger): Uint8Array {
  return encodeCbor({
    machine_id: ledger.machineId,
    timestamp_ms: ledger.timestampMs,
    total_bytes: ledger.totalBytes,
    free_bytes: ledger.freeBytes,
    used_bytes: ledger.usedBytes,
    segments: ledger.segments.map((segment) => ({
      name: segment.name,
      size_bytes: segment.sizeBytes,
      owner_pid: segment.owner?.pid ?? 0,
      owner_name: segment.owner?.name ?? '',
      readers: segment.readers.map(({ pid, name }) => ({ pid, name })),
      orphan: segment.orphan,
    })),
  });
}
