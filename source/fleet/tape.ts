/** A recording that can be stood at any of its moments: the state of the fleet then, its alerts and what had changed. */
import { type Alert, type Alerts, NO_ALERTS } from './alert.ts';
import { FleetMemory } from './fleet-memory.ts';
import { type Recording, type RecordingPiece, unpackPiece } from './recording.ts';
import { applyFrame, decodeFrame, type RecordingFrame } from './recording-frame.ts';
import type { RuleSet } from './rules.ts';
import { type FleetState, initialState } from './state.ts';
import { TIMELINE_LENGTH, type TimelineEntry } from './timeline.ts';

export interface TapeOptions {
  readonly rules: RuleSet;
  words(alert: Alert, state: FleetState, nowMs: number): string;
  /** Milliseconds that only go on, for how far apart the points of return are laid; a test has its own. */
  clock?(): number;
}

/** A place to go on from. */
interface Checkpoint {
  readonly piece: number;
  readonly atMs: number;
  readonly state: FleetState | undefined;
  readonly dictionary: Uint8Array;
}

/** Going on from a checkpoint to the next takes about this long. */
const CHECKPOINT_COST_MS = 15;
const MAX_CHECKPOINTS = 400;
/** Events of a whole recording that are kept. */
const MAX_EVENTS = 50_000;

export class Tape {
  readonly #pieces: readonly RecordingPiece[];
  #checkpoints: Checkpoint[] = [];
  /** In order of time. */
  readonly #alerts: { readonly atMs: number; readonly alerts: Alerts }[] = [];
  #events: readonly TimelineEntry[] = [];
  #problem: string;
  #startMs = 0;
  #endMs = 0;
  #cursor: Checkpoint & { readonly frames: readonly RecordingFrame[]; readonly frame: number };

  constructor({ places, problem }: Recording, options: TapeOptions) {
    this.#pieces = places.flat();
    this.#problem = problem;
    this.#startMs = this.#pieces[0]?.atMs ?? 0;
    this.#cursor = { ...BEGINNING, frames: [], frame: 0 };
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
    const wantedMs = Math.max(atMs, this.#startMs);
    const near = lastBefore(this.#checkpoints, wantedMs) ?? BEGINNING;
    if (this.#cursor.atMs > wantedMs || near.piece > this.#cursor.piece) {
      this.#cursor = { ...near, frames: [], frame: 0 };
    }
    let { piece, state, dictionary, frames, frame, atMs: reachedMs } = this.#cursor;
    for (;;) {
      const next = frames[frame];
      if (next !== undefined) {
        if (next.atMs > wantedMs && state !== undefined) break;
        const after = applyFrame(state, next);
        if (after.ok) state = after.value;
        reachedMs = Math.max(reachedMs, next.atMs);
        frame += 1;
        continue;
      }
      const following = this.#pieces[piece];
      if (following === undefined) break;
      const opened = openPiece(following, dictionary);
      ({ dictionary, frames } = opened);
      frame = 0;
      piece += 1;
    }
    this.#cursor = { piece, state, dictionary, frames, frame, atMs: reachedMs };
    return state ?? initialState('', this.#startMs);
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
    let memory: FleetMemory | undefined;
    let dictionary: Uint8Array = new Uint8Array();
    let stepMs = CHECKPOINT_COST_MS;
    let workedMs = Number.POSITIVE_INFINITY;
    let reachedMs = this.#startMs;
    let bad = 0;
    for (const [index, piece] of this.#pieces.entries()) {
      const beganMs = clock();
      if (workedMs >= stepMs) {
        this.#checkpoints.push({ piece: index, atMs: reachedMs, state: memory?.state, dictionary });
        workedMs = 0;
        if (this.#checkpoints.length > MAX_CHECKPOINTS) {
          this.#checkpoints = this.#checkpoints.filter((_point, place) => place % 2 === 0);
          stepMs *= 2;
        }
      }
      const opened = openPiece(piece, dictionary);
      dictionary = opened.dictionary;
      bad += opened.bad;
      let { state } = memory ?? { state: undefined };
      for (const [place, frame] of opened.frames.entries()) {
        const after = applyFrame(state, frame);
        if (after.ok) state = after.value;
        else bad += 1;
        // All that a place begins with is one step: half of it would look as if the other half had gone.
        if (state === undefined || (piece.number === 0 && place < opened.frames.length - 1)) continue;
        memory ??= new FleetMemory({
          rules,
          words,
          state: initialState(state.endpoint, frame.atMs),
          length: MAX_EVENTS,
        });
        // Time that goes by between two steps may break a rule, too.
        this.#lookBetween(memory, reachedMs, frame.atMs);
        memory.turnTo(state, frame.atMs);
        reachedMs = Math.max(reachedMs, frame.atMs);
        this.#note(memory.look(frame.atMs), frame.atMs);
      }
      workedMs += clock() - beganMs;
    }
    this.#endMs = reachedMs;
    this.#events = memory === undefined ? [] : [...memory.events].reverse();
    if (bad > 0) this.#problem = [this.#problem, `${bad} of its records cannot be read`].filter(Boolean).join('; ');
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

const BEGINNING: Checkpoint = {
  piece: 0,
  atMs: Number.NEGATIVE_INFINITY,
  state: undefined,
  dictionary: new Uint8Array(),
};

interface OpenPiece {
  readonly frames: readonly RecordingFrame[];
  readonly dictionary: Uint8Array;
  /** Records that cannot be read. */
  readonly bad: number;
}

function openPiece(piece: RecordingPiece, dictionary: Uint8Array): OpenPiece {
  const opened = unpackPiece(piece, piece.number === 0 ? new Uint8Array() : dictionary);
  if (!opened.ok) return { frames: [], dictionary: new Uint8Array(), bad: 1 };
  const frames: RecordingFrame[] = [];
  for (const bytes of opened.value.frames) {
    const frame = decodeFrame(bytes);
    if (frame.ok) frames.push(frame.value);
  }
  return { frames, dictionary: opened.value.dictionary, bad: opened.value.frames.length - frames.length };
}

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
