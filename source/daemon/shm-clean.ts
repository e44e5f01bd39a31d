/**
 * Removes segments that nobody can use any more. An orphan must be proven, twice, some seconds apart: the same file both
 * times, no lock on it, mapped by no process, its maker gone. Then the kernel is asked itself: the file is removed by
 * flock(1) while that holds the exclusive lock, which it gets only where no process of this kernel holds a shared one, as
 * each of zenoh's users does. Where this process does not see all others, in a container, nothing is removed.
 */
import { execFile } from 'node:child_process';
import { lstatSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { isCode, messageOf } from './home.ts';
import { findMappers, seesEveryProcess } from './shm-maps.ts';
import type { ShmScanner } from './shm-scan.ts';

export interface CleanOptions {
  readonly scanner: ShmScanner;
  /** Only tell what would be removed. */
  readonly isDryRun: boolean;
  /** Aborted when the daemon ends: nothing is removed from then on. */
  readonly signal?: AbortSignal;
  /** Between the two looks; default 3000. */
  readonly pauseMs?: number;
  /** Default: found out. */
  readonly seesEveryProcess?: boolean;
}

/** A segment, and what was done with it or why it stays. */
export interface CleanedSegment {
  readonly name: string;
  readonly sizeBytes: number;
  readonly kept?: string;
}

export type CleanResult =
  | { readonly ok: true; readonly removed: readonly CleanedSegment[]; readonly kept: readonly CleanedSegment[] }
  | { readonly ok: false; readonly reason: string };

const PAUSE_MS = 3_000;
const FLOCK_LIMIT_MS = 5_000;

interface Suspect {
  readonly name: string;
  readonly sizeBytes: number;
  /** Undefined where it is an orphan for all that can be seen. */
  readonly kept: string | undefined;
  readonly key: string;
}

/** With `isDryRun` the removed are those that would be. Never rejects. */
export async function cleanShm(options: CleanOptions): Promise<CleanResult> {
  if (!(options.seesEveryProcess ?? seesEveryProcess())) {
    return {
      ok: false,
      reason:
        'The daemon runs in a container with process ids of its own: it cannot see who else uses this /dev/shm, so it removes nothing. Run it on the machine itself.',
    };
  }
  try {
    const first = new Map(look(options.scanner).map((suspect) => [suspect.key, suspect]));
    if (first.size === 0) return { ok: true, removed: [], kept: [] };
    await sleep(options.pauseMs ?? PAUSE_MS, undefined, { signal: options.signal });
    const removed: CleanedSegment[] = [];
    const kept: CleanedSegment[] = [];
    for (const { name, sizeBytes, key, kept: reason } of look(options.scanner)) {
      const before = first.get(key);
      const why = before === undefined ? 'it became an orphan just now' : (before.kept ?? reason);
      const refusal = why ?? (options.isDryRun ? undefined : await remove(`${options.scanner.folder}/${name}`));
      if (refusal === undefined) removed.push({ name, sizeBytes });
      else kept.push({ name, sizeBytes, kept: refusal });
    }
    return { ok: true, removed, kept };
  } catch (error) {
    return { ok: false, reason: options.signal?.aborted ? 'The daemon is stopping.' : messageOf(error) };
  }
}

/** Segments without a lock, each with a reason to keep it where there is one. */
function look(scanner: ShmScanner): readonly Suspect[] {
  const orphans = scanner.scanNow().segments.filter(({ orphan }) => orphan);
  const mappers = findMappers(new Set(orphans.map(({ name }) => `${scanner.folder}/${name}`)));
  return orphans.flatMap(({ name, sizeBytes }): Suspect[] => {
    const file = `${scanner.folder}/${name}`;
    const stats = lstatSync(file, { throwIfNoEntry: false });
    if (!stats?.isFile()) return [];
    const kept = reasonToKeep(stats.uid, scanner.isMakerAlive(name, stats.ino), mappers.get(file));
    return [{ name, sizeBytes, key: `${name} ${stats.ino}`, kept }];
  });
}

function reasonToKeep(uid: number, isMakerAlive: boolean, mapper: number | undefined): string | undefined {
  if (uid !== process.getuid?.()) return `it belongs to another user (${uid})`;
  if (isMakerAlive) return 'the process that made it still runs';
  return mapper === undefined ? undefined : `process ${mapper} has it mapped`;
}

/** The reason where it was not removed. */
function remove(file: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    // Short options: busybox knows only them.
    const words = ['-x', '-n', file, 'rm', '-f', '--', file];
    execFile('flock', words, { timeout: FLOCK_LIMIT_MS, killSignal: 'SIGKILL' }, (error, _stdout, stderr) => {
      if (error === null) resolve(undefined);
      else if (isCode(error, 'ENOENT')) resolve('the program flock (Debian: util-linux) is missing');
      else if (error.code === 1 && stderr === '') resolve('a process that cannot be seen from here holds a lock on it');
      else resolve(stderr.trim().split('\n')[0] ?? messageOf(error));
    });
  });
}
