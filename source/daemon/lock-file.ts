/**
 * A lock that names the process which holds it: a symbolic link that leads nowhere, whose text is
 * `{pid} {start ticks} {note}`. A link appears whole or not at all, and as short as this it needs no block of the disk: a
 * daemon starts where the disk is full, too. Who no longer lives holds nothing.
 */
import { lstatSync, readFileSync, readlinkSync, renameSync, symlinkSync, unlinkSync } from 'node:fs';
import { UserError } from '../errors.ts';
import { isCode, isRecord } from './home.ts';
import { readProcessStat } from './proc.ts';

/** The start time tells a holder from a later process with the same id. */
export interface LockHolder {
  readonly pid: number;
  readonly startTicks: number;
  /** What the holder says of itself. */
  readonly note: string;
}

export type LockAttempt =
  | { readonly isTaken: true; giveBack(): void }
  | { readonly isTaken: false; readonly holder: LockHolder };

/** Dead holders that are moved away in one attempt: each time another process may have been quicker. */
const MAX_TURNS = 20;
let asideCount = 0;

/**
 * Takes `file` for this process, or tells which living process has it, this one included. A `note` of at most 35 bytes
 * keeps the link short. Throws what the file system does.
 */
export function tryLock(file: string, note = ''): LockAttempt {
  const mine = { pid: process.pid, startTicks: readProcessStat('self')?.startTicks ?? 0 };
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    if (tryLink(`${mine.pid} ${mine.startTicks} ${note}`, file)) {
      return { isTaken: true, giveBack: () => giveBack(file, mine) };
    }
    const holder = readHolder(file);
    if (holder !== undefined && isAlive(holder)) return { isTaken: false, holder };
    takeAway(file);
  }
  throw new UserError(`The lock ${file} could not be taken.`, { hint: 'Delete the file and try again.' });
}

/** Whether a living process holds `file`, or one left it that is gone, or there is none. */
export function lockState(file: string): 'held' | 'left' | 'none' {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return 'none';
  const holder = readHolder(file);
  return holder !== undefined && isAlive(holder) ? 'held' : 'left';
}

/** The living process that holds `file`; undefined where none does. */
export function lockHolder(file: string): LockHolder | undefined {
  const holder = readHolder(file);
  return holder !== undefined && isAlive(holder) ? holder : undefined;
}

function tryLink(text: string, file: string): boolean {
  try {
    symlinkSync(text, file);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Moved aside before it is deleted: of two that find the dead holder at once only one moves it. */
function takeAway(file: string): void {
  asideCount += 1;
  const aside = `${file}.${process.pid}.${asideCount}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  const moved = readHolder(aside);
  // Between the look and the move another may have taken the lock: it gets it back.
  if (moved !== undefined && isAlive(moved)) tryLink(`${moved.pid} ${moved.startTicks} ${moved.note}`, file);
  unlinkSync(aside);
}

/** On a disk that became read-only the lock stays, and says nothing once this process is gone. */
function giveBack(file: string, mine: Pick<LockHolder, 'pid' | 'startTicks'>): void {
  const holder = readHolder(file);
  if (holder?.pid !== mine.pid || holder.startTicks !== mine.startTicks) return;
  try {
    unlinkSync(file);
  } catch (error) {
    if (!isCode(error, 'EROFS') && !isCode(error, 'EACCES') && !isCode(error, 'EPERM')) throw error;
  }
}

function readHolder(file: string): LockHolder | undefined {
  try {
    const match = /^(\d+) (\d+) (.*)$/s.exec(readlinkSync(file));
    return match === null ? undefined : { pid: Number(match[1]), startTicks: Number(match[2]), note: match[3] ?? '' };
  } catch (error) {
    // EINVAL: no link. Else given back meanwhile: no holder.
    return isCode(error, 'EINVAL') ? readOlderHolder(file) : undefined;
  }
}

/** Earlier versions wrote a file of JSON; one of them may still run. */
function readOlderHolder(file: string): LockHolder | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (!isRecord(value)) return undefined;
    const { pid, startTicks, machineId, sinceMs } = value;
    if (typeof pid !== 'number' || typeof startTicks !== 'number') return undefined;
    return { pid, startTicks, note: `${machineId ?? ''} ${sinceMs ?? ''}` };
  } catch {
    // Given back meanwhile, or nothing that we wrote: in both cases no holder.
    return undefined;
  }
}

function isAlive(holder: LockHolder): boolean {
  const stat = readProcessStat(holder.pid);
  return stat !== undefined && stat.state !== 'Z' && stat.startTicks === holder.startTicks;
}
