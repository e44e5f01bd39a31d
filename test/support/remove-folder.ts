import { rmSync } from 'node:fs';

/** Removes a test's folder, with patience: a program that was just told to end may still write what it keeps. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
}
