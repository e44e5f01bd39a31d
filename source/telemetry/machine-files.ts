import { readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';

/** Where the machine's own files lie. Another machine's recorded files can stand in for them. */
export interface MachineRoots {
  /** Default `/proc`. */
  readonly proc: string;
  /** Default `/sys`. */
  readonly sys: string;
  /** Any path on the file system whose size counts as the machine's disk; default `/`. */
  readonly disk: string;
  /** NVIDIA's nvpmodel keeps the power mode here; default `/var/lib/nvpmodel/status`. */
  readonly powerModeFile: string;
  /** Names of the power modes; default `/etc/nvpmodel.conf`. */
  readonly powerModeNames: string;
}

export const OWN_MACHINE: MachineRoots = {
  proc: '/proc',
  sys: '/sys',
  disk: '/',
  powerModeFile: '/var/lib/nvpmodel/status',
  powerModeNames: '/etc/nvpmodel.conf',
};

/** Undefined where the machine has no such file. For files that answer at once: /proc. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Which files exist differs from board to board, and from moment to moment: a missing one is an answer.
    return undefined;
  }
}

/**
 * The same for sensors, which may make the reader wait (a bus) or refuse (EAGAIN of a rail that is switched off): the
 * daemon answers others meanwhile.
 */
export async function readSensorText(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).replaceAll('\0', '').trim();
  } catch {
    return undefined;
  }
}

export async function readSensor(path: string): Promise<number | undefined> {
  const text = await readSensorText(path);
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** Names in a folder, in the order of their numbers; empty where there is none. */
export function listNames(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort((left, right) => left.localeCompare(right, 'en', { numeric: true }));
  } catch {
    return [];
  }
}
