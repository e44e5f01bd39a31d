import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { type Home, isCode } from './home.ts';
import { readProcessStat } from './proc.ts';

/** Content of the lock file, JSON. The start time tells a holder from a later process with the same id. */
interface Holder {
  readonly pid: number;
  readonly startTicks: number;
  readonly machineId: string;
  readonly sinceMs: number;
}

/**
 * Takes the home for this process, so that no node is started twice. Returns the function that gives it back. Throws
 * UserError that names the holder. A holder that no longer lives loses it.
 */
export function lockHome(home: Home, machineId: string): () => void {
  const mine: Holder = {
    pid: process.pid,
    startTicks: readProcessStat('self')?.startTicks ?? 0,
    machineId,
    sinceMs: Date.now(),
  };
  // A link appears whole or not at all: no one reads a lock that is half written.
  const draft = `${home.lockFile}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(mine)}\n`, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      if (tryLink(draft, home.lockFile)) return () => giveBack(home, mine);
      const holder = readHolder(home.lockFile);
      if (holder !== undefined && isAlive(holder)) throw heldBy(home, holder);
      // Moved aside first: if two daemons find the dead holder at once, only one of them moves it.
      moveAside(home.lockFile, `${draft}.old`);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  throw new UserError(`The lock ${home.lockFile} could not be taken.`, { hint: 'Delete the file and try again.' });
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function moveAside(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  const moved = readHolder(to);
  // Between the look and the move another daemon may have taken the lock: it gets it back.
  if (moved !== undefined && isAlive(moved)) tryLink(to, from);
  rmSync(to, { force: true });
}

function giveBack(home: Home, mine: Holder): void {
  const holder = readHolder(home.lockFile);
  if (holder?.pid === mine.pid && holder.startTicks === mine.startTicks) rmSync(home.lockFile, { force: true });
}

function readHolder(file: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, startTicks, machineId, sinceMs } = value as Partial<Holder>;
    if (typeof pid !== 'number' || typeof startTicks !== 'number') return undefined;
    return { pid, startTicks, machineId: String(machineId), sinceMs: Number(sinceMs) };
  } catch {
    // Gone meanwhile, or nothing that a daemon wrote: in both cases no holder.
    return undefined;
  }
}

function isAlive(holder: Holder): boolean {
  const stat = readProcessStat(holder.pid);
  return stat !== undefined && stat.state !== 'Z' && stat.startTicks === holder.startTicks;
}

function heldBy(home: Home, holder: Holder): UserError {
  const since = Number.isFinite(holder.sinceMs) ? ` since ${new Date(holder.sinceMs).toISOString()}` : '';
  return new UserError(
    `A daemon already runs on ${home.folder}: process ${holder.pid}, machine ${holder.machineId}${since}.`,
    { hint: `Stop it with \`kill ${holder.pid}\`, or give this one a folder of its own with --home.` },
  );
}
