/** A lock that is a file: JSON that names the process which holds it. Who no longer lives holds nothing. */
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { discard, isCode, isRecord } from './home.ts';
import { readProcessStat } from './proc.ts';

/** The start time tells a holder from a later process with the same id. */
export interface LockHolder {
  readonly pid: number;
  readonly startTicks: number;
  /** All that the holder wrote, these two included. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export type LockAttempt =
  | { readonly isTaken: true; giveBack(): void }
  | { readonly isTaken: false; readonly holder: LockHolder };

/** Dead holders that are moved away in one attempt: each time another process may have been quicker. */
const MAX_TURNS = 20;
let draftCount = 0;

/**
 * Takes `file` for this process, or tells which living process has it, this one included. `fields` are written into it,
 * for people. Throws what the file system does.
 */
export function tryLock(file: string, fields: Readonly<Record<string, unknown>> = {}): LockAttempt {
  draftCount += 1;
  const draft = `${file}.${process.pid}.${draftCount}`;
  const mine = { pid: process.pid, startTicks: readProcessStat('self')?.startTicks ?? 0 };
  try {
    // A link appears whole or not at all: no one reads a lock that is half written.
    writeFileSync(draft, `${JSON.stringify({ ...mine, ...fields })}\n`, { mode: 0o600 });
    for (let turn = 0; turn < MAX_TURNS; turn += 1) {
      if (tryLink(draft, file)) return { isTaken: true, giveBack: () => giveBack(file, mine) };
      const holder = readHolder(file);
      if (holder !== undefined && isAlive(holder)) return { isTaken: false, holder };
      takeAway(file, `${draft}.old`);
    }
  } finally {
    discard(draft);
  }
  throw new UserError(`The lock ${file} could not be taken.`, { hint: 'Delete the file and try again.' });
}

/** Whether a living process holds `file`, or one left it that is gone, or there is none. */
export function lockState(file: string): 'held' | 'left' | 'none' {
  if (!existsSync(file)) return 'none';
  const holder = readHolder(file);
  return holder !== undefined && isAlive(holder) ? 'held' : 'left';
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
function takeAway(file: string, aside: string): void {
  try {
    renameSync(file, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  const moved = readHolder(aside);
  // Between the look and the move another may have taken the lock: it gets it back.
  if (moved !== undefined && isAlive(moved)) tryLink(aside, file);
  rmSync(aside, { force: true });
}

function giveBack(file: string, mine: Pick<LockHolder, 'pid' | 'startTicks'>): void {
  const holder = readHolder(file);
  if (holder?.pid === mine.pid && holder.startTicks === mine.startTicks) discard(file);
}

function readHolder(file: string): LockHolder | undefined {
  try {
    const fields: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (!isRecord(fields)) return undefined;
    const { pid, startTicks } = fields;
    return typeof pid === 'number' && typeof startTicks === 'number' ? { pid, startTicks, fields } : undefined;
  } catch {
    // Given back meanwhile, or nothing that we wrote: in both cases no holder.
    return undefined;
  }
}

function isAlive(holder: LockHolder): boolean {
  const stat = readProcessStat(holder.pid);
  return stat !== undefined && stat.state !== 'Z' && stat.startTicks === holder.startTicks;
}
