/** What is worked out of a machine's figures, for rules, history and panes alike. */
import type { MachineLoad, ShmInfo } from './state.ts';

/** Memory in use, 0 to 100; undefined where the machine does not tell. */
export function memoryPercent(load: MachineLoad | undefined): number | undefined {
  if (load?.memoryUsedBytes === undefined || !load.memoryTotalBytes) return undefined;
  return (load.memoryUsedBytes / load.memoryTotalBytes) * 100;
}

/** Shared memory taken, by zenoh or by anything else, 0 to 100; undefined where nothing is known of it. */
export function shmTakenPercent(shm: ShmInfo | undefined): number | undefined {
  if (shm === undefined || shm.totalBytes <= 0) return undefined;
  return Math.min(100, Math.max(0, (1 - shm.freeBytes / shm.totalBytes) * 100));
}
