import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { isCode } from './home.ts';
import { readProcessStat } from './proc.ts';

/** Content of the lock file, JSON. The start time tells a holder from a later process with the same id. */
interface Holder {
  readonly pid: number;
  readonly startTicks: number;
}

/** An edit takes milliseconds: who holds the lock for longer was stopped, or its disk hangs. */
const WAIT_MS = 5_000;
const LOOK_MS = 10;
let draftCount = 0;

/**
 * Runs `work` while no other process, and no other call in this one, edits `file`. A holder that no longer lives loses
 * the lock. Throws UserError that names a holder which does not let go.
 */
export async function withRegistryLock<T>(
  file: string,
  work: () => Promise<T>,
  options: { readonly waitMs?: number } = {},
): Promise<T> {
  const lock = `${file}.lock`;
  draftCount += 1;
  const draft = `${lock}.${process.pid}.${draftCount}`;
  const mine: Holder = { pid: process.pid, startTicks: readProcessStat('self')?.startTicks ?? 0 };
  try {
    // A link appears whole or not at all: no one reads a lock that is half written.
    writeFileSync(draft, `${JSON.stringify(mine)}\n`, { mode: 0o600 });
    await take(lock, draft, options.waitMs ?? WAIT_MS);
  } finally {
    rmSync(draft, { force: true });
  }
  try {
    return await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

async function take(lock: string, draft: string, waitMs: number): Promise<void> {
  const limitMs = performance.now() + waitMs;
  for (;;) {
    if (tryLink(draft, lock)) return;
    const holder = readHolder(lock);
    if (holder === undefined || !isAlive(holder)) takeAway(lock, `${draft}.old`);
    else if (performance.now() > limitMs) {
      throw new UserError(`Process ${holder.pid} holds ${lock} and does not let go.`, {
        hint: 'If it hangs, end it; the lock of a process that is gone is taken over by itself.',
      });
    } else await sleep(LOOK_MS);
  }
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

/** Moved aside before it is deleted: of two that find the dead holder at once only one moves it. */
function takeAway(lock: string, aside: string): void {
  try {
    renameSync(lock, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  const moved = readHolder(aside);
  // Between the look and the move another may have taken the lock: it gets it back.
  if (moved !== undefined && isAlive(moved)) tryLink(aside, lock);
  rmSync(aside, { force: true });
}

function readHolder(lock: string): Holder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(lock, 'utf8'));
    if (typeof value !== 'object' || value === null) return undefined;
    const { pid, startTicks } = value as Partial<Holder>;
    return typeof pid === 'number' && typeof startTicks === 'number' ? { pid, startTicks } : undefined;
  } catch {
    // Given back meanwhile, or nothing that we wrote: in both cases no holder.
    return undefined;
  }
}

function isAlive(holder: Holder): boolean {
  const stat = readProcessStat(holder.pid);
  return stat !== undefined && stat.state !== 'Z' && stat.startTicks === holder.startTicks;
}
