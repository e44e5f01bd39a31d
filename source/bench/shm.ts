/** `bubbaloop bench shm`: all phases, one after the other, and the report of them. */
import type { ChildProcess } from 'node:child_process';
import { growthPhase, latencyPhase, ratePhase, SIZES_BYTES, WAYS, type Way } from './plan.ts';
import { measure } from './receiver.ts';

export interface ShmRow {
  readonly way: Way;
  readonly sizeBytes: number;
  readonly framesPerSecond: number;
  /** Stamp to handler, one frame at a time. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Frames behind the rate and behind the latencies. */
  readonly rateFrames: number;
  readonly latencyFrames: number;
  /** Frames of both that did not arrive: 0, unless the machine is too busy. */
  readonly lostFrames: number;
}

export interface ShmReport {
  readonly results: readonly ShmRow[];
  /** Frames without copy over which the growth was measured. */
  readonly growthFrames: number;
  /** By how much the resident memory of the process that grew most has grown: the receiver or the sender. */
  readonly growthBytes: number;
}

export interface ShmBenchOptions {
  readonly nativeEndpoint: string;
  readonly webSocketUrl: string;
  readonly growthFrames: number;
  /** Told before each step, for people who wait. */
  readonly onStep: (what: string) => void;
}

export async function benchShm(sender: ChildProcess, options: ShmBenchOptions): Promise<ShmReport> {
  const results: ShmRow[] = [];
  for (const way of WAYS) {
    const endpoint = way === 'zenoh-ts' ? options.webSocketUrl : options.nativeEndpoint;
    for (const sizeBytes of SIZES_BYTES) {
      options.onStep(`${way}, ${sizeBytes} B`);
      const latency = await measure(sender, endpoint, latencyPhase(way, sizeBytes));
      const rate = await measure(sender, endpoint, ratePhase(way, sizeBytes));
      results.push({
        way,
        sizeBytes,
        framesPerSecond: rounded(rate.framesPerSecond),
        p50Ms: rounded(latency.p50Ms),
        p99Ms: rounded(latency.p99Ms),
        rateFrames: rate.count,
        latencyFrames: latency.count,
        lostFrames: rate.lost + latency.lost,
      });
    }
  }
  options.onStep(`growth over ${options.growthFrames} frames without copy`);
  const growth = await measure(sender, options.nativeEndpoint, growthPhase(options.growthFrames));
  return {
    results,
    growthFrames: growth.count,
    growthBytes: Math.max(growth.growthBytes, growth.senderGrowthBytes),
  };
}

/** Four digits say all that such a measure can. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

export function formatShmReport(report: ShmReport): string {
  const rows = report.results.map((row) => [
    row.way,
    formatSize(row.sizeBytes),
    row.framesPerSecond.toFixed(row.framesPerSecond < 100 ? 1 : 0),
    row.p50Ms.toFixed(3),
    row.p99Ms.toFixed(3),
    `${row.rateFrames}/${row.latencyFrames}`,
  ]);
  const lost = report.results.reduce((sum, row) => sum + row.lostFrames, 0);
  const growth = `${(report.growthBytes / 1e6).toFixed(1)} MB`;
  return [
    ...table(['way', 'frame', 'frames/s', 'p50 ms', 'p99 ms', 'frames'], rows),
    '',
    `Memory growth over ${report.growthFrames} frames without copy: ${growth}`,
    `Rate: several frames under way, ${lost === 0 ? 'none' : lost} lost. Latency: one at a time, from the sender’s stamp to the handler.`,
    'Frames are stamped, not painted: what a program does to fill or read them comes on top, in every way alike.',
    '',
  ].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd();
  return [line(head), ...rows.map(line)];
}

function formatSize(bytes: number): string {
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(1)} MB`;
  return bytes >= 1e3 ? `${(bytes / 1e3).toFixed(0)} KB` : `${bytes} B`;
}
