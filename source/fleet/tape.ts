/**
 * A recording that can be stood at any of its moments: the state of the fleet then, its alerts, what had changed, how its
 * figures had gone, and what was known of keys.
 */
import { type Alert, type Alerts, NO_ALERTS } from './alert.ts';
import { FleetMemory } from './fleet-memory.ts';
import { sizeOfHistory, type Trends } from './history.ts';
import type { RecordedTopics } from './recorded-topics.ts';
import type { Recording, RecordingPiece } from './recording.ts';
import type { RuleSet } from './rules.ts';
import { type FleetState, initialState } from './state.ts';
import { TapeCursor, type TapeMark } from './tape-cursor.ts';
import { TIMELINE_LENGTH, type TimelineEntry } from './timeline.ts';

export interface TapeOptions {
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
/** Events of a whole recording that are kept. */
const MAX_EVENTS = 50_000;

export class Tape {
  readonly #pieces: readonly RecordingPiece[];
  #checkpoints: TapeMark[] = [];
  /** In order of time. */
  readonly #alerts: { readonly atMs: number; readonly alerts: Alerts }[] = [];
  #events: readonly TimelineEntry[] = [];
  #problem: string;
  #startMs = 0;
  #endMs = 0;
  #cursor: TapeCursor;

  constructor({ places, problem }: Recording, options: TapeOptions) {
    this.#pieces = places.flat();
    this.#problem = problem;
    this.#startMs = this.#pieces[0]?.atMs ?? 0;
    this.#cursor = new TapeCursor(this.#pieces);
    this.#index(options);
  }

  get startMs(): number {
    return this.#startMs;
  }

  get endMs(): number {
    return this.#endMs;
  }

  /** What is wrong with the recording; empty where nothing is. */
  get problem(): string {
    return this.#problem;
  }

  /** The newest state not after `atMs`; at the least the first. */
  stateAt(atMs: number): FleetState {
    return this.#goTo(atMs).state ?? initialState('', this.#startMs);
  }

  /** What was known of keys, where the Topics pane was shown until then. */
  topicsAt(atMs: number): RecordedTopics {
    return this.#goTo(atMs).topics;
  }

  /** How figures had gone until then. It is good until another moment is asked for. */
  trendsAt(atMs: number): Trends {
    return this.#goTo(atMs).history;
  }

  #goTo(atMs: number): TapeCursor {
    const wantedMs = Math.max(atMs, this.#startMs);
    const near = lastBefore(this.#checkpoints, wantedMs);
    const isBehind = this.#cursor.passedMs > wantedMs;
    if (isBehind || (near !== undefined && near.piece > this.#cursor.piece)) {
      this.#cursor = new TapeCursor(this.#pieces, near);
    }
    const cursor = this.#cursor;
    for (;;) {
      const nextMs = cursor.nextAtMs();
      if (nextMs === undefined || (nextMs > wantedMs && cursor.state !== undefined)) break;
      cursor.advance();
    }
    cursor.pass(wantedMs);
    return cursor;
  }

  alertsAt(atMs: number): Alerts {
    return lastBefore(this.#alerts, Math.max(atMs, this.#startMs))?.alerts ?? NO_ALERTS;
  }

  /** What had changed until then, newest first. */
  eventsAt(atMs: number): readonly TimelineEntry[] {
    const end = countBefore(this.#events, atMs);
    if (end !== this.#shownEnd) {
      this.#shownEnd = end;
      this.#shown = this.#events.slice(Math.max(0, end - TIMELINE_LENGTH), end).reverse();
    }
    return this.#shown;
  }

  #shownEnd = -1;
  #shown: readonly TimelineEntry[] = [];

  /** Plays all of it once, for alerts and events, and lays the points of return. */
  #index({ rules, words, clock = () => performance.now() }: TapeOptions): void {
    const cursor = new TapeCursor(this.#pieces);
    let memory: FleetMemory | undefined;
    let stepMs = CHECKPOINT_COST_MS;
    let workedMs = Number.POSITIVE_INFINITY;
    let reachedMs = this.#startMs;
    for (;;) {
      if (workedMs >= stepMs) {
        const mark = cursor.mark();
        if (mark !== undefined) {
          this.#checkpoints.push(mark);
          workedMs = 0;
          if (this.#hasTooManyCheckpoints()) {
            this.#checkpoints = this.#checkpoints.filter((_point, place) => place % 2 === 0);
            stepMs *= 2;
          }
        }
      }
      const beganMs = clock();
      const atMs = cursor.nextAtMs();
      if (atMs === undefined) break;
      cursor.advance();
      const { state } = cursor;
      if (state !== undefined) {
        memory ??= new FleetMemory({ rules, words, state: initialState(state.endpoint, atMs), length: MAX_EVENTS });
        // Time that goes by between two steps may break a rule, too.
        this.#lookBetween(memory, reachedMs, atMs);
        memory.turnTo(state, atMs);
        reachedMs = Math.max(reachedMs, atMs);
        this.#note(memory.look(atMs), atMs);
      }
      workedMs += clock() - beganMs;
    }
    this.#endMs = reachedMs;
    this.#events = memory === undefined ? [] : [...memory.events].reverse();
    const bad = cursor.badCount;
    if (bad > 0) this.#problem = [this.#problem, `${bad} of its records cannot be read`].filter(Boolean).join('; ');
  }

  #hasTooManyCheckpoints(): boolean {
    const count = this.#checkpoints.length;
    if (count > MAX_CHECKPOINTS) return true;
    const { history } = this.#checkpoints.at(-1) ?? {};
    return history !== undefined && count > 2 && sizeOfHistory(history) * count > MAX_HISTORY_BYTES;
  }

  #lookBetween(memory: FleetMemory, fromMs: number, toMs: number): void {
    const last = Math.min(toMs - 1, fromMs + MAX_LOOKS * LOOK_STEP_MS);
    for (let atMs = fromMs + LOOK_STEP_MS; atMs <= last; atMs += LOOK_STEP_MS) this.#note(memory.look(atMs), atMs);
  }

  #note(alerts: Alerts, atMs: number): void {
    if (this.#alerts.at(-1)?.alerts !== alerts) this.#alerts.push({ atMs, alerts });
  }
}

const LOOK_STEP_MS = 1_000;
/** A computer that slept for a day is not looked at for each of its seconds. */
const MAX_LOOKS = 600;

/** How many of a list in order of time are not after `atMs`. */
function countBefore(list: readonly { readonly atMs: number }[], atMs: number): number {
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
