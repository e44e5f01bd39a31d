/**
 * Reads a recording from its beginning to its end, as fast as whoever asks has time, and keeps what a walk to one moment
 * cannot tell: which alerts there were, what had changed, and from where one can go on.
 */
import { type Alert, type Alerts, NO_ALERTS } from './alert.ts';
import { FleetMemory } from './fleet-memory.ts';
import { sizeOfHistory } from './history.ts';
import type { RecordingPiece } from './recording.ts';
import type { RuleSet } from './rules.ts';
import { type FleetState, initialState } from './state.ts';
import { TapeCursor, type TapeMark } from './tape-cursor.ts';
import type { TimelineEntry } from './timeline.ts';

export interface TapeIndexOptions {
  readonly rules: RuleSet;
  words(alert: Alert, state: FleetState, nowMs: number): string;
  /** Milliseconds that only go on, for how far apart the points of return are laid; a test has its own. */
  clock?(): number;
}

/** Going on from a checkpoint to the next takes about this long. */
const CHECKPOINT_COST_MS = 15;
const MAX_CHECKPOINTS = 400;
/** Each holds all figures of the last minutes; of a large fleet there are fewer. */
const MAX_HISTORY_BYTES = 64 << 20;
/** Places in the lists of alerts of all moments; of a longer recording every second list is left out, and so on. */
const MAX_ALERTS = 4_000_000;
/** Events of a whole recording that are kept. */
const MAX_EVENTS = 50_000;
const LOOK_STEP_MS = 1_000;
/** A computer that slept for a day is not looked at for each of its seconds. */
const MAX_LOOKS = 600;

export class TapeIndex {
  readonly #options: TapeIndexOptions;
  readonly #clock: () => number;
  readonly #cursor: TapeCursor;
  #checkpoints: TapeMark[] = [];
  /** In order of time. */
  #alerts: { readonly atMs: number; readonly alerts: Alerts }[] = [];
  #alertCount = 0;
  #memory: FleetMemory | undefined;
  #newestFirst: readonly TimelineEntry[] = [];
  #events: readonly TimelineEntry[] = [];
  /** Work from one checkpoint to the next, and how much of it is done. */
  #stepMs = CHECKPOINT_COST_MS;
  #workedMs = Number.POSITIVE_INFINITY;
  #reachedMs: number;
  #isDone = false;

  constructor(pieces: readonly RecordingPiece[], startMs: number, options: TapeIndexOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now());
    this.#cursor = new TapeCursor(pieces);
    this.#reachedMs = startMs;
  }

  /** All until this moment has been read. */
  get reachedMs(): number {
    return this.#reachedMs;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Whether a state has been found that can be shown. */
  get hasState(): boolean {
    return this.#memory !== undefined;
  }

  /** Records that could not be read until now. */
  get badCount(): number {
    return this.#cursor.badCount;
  }

  /** What had changed, oldest first; the same list as long as nothing is added. */
  get events(): readonly TimelineEntry[] {
    const entries = this.#memory?.events ?? [];
    if (entries !== this.#newestFirst) {
      this.#newestFirst = entries;
      this.#events = entries.toReversed();
    }
    return this.#events;
  }

  alertsAt(atMs: number): Alerts {
    return lastBefore(this.#alerts, atMs)?.alerts ?? NO_ALERTS;
  }

  /** The last point of return before that moment. */
  checkpointBefore(atMs: number): TapeMark | undefined {
    return lastBefore(this.#checkpoints, atMs);
  }

  /** Reads on for about so long, one step at the least. */
  read(forMs: number): void {
    const untilMs = this.#clock() + forMs;
    do this.#step();
    while (!this.#isDone && this.#clock() < untilMs);
  }

  #step(): void {
    if (this.#workedMs >= this.#stepMs) this.#layCheckpoint();
    const cursor = this.#cursor;
    const beganMs = this.#clock();
    const atMs = cursor.nextAtMs();
    if (atMs === undefined) {
      this.#isDone = true;
      return;
    }
    cursor.advance();
    if (cursor.state !== undefined) this.#take(cursor.state, atMs);
    this.#workedMs += this.#clock() - beganMs;
  }

  #take(state: FleetState, atMs: number): void {
    const { rules, words } = this.#options;
    this.#memory ??= new FleetMemory({ rules, words, state: initialState(state.endpoint, atMs), length: MAX_EVENTS });
    const memory = this.#memory;
    // Time that goes by between two steps may break a rule, too.
    const last = Math.min(atMs - 1, this.#reachedMs + MAX_LOOKS * LOOK_STEP_MS);
    for (let between = this.#reachedMs + LOOK_STEP_MS; between <= last; between += LOOK_STEP_MS) {
      this.#note(memory.look(between), between);
    }
    memory.turnTo(state, atMs);
    this.#reachedMs = Math.max(this.#reachedMs, atMs);
    this.#note(memory.look(atMs), atMs);
  }

  #note(alerts: Alerts, atMs: number): void {
    if (this.#alerts.at(-1)?.alerts === alerts) return;
    this.#alerts.push({ atMs, alerts });
    this.#alertCount += alerts.active.length + alerts.silenced.length;
    if (this.#alertCount <= MAX_ALERTS) return;
    this.#alerts = this.#alerts.filter((_list, place) => place % 2 === 0);
    this.#alertCount /= 2;
  }

  #layCheckpoint(): void {
    const mark = this.#cursor.mark();
    if (mark === undefined) return;
    this.#checkpoints.push(mark);
    this.#workedMs = 0;
    if (!this.#hasTooManyCheckpoints()) return;
    this.#checkpoints = this.#checkpoints.filter((_point, place) => place % 2 === 0);
    this.#stepMs *= 2;
  }

  #hasTooManyCheckpoints(): boolean {
    const count = this.#checkpoints.length;
    if (count > MAX_CHECKPOINTS) return true;
    const { history } = this.#checkpoints.at(-1) ?? {};
    return history !== undefined && count > 2 && sizeOfHistory(history) * count > MAX_HISTORY_BYTES;
  }
}

/** How many of a list in order of time are not after `atMs`. */
export function countBefore(list: readonly { readonly atMs: number }[], atMs: number): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle]?.atMs ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

function lastBefore<T extends { readonly atMs: number }>(list: readonly T[], atMs: number): T | undefined {
  return list[countBefore(list, atMs) - 1];
}
