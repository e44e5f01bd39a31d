/** File systems that a test may fill or close. Mounting wants root, as tests of whole machines have it. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** A small file system of its own at `folder`. */
export class SmallDisk {
  readonly folder: string;

  constructor(folder: string, sizeBytes = 2 * 1024 * 1024) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder]);
  }

  /** Until nothing more fits. */
  fill(): void {
    const file = openSync(join(this.folder, 'filler'), 'a');
    const page = new Uint8Array(4_096);
    try {
      for (;;) writeSync(file, page);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
    } finally {
      closeSync(file);
    }
  }

  /** Room again. */
  clear(): void {
    rmSync(join(this.folder, 'filler'));
  }

  unmount(): void {
    // Lazy: a process that a failed test left behind must not keep it.
    execFileSync('umount', ['--lazy', this.folder]);
  }
}

/** Closes a folder for writing, or opens it; files that are open stay writable. */
export function setReadOnly(folder: string, isReadOnly: boolean): void {
  if (!isReadOnly) return void execFileSync('umount', ['--lazy', folder]);
  execFileSync('mount', ['--bind', folder, folder]);
  execFileSync('mount', ['-o', 'remount,bind,ro', folder]);
}
