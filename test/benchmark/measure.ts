import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';

/** One figure held against its bar. */
export type Figure = {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** Absent: the figure is told, not judged. */
  readonly bar?: { readonly atMost: number } | { readonly atLeast: number };
};

/** One benchmark: a row or more of figures, from real processes. */
export type Benchmark = { readonly name: string; readonly run: () => Promise<readonly Figure[]> };

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('median of nothing');
  return sorted.length % 2 === 1 ? middle : (middle + (sorted[sorted.length / 2 - 1] ?? middle)) / 2;
}

export function holds(figure: Figure): boolean {
  if (figure.bar === undefined) return true;
  return 'atMost' in figure.bar ? figure.value <= figure.bar.atMost : figure.value >= figure.bar.atLeast;
}

/** `ok    first frame of top, median of 10: 231 ms (at most 400)` */
export function describe(figure: Figure): string {
  const value = figure.value >= 100 ? figure.value.toFixed(0) : figure.value.toPrecision(3);
  const told = `${figure.what}: ${value} ${figure.unit}`;
  if (figure.bar === undefined) return `      ${told}`;
  const bar = 'atMost' in figure.bar ? `at most ${figure.bar.atMost}` : `at least ${figure.bar.atLeast}`;
  return `${holds(figure) ? 'ok    ' : 'MISSED'} ${told} (${bar})`;
}

export function machineLoad(): string {
  return loadavg()
    .map((load) => load.toFixed(1))
    .join(' ');
}

/** CPU seconds of a process and its threads so far: utime and stime of /proc/{pid}/stat, proc(5), in ticks of 10 ms. */
export function cpuSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The name in parentheses may hold blanks: fields are counted after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory in bytes: VmRSS of /proc/{pid}/status. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

/** Memory of a process alone, in bytes, without frames in shared memory that it looks at: RssAnon of /proc/{pid}/status. */
export function ownBytes(pid: number): number {
  const kilobytes = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) * 1024;
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
