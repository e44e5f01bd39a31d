import type { ShmGrowth, ShmSegment } from '../wire/shm-ledger.ts';

/** A segment as one scan finds it. */
export interface SeenSegment {
  readonly segment: ShmSegment;
  /** Bytes that it really takes. */
  readonly takenBytes: number;
  /** Tells one file of a name from the next. */
  readonly key: string;
}

export interface NodeRun {
  readonly node: string;
  /** The process that it was started as: tells one run from the next. */
  readonly pid: number;
}

interface NodeRecord {
  firstPeakBytes: number;
  runs: number;
  lastPid: number;
  lastPeakBytes: number;
  liveBytes: number;
}

/**
 * What each node takes of the shared memory from one run to the next, and what its ended runs left behind. It knows what
 * scans showed it: a run that comes and goes between two of them is not counted.
 */
export class ShmGrowthRecord {
  readonly #nodes = new Map<string, NodeRecord>();
  /** Which node made a segment: its process may be gone when the segment is an orphan. */
  #makers = new Map<string, string>();

  take(seen: readonly SeenSegment[], runOf: (pid: number) => NodeRun | undefined): readonly ShmGrowth[] {
    const makers = new Map<string, string>();
    const live = new Map<string, { pid: number; bytes: number }>();
    const left = new Map<string, { segments: number; bytes: number }>();
    for (const { segment, takenBytes, key } of seen) {
      const run = segment.owner === undefined ? undefined : runOf(segment.owner.pid);
      const node = run?.node ?? this.#makers.get(key);
      if (node === undefined) continue;
      makers.set(key, node);
      if (run !== undefined) live.set(node, { pid: run.pid, bytes: (live.get(node)?.bytes ?? 0) + takenBytes });
      if (segment.owner !== undefined) continue;
      const before = left.get(node) ?? { segments: 0, bytes: 0 };
      left.set(node, { segments: before.segments + 1, bytes: before.bytes + takenBytes });
    }
    this.#makers = makers;
    for (const record of this.#nodes.values()) record.liveBytes = 0;
    for (const [node, { pid, bytes }] of live) this.#count(node, pid, bytes);
    return [...this.#nodes].map(([node, record]) => ({
      node,
      runs: record.runs,
      liveBytes: record.liveBytes,
      firstRunPeakBytes: record.firstPeakBytes,
      lastRunPeakBytes: record.lastPeakBytes,
      leftSegments: left.get(node)?.segments ?? 0,
      leftBytes: left.get(node)?.bytes ?? 0,
    }));
  }

  #count(node: string, pid: number, bytes: number): void {
    const record = this.#nodes.get(node) ?? { firstPeakBytes: 0, runs: 0, lastPid: 0, lastPeakBytes: 0, liveBytes: 0 };
    if (record.lastPid !== pid) {
      record.runs += 1;
      record.lastPid = pid;
      record.lastPeakBytes = 0;
    }
    record.liveBytes = bytes;
    record.lastPeakBytes = Math.max(record.lastPeakBytes, bytes);
    if (record.runs === 1) record.firstPeakBytes = record.lastPeakBytes;
    this.#nodes.set(node, record);
  }
}
