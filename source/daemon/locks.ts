/** What is locked: a home while its daemon runs, the registry while someone edits it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { UserError } from '../errors.ts';
import { cannotWrite, type Home } from './home.ts';
import { type LockHolder, tryLock } from './lock-file.ts';

/** An edit takes milliseconds: who holds the lock for longer was stopped, or its disk hangs. */
const EDIT_WAIT_MS = 5_000;
const LOOK_MS = 10;

/**
 * Takes the home for this process, so that no node is started twice. Returns the function that gives it back. Throws
 * UserError that names the holder, or says why the home cannot be written.
 */
export function lockHome(home: Home, machineId: string): () => void {
  const attempt = writing(home.lockFile, () => tryLock(home.lockFile, `${machineId} ${Date.now()}`));
  if (attempt.isTaken) return attempt.giveBack;
  throw heldBy(home, attempt.holder);
}

function heldBy(home: Home, { pid, note }: LockHolder): UserError {
  const [machineId, time] = note.split(' ');
  const sinceMs = Number(time);
  const since = sinceMs > 0 && sinceMs < 8.64e15 ? ` since ${new Date(sinceMs).toISOString()}` : '';
  return new UserError(`A daemon already runs on ${home.folder}: process ${pid}, machine ${machineId}${since}.`, {
    hint: `Stop it with \`kill ${pid}\`, or give this one a folder of its own with --home.`,
  });
}

/**
 * Runs `work` while no other process, and no other call in this one, edits `file`. Throws UserError that names a holder
 * which does not let go, or says why the lock cannot be written.
 */
export async function withRegistryLock<T>(
  file: string,
  work: () => Promise<T>,
  options: { readonly waitMs?: number } = {},
): Promise<T> {
  const lock = `${file}.lock`;
  const limitMs = performance.now() + (options.waitMs ?? EDIT_WAIT_MS);
  for (;;) {
    const attempt = writing(file, () => tryLock(lock));
    if (attempt.isTaken) {
      try {
        return await work();
      } finally {
        attempt.giveBack();
      }
    }
    if (performance.now() > limitMs) {
      throw new UserError(`Process ${attempt.holder.pid} holds ${lock} and does not let go.`, {
        hint: 'If it hangs, end it; the lock of a process that is gone is taken over by itself.',
      });
    }
    await sleep(LOOK_MS);
  }
}

function writing<T>(file: string, take: () => T): T {
  try {
    return take();
  } catch (error) {
    throw error instanceof UserError ? error : cannotWrite(file, error);
  }
}
