import { readlinkSync } from 'node:fs';
import { listPids, readProcFile } from './proc.ts';

/**
 * For each of `files` that is mapped a process that maps it, as far as this user may see: mode 0600 lets only its owner
 * and root map it.
 */
export function findMappers(files: ReadonlySet<string>): ReadonlyMap<string, number> {
  const mappers = new Map<string, number>();
  for (const pid of listPids()) {
    // A file that had the name before and is unlinked does not count: its line has one word more.
    for (const [, file = ''] of (readProcFile(pid, 'maps') ?? '').matchAll(/ (\/\S+\.zenoh)$/gm)) {
      if (files.has(file)) mappers.set(file, pid);
    }
  }
  return mappers;
}

/**
 * Those of `files` that one of the processes keeps in memory by mlock(2), so that they are never swapped out. Processes
 * that lock nothing, nearly all, cost one short read each.
 */
export function findLocked(files: ReadonlySet<string>, pids: Iterable<number>): ReadonlySet<string> {
  const locked = new Set<string>();
  for (const pid of pids) {
    const lockedKb = Number(/^VmLck:\s+(\d+) kB$/m.exec(readProcFile(pid, 'status') ?? '')?.[1] ?? 0);
    if (lockedKb === 0) continue;
    let file = '';
    for (const line of readProcFile(pid, 'smaps')?.split('\n') ?? []) {
      if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) file = line.slice(line.indexOf('/'));
      else if (files.has(file) && /^VmFlags:.* lo( |$)/.test(line)) locked.add(file);
    }
  }
  return locked;
}

/** Inode of the machine's first pid namespace, PROC_PID_INIT_INO of the kernel's include/linux/proc_ns.h. */
const FIRST_NAMESPACE = 'pid:[4026531836]';

/**
 * Whether /proc shows every process of this kernel. In a container with pids of its own it does not, and neither does
 * /proc/locks: who shares the host's /dev/shm there must take each segment of the host's for an orphan.
 */
export function seesEveryProcess(): boolean {
  try {
    return readlinkSync('/proc/self/ns/pid') === FIRST_NAMESPACE;
  } catch {
    // A /proc that hides even that hides more.
    return false;
  }
}
