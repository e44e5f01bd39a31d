/** What /proc tells of a machine; formats as in proc(5). */
import { statfsSync } from 'node:fs';
import type { Telemetry, Usage } from '../wire/telemetry.ts';
import { readText } from './machine-files.ts';

/** Clock ticks since boot. */
export interface CpuTicks {
  readonly busy: number;
  readonly total: number;
}

/** All cores together first, then each. Empty where /proc/stat cannot be read. */
export function readCpuTicks(proc: string): readonly CpuTicks[] {
  const lines = readText(`${proc}/stat`)?.split('\n') ?? [];
  return lines
    .filter((line) => /^cpu\d* /.test(line))
    .map((line) => {
      // Guest time, the ninth and tenth, is counted in user and nice already.
      const ticks = line.trim().split(/ +/).slice(1, 9).map(Number);
      const total = ticks.reduce((sum, count) => sum + count, 0);
      return { total, busy: total - (ticks[3] ?? 0) - (ticks[4] ?? 0) };
    });
}

/** Load between two readings; undefined where nothing was counted between them. */
export function cpuBetween(before: readonly CpuTicks[], after: readonly CpuTicks[]): Telemetry['cpu'] {
  const [all, ...cores] = after;
  const [allBefore, ...coresBefore] = before;
  if (all === undefined || allBefore === undefined || all.total <= allBefore.total) return undefined;
  // A core switched off or on between the readings shifts the others: such a pair says nothing of single cores.
  const isSame = cores.length === coresBefore.length;
  return {
    usagePercent: percentBetween(allBefore, all),
    count: cores.length,
    perCorePercent: isSame ? cores.map((core, index) => percentBetween(coresBefore[index] ?? core, core)) : [],
  };
}

function percentBetween(before: CpuTicks, after: CpuTicks): number {
  const total = after.total - before.total;
  if (total <= 0) return 0;
  // Idle ticks may be counted back by the kernel: never below 0.
  return rounded(Math.min(100, Math.max(0, (100 * (after.busy - before.busy)) / total)));
}

export function readMemory(proc: string): Usage | undefined {
  const text = readText(`${proc}/meminfo`) ?? '';
  const kilobytes = (name: string): number | undefined => {
    const match = new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text);
    return match === null ? undefined : Number(match[1]);
  };
  const [total, available] = [kilobytes('MemTotal'), kilobytes('MemAvailable')];
  return total === undefined || available === undefined ? undefined : usage(total * 1024, available * 1024);
}

/** Of the file system that `path` is on. Available is what programs that are not root may still write. */
export function readDisk(path: string): Usage | undefined {
  try {
    const { blocks, bavail, bsize } = statfsSync(path);
    return usage(blocks * bsize, bavail * bsize);
  } catch {
    // A path that is gone has no size; the other figures are still true.
    return undefined;
  }
}

function usage(totalBytes: number, availableBytes: number): Usage {
  const usedBytes = totalBytes - availableBytes;
  return {
    totalBytes,
    usedBytes,
    availableBytes,
    usagePercent: totalBytes === 0 ? 0 : rounded((100 * usedBytes) / totalBytes),
  };
}

/** Totals of all interfaces but loopback. */
export function readNetwork(proc: string): Telemetry['network'] {
  const text = readText(`${proc}/net/dev`);
  if (text === undefined) return undefined;
  let [bytesSent, bytesReceived] = [0, 0];
  for (const [, name, rest = ''] of text.matchAll(/^ *([^\s:]+):(.*)$/gm)) {
    if (name === 'lo') continue;
    const columns = rest.trim().split(/ +/).map(Number);
    bytesReceived += columns[0] ?? 0;
    bytesSent += columns[8] ?? 0;
  }
  return { bytesSent, bytesReceived };
}

export function readLoad(proc: string): Telemetry['load'] {
  const match = /^([\d.]+) ([\d.]+) ([\d.]+) /.exec(readText(`${proc}/loadavg`) ?? '');
  return match === null ? undefined : { one: Number(match[1]), five: Number(match[2]), fifteen: Number(match[3]) };
}

export function readUptimeSecs(proc: string): number | undefined {
  const match = /^(\d+)/.exec(readText(`${proc}/uptime`) ?? '');
  return match === null ? undefined : Number(match[1]);
}

/** A tenth of a percent is as good as these figures are. */
export function rounded(percent: number): number {
  return Math.round(percent * 10) / 10;
}
