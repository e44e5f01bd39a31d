import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** USER_HZ, the same on every Linux that Node runs on. */
export const TICKS_PER_SECOND = 100;

/** What /proc/{pid}/stat tells, proc(5). */
export interface ProcessStat {
  readonly pid: number;
  /** `R`, `S`, `Z` … */
  readonly state: string;
  readonly parentPid: number;
  readonly groupId: number;
  /** Clock ticks from boot to its start: with the pid it names a process for good. */
  readonly startTicks: number;
}

/** Undefined where there is no such process. */
export function readProcessStat(pid: number | 'self'): ProcessStat | undefined {
  const text = readProcFile(pid, 'stat');
  if (text === undefined) return undefined;
  // The name in parentheses may hold anything, parentheses and blanks included.
  const rest = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '', parentPid = '', groupId = ''] = rest;
  return {
    pid: Number.parseInt(text, 10),
    state,
    parentPid: Number(parentPid),
    groupId: Number(groupId),
    startTicks: Number(rest[19]),
  };
}

/** For how long a process has run, whatever the wall clock says; undefined where that cannot be told. */
export function processAgeMs(pid: number): number | undefined {
  const ticks = readProcessStat(pid)?.startTicks;
  const uptimeSecs = Number.parseFloat(readFileSync('/proc/uptime', 'latin1'));
  if (ticks === undefined || Number.isNaN(uptimeSecs)) return undefined;
  const ageMs = uptimeSecs * 1_000 - (ticks * 1_000) / TICKS_PER_SECOND;
  // In a container /proc/uptime may be the container's own.
  return ageMs < 0 ? undefined : ageMs;
}

export function readProcFile(pid: number | 'self', name: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    // Gone meanwhile, or another user's: in both cases there is nothing to know.
    return undefined;
  }
}

export function listPids(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid > 0);
}

/**
 * Living processes (no zombies) of a process group, and those that left it but carry `marker` (`NAME=value`) in their
 * environment: a grandchild that called setsid. Only processes younger than `sinceTicks` can be either.
 */
export function findFamily(groupId: number, marker: string, sinceTicks: number): readonly number[] {
  return listPids().filter((pid) => {
    if (pid === process.pid) return false;
    const stat = readProcessStat(pid);
    if (stat === undefined || stat.startTicks < sinceTicks || stat.state === 'Z' || stat.state === 'X') return false;
    return stat.groupId === groupId || (readProcFile(pid, 'environ')?.split('\0').includes(marker) ?? false);
  });
}

const INTERPRETERS = /^(node|python[\d.]*|ruby|perl|sh|bash|dash)$/;

/** Living processes with `marker` (`NAME=value`) in their environment, this one and its ancestors apart. */
export function findMarked(marker: string): readonly number[] {
  const ancestors = new Set<number>([process.pid]);
  for (let pid = process.ppid; pid > 1 && !ancestors.has(pid); pid = readProcessStat(pid)?.parentPid ?? 1) {
    ancestors.add(pid);
  }
  return listPids().filter((pid) => {
    if (ancestors.has(pid) || readProcFile(pid, 'environ')?.split('\0').includes(marker) !== true) return false;
    const state = readProcessStat(pid)?.state;
    return state !== undefined && state !== 'Z' && state !== 'X';
  });
}

/** A name for people: the program, or the script that an interpreter runs (`cli.js node run test-camera`). */
export function processName(pid: number): string {
  const words = (readProcFile(pid, 'cmdline') ?? '').split('\0').filter((word) => word.trim() !== '');
  const [program] = words;
  // A kernel thread, or a program that blanked its title.
  if (program === undefined) return readProcFile(pid, 'comm')?.trim() ?? '';
  // A program that wrote its own title has one word with blanks in it.
  if (words.length === 1) return basename(program.trim());
  const name = basename(program);
  if (!INTERPRETERS.test(name)) return name;
  const script = words.findIndex((word, index) => index > 0 && !word.startsWith('-'));
  const scriptName = script < 0 ? undefined : basename(words[script] ?? '');
  if (scriptName === undefined) return name;
  if (!/^cli\.(js|ts)$/.test(scriptName)) return scriptName;
  return ['bubbaloop', ...words.slice(script + 1, script + 4).filter((word) => !word.startsWith('-'))].join(' ');
}
