import { setTimeout as sleep } from 'node:timers/promises';
import { isCode } from './home.ts';
import { findFamily, findMarked, readProcFile } from './proc.ts';

/** From SIGTERM to SIGKILL. */
export const GRACE_MS = 5_000;
/** How often a family that was told to end is looked at: soon at first, then seldom, since each look reads /proc. */
const FIRST_LOOK_MS = 20;
const LAST_LOOK_MS = 250;

/** Marks every process of one start, so that one which leaves the process group is still found. */
export const START_MARKER = 'BUBBALOOP_NODE_START';

/** Marks every process of a home, so that those which outlived their daemon are found by the next. */
export const HOME_MARKER = 'BUBBALOOP_DAEMON_HOME';

/**
 * Ends what a daemon of this home left behind when it was killed, those of the starts `keep` apart; returns how many
 * processes there were. The caller holds the home's lock, so none of them has a daemon.
 */
export async function endLeftovers(
  homeFolder: string,
  options: { readonly graceMs?: number; readonly keep?: ReadonlySet<string> } = {},
): Promise<number> {
  const { graceMs = GRACE_MS, keep = new Set<string>() } = options;
  const find = () => findMarked(`${HOME_MARKER}=${homeFolder}`).filter((pid) => !keep.has(startIdOf(pid)));
  const found = find();
  for (const pid of found) sendSignal(pid, 'SIGTERM');
  const limitMs = performance.now() + graceMs;
  for (let left = found; left.length > 0; left = find()) {
    if (performance.now() > limitMs) for (const pid of left) sendSignal(pid, 'SIGKILL');
    await sleep(LAST_LOOK_MS / 2);
  }
  return found.length;
}

/** Which start a process belongs to, empty where none. */
function startIdOf(pid: number): string {
  const words = readProcFile(pid, 'environ')?.split('\0') ?? [];
  return words.find((word) => word.startsWith(`${START_MARKER}=`))?.slice(START_MARKER.length + 1) ?? '';
}

/** A process group and whoever left it. */
export class Family {
  readonly #groupId: number;
  readonly #marker: string;
  readonly #graceMs: number;
  /** Start of the leader: nobody older is of this family, also not where process ids have come round. */
  readonly #sinceTicks: number;
  #killAtMs = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    readonly groupId: number;
    readonly marker: string;
    readonly graceMs: number;
    readonly sinceTicks: number;
  }) {
    this.#groupId = options.groupId;
    this.#marker = options.marker;
    this.#graceMs = options.graceMs;
    this.#sinceTicks = options.sinceTicks;
  }

  /** SIGTERM now, SIGKILL when the time is over. */
  terminate(): void {
    if (this.#timer !== undefined) return;
    this.#killAtMs = performance.now() + this.#graceMs;
    this.#signalAll('SIGTERM');
    this.#timer = setTimeout(() => this.#signalAll('SIGKILL'), this.#graceMs);
  }

  /** After its leader ended: what is left is told to end, and gets what remains of the time. */
  async clear(): Promise<void> {
    try {
      let lookMs = FIRST_LOOK_MS;
      while (this.#members().length > 0) {
        if (this.#timer === undefined) this.terminate();
        if (performance.now() > this.#killAtMs) this.#signalAll('SIGKILL');
        await sleep(lookMs);
        lookMs = Math.min(lookMs * 1.5, LAST_LOOK_MS);
      }
    } finally {
      clearTimeout(this.#timer);
    }
  }

  #members(): readonly number[] {
    return findFamily(this.#groupId, this.#marker, this.#sinceTicks);
  }

  #signalAll(signal: NodeJS.Signals): void {
    for (const pid of new Set([-this.#groupId, ...this.#members()])) sendSignal(pid, signal);
  }
}

export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // ESRCH: ended by itself meanwhile, as wanted. EPERM: it changed its user; there is nothing more we may do.
    if (!isCode(error, 'ESRCH') && !isCode(error, 'EPERM')) throw error;
  }
}
