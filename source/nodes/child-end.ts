import type { ChildProcess } from 'node:child_process';

const TERM_MS = 2_000;

/** SIGTERM, and SIGKILL for one that does not hear it. Resolves when the child is gone; one that never ran is. */
export function endChild(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), TERM_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}
