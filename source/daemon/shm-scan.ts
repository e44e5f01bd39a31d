/**
 * Who holds the machine's shared memory. Nothing in zenoh's admin space tells; the kernel does. Measured with zenoh
 * 1.10.2 (zenoh-shm, src/shm/unix.rs) on Linux 6.18, a provider and a subscriber in two processes:
 * - every process that uses a segment, its creator and each reader, has it mapped and holds a shared flock on it, so
 *   /proc/locks lists pid and inode of all users with one read, whoever they are;
 * - a file without any lock is an orphan: zenoh's own clean-up applies the same test;
 * - lock mode, open flags, mapping flags and the order of locks are the same for creator and reader. What differs is who
 *   writes: in /proc/{pid}/smaps the creator's dirty pages (a whole frame in a data segment, 1028 kB of 1280 in a
 *   metadata segment) stand against 0 to 8 kB of a reader. And only a process older than the file can have made it;
 * - a segment is seen to be made: on its first sight it mostly has one user, its creator.
 * Not seen: users outside the pid namespace of this process, where it is in a container that shares the machine's
 * /dev/shm; their segments look like orphans.
 */
import { readdirSync, readFileSync, type Stats, statfsSync, statSync } from 'node:fs';
import type { ShmLedger, ShmProcess, ShmSegment } from '../wire/shm-ledger.ts';
import { isCode } from './home.ts';
import { processName, readProcessStat, readProcFile, TICKS_PER_SECOND } from './proc.ts';
import { type NodeRun, type SeenSegment, ShmGrowthRecord } from './shm-growth.ts';
import { findLocked } from './shm-maps.ts';

export interface ShmScannerOptions {
  readonly machineId: string;
  /** A name better than the program's, for processes that the caller knows (nodes); by pid. */
  readonly nameOf?: (pid: number) => string | undefined;
  /** The node that a process belongs to, and the process that the node was started as; for the record of growth. */
  readonly runOf?: (pid: number) => NodeRun | undefined;
  /** Default `/dev/shm`. */
  readonly folder?: string;
  /** Content of `/proc/locks`; for tests. */
  readonly readLocks?: () => string;
}

const SEGMENT = /^\d+\.zenoh$/;
/** A scan is answered again for so long. */
const KEEP_MS = 1_000;

interface Owner {
  readonly pid: number;
  readonly startTicks: number;
}

/** Scans on demand, at most once a second. */
export class ShmScanner {
  readonly #options: ShmScannerOptions;
  readonly folder: string;
  readonly #growth = new ShmGrowthRecord();
  /** Who made a segment, by name and inode: found once, true for as long as that process lives. */
  #owners = new Map<string, Owner>();
  #last: { readonly ledger: ShmLedger; readonly atMs: number } | undefined;

  constructor(options: ShmScannerOptions) {
    this.#options = options;
    this.folder = options.folder ?? '/dev/shm';
  }

  scan(nowMs: number = Date.now()): ShmLedger {
    const age = this.#last === undefined ? Number.POSITIVE_INFINITY : nowMs - this.#last.atMs;
    if (this.#last !== undefined && age >= 0 && age < KEEP_MS) return this.#last.ledger;
    return this.scanNow(nowMs);
  }

  scanNow(nowMs: number = Date.now()): ShmLedger {
    const ledger = this.#scan(nowMs);
    this.#last = { ledger, atMs: nowMs };
    return ledger;
  }

  /** Whether the process that made a segment still runs, though it may have let go of it. */
  isMakerAlive(name: string, inode: number): boolean {
    const maker = this.#owners.get(`${name} ${inode}`);
    return maker !== undefined && isAlive(maker);
  }

  #scan(nowMs: number): ShmLedger {
    const names = new Map<number, string>();
    const nameOf = (pid: number): string => {
      const known = names.get(pid) ?? this.#options.nameOf?.(pid) ?? processName(pid);
      names.set(pid, known);
      return known;
    };
    const files = this.#files();
    const device = files[0] === undefined ? undefined : deviceName(files[0].stats.dev);
    const users =
      device === undefined
        ? new Map<number, number[]>()
        : lockHolders((this.#options.readLocks ?? readLocks)(), device);
    const owners = new Map<string, Owner>();
    const seen = files.map(({ name, stats }): SeenSegment => {
      const pids = users.get(stats.ino) ?? [];
      const key = `${name} ${stats.ino}`;
      const maker = this.#owners.get(key) ?? findOwner(`${this.folder}/${name}`, stats, pids);
      if (maker !== undefined) owners.set(key, maker);
      // A maker that let go leaves its segment to its readers: none of them becomes the owner.
      const owner = maker !== undefined && pids.includes(maker.pid) && isAlive(maker) ? maker : undefined;
      const process = (pid: number): ShmProcess => ({ pid, name: nameOf(pid) });
      const segment: ShmSegment = {
        name,
        sizeBytes: stats.size,
        owner: owner === undefined ? undefined : process(owner.pid),
        readers: pids.filter((pid) => pid !== owner?.pid).map(process),
        orphan: pids.length === 0,
      };
      return { segment, takenBytes: takenBytes(stats), key };
    });
    const paths = new Set(files.map(({ name }) => `${this.folder}/${name}`));
    const locked = findLocked(paths, new Set([...users.values()].flat().filter((pid) => names.has(pid))));
    // Owners of files that are gone are forgotten with the old map.
    this.#owners = owners;
    const { totalBytes, freeBytes } = fileSystemSize(this.folder);
    return {
      machineId: this.#options.machineId,
      timestampMs: nowMs,
      totalBytes,
      freeBytes,
      usedBytes: sum(seen),
      lockedBytes: sum(seen.filter(({ segment }) => locked.has(`${this.folder}/${segment.name}`))),
      segments: seen.map(({ segment }) => segment),
      growth: this.#growth.take(seen, this.#options.runOf ?? (() => undefined)),
    };
  }

  #files(): readonly { readonly name: string; readonly stats: Stats }[] {
    return listFolder(this.folder)
      .filter((name) => SEGMENT.test(name))
      .sort()
      .flatMap((name) => {
        const stats = statSync(`${this.folder}/${name}`, { throwIfNoEntry: false });
        return stats?.isFile() ? [{ name, stats }] : [];
      });
  }
}

/** Unit of st_blocks: stat(2). */
function takenBytes(stats: Stats): number {
  return stats.blocks * 512;
}

function sum(seen: readonly SeenSegment[]): number {
  return seen.reduce((total, { takenBytes }) => total + takenBytes, 0);
}

function isAlive(owner: Owner): boolean {
  return readProcessStat(owner.pid)?.startTicks === owner.startTicks;
}

/** Of the users the one that wrote most, among those older than the file. */
function findOwner(file: string, stats: Stats, pids: readonly number[]): Owner | undefined {
  const all = pids.flatMap((pid): Owner[] => {
    const startTicks = readProcessStat(pid)?.startTicks;
    return startTicks === undefined ? [] : [{ pid, startTicks }];
  });
  const older = all.filter(({ startTicks }) => startedAtMs(startTicks) <= stats.birthtimeMs + CLOCK_SLACK_MS);
  // None is older where the clock was set after the file was made, as on a board without a battery: then that tells nothing.
  const old = older.length > 0 ? older : all;
  if (old.length <= 1) return old[0];
  const [first] = old
    .map((owner) => ({ owner, dirtyKb: dirtyKilobytes(owner.pid, file) }))
    // As much written by both: a segment of one handshake, made by the session that was opened last.
    .sort((left, right) => right.dirtyKb - left.dirtyKb || right.owner.startTicks - left.owner.startTicks);
  return first?.owner;
}

/** Start times come in ticks of 10 ms since a boot time known to the second. */
const CLOCK_SLACK_MS = 1_000;
function startedAtMs(ticks: number): number {
  return bootTimeMs() + (ticks * 1_000) / TICKS_PER_SECOND;
}

function bootTimeMs(): number {
  return Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? 0) * 1_000;
}

/** What a process wrote to its mapping of a file; 0 where that is not ours to see. proc(5), smaps. */
function dirtyKilobytes(pid: number, file: string): number {
  const lines = readProcFile(pid, 'smaps')?.split('\n') ?? [];
  let isFile = false;
  let dirtyKb = 0;
  for (const line of lines) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) isFile = line.endsWith(` ${file}`);
    else if (isFile) dirtyKb += Number(/^(?:Shared|Private)_Dirty: +(\d+) kB/.exec(line)?.[1] ?? 0);
  }
  return dirtyKb;
}

function readLocks(): string {
  try {
    return readFileSync('/proc/locks', 'latin1');
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'EACCES')) return '';
    throw error;
  }
}

/** A file system as /proc/locks names it, `00:1b`: major and minor number out of stat's `dev`, makedev(3). */
export function deviceName(dev: number): string {
  const major = Math.floor(dev / 0x100) % 0x1000;
  const minor = (dev % 0x100) + Math.floor(dev / 0x100000) * 0x100;
  return [major, minor].map((number) => number.toString(16).padStart(2, '0')).join(':');
}

/**
 * Pids that hold a flock on a file of that device, by inode. Lines: `1: FLOCK  ADVISORY  READ 18632 00:1b:21 0 EOF`, proc(5).
 * Every container's /dev/shm numbers its files from 2 on: the inode alone would make one's segment another's.
 */
export function lockHolders(locks: string, device: string): Map<number, number[]> {
  const holders = new Map<number, number[]>();
  for (const match of locks.matchAll(/^\d+: FLOCK +\S+ +\S+ +(\d+) ([0-9a-f]+:[0-9a-f]+):(\d+) /gm)) {
    if (match[2] !== device) continue;
    const [pid, inode] = [Number(match[1]), Number(match[3])];
    const pids = holders.get(inode) ?? [];
    if (!pids.includes(pid)) pids.push(pid);
    holders.set(inode, pids);
  }
  return holders;
}

function listFolder(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    // A machine without shared memory has none in use.
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}

function fileSystemSize(folder: string): { readonly totalBytes: number; readonly freeBytes: number } {
  try {
    const { blocks, bavail, bsize } = statfsSync(folder);
    return { totalBytes: blocks * bsize, freeBytes: bavail * bsize };
  } catch (error) {
    if (isCode(error, 'ENOENT')) return { totalBytes: 0, freeBytes: 0 };
    throw error;
  }
}
