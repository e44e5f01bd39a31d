/**
 * A recording that can be stood at any of its moments: the state of the fleet then, its alerts, what had changed, how its
 * figures had gone, and what was known of keys. It is read bit by bit: what has been read can be looked at.
 */
import type { Alerts } from './alert.ts';
import type { Trends } from './history.ts';
import type { RecordedTopics } from './recorded-topics.ts';
import type { Recording, RecordingPiece } from './recording.ts';
import { type FleetState, initialState } from './state.ts';
import { TapeCursor } from './tape-cursor.ts';
import { countBefore, TapeIndex, type TapeIndexOptions } from './tape-index.ts';
import { TIMELINE_LENGTH, type TimelineEntry } from './timeline.ts';

/** Nothing is read until {@link Tape.read} is called. Moments that were not read yet must not be asked for. */
export class Tape {
  readonly startMs: number;
  readonly #pieces: readonly RecordingPiece[];
  readonly #problem: string;
  readonly #index: TapeIndex;
  #cursor: TapeCursor;
  #shownEnd = -1;
  #shown: readonly TimelineEntry[] = [];

  constructor({ places, problem }: Recording, options: TapeIndexOptions) {
    this.#pieces = places.flat();
    this.#problem = problem;
    this.startMs = this.#pieces[0]?.atMs ?? 0;
    this.#index = new TapeIndex(this.#pieces, this.startMs, options);
    this.#cursor = new TapeCursor(this.#pieces);
  }

  /** Reads on for about so many milliseconds. Whether there is more. */
  read(forMs: number): boolean {
    if (!this.#index.isDone) this.#index.read(forMs);
    return !this.#index.isDone;
  }

  /** All of it has been read. */
  get isRead(): boolean {
    return this.#index.isDone;
  }

  /** It has been read until this moment. */
  get readMs(): number {
    return this.#index.reachedMs;
  }

  /** Whether anything has been read that can be shown. */
  get hasState(): boolean {
    return this.#index.hasState;
  }

  /** Before all has been read it is what the last piece says. */
  get endMs(): number {
    return this.isRead ? this.readMs : Math.max(this.readMs, this.#pieces.at(-1)?.atMs ?? 0);
  }

  /** What is wrong with the recording, as far as it was read; empty where nothing is. */
  get problem(): string {
    const { badCount } = this.#index;
    return [this.#problem, badCount > 0 ? `${badCount} of its records cannot be read` : ''].filter(Boolean).join('; ');
  }

  /** The newest state not after `atMs`; at the least the first. */
  stateAt(atMs: number): FleetState {
    return this.#goTo(atMs).state ?? initialState('', this.startMs);
  }

  /** What was known of keys, where the Topics pane was shown until then. */
  topicsAt(atMs: number): RecordedTopics {
    return this.#goTo(atMs).topics;
  }

  /** How figures had gone until then. It is good until another moment is asked for. */
  trendsAt(atMs: number): Trends {
    return this.#goTo(atMs).history;
  }

  alertsAt(atMs: number): Alerts {
    return this.#index.alertsAt(Math.max(atMs, this.startMs));
  }

  /** What had changed until then, newest first. */
  eventsAt(atMs: number): readonly TimelineEntry[] {
    const { events } = this.#index;
    const end = countBefore(events, atMs);
    if (end !== this.#shownEnd) {
      this.#shownEnd = end;
      this.#shown = events.slice(Math.max(0, end - TIMELINE_LENGTH), end).reverse();
    }
    return this.#shown;
  }

  #goTo(atMs: number): TapeCursor {
    const wantedMs = Math.max(atMs, this.startMs);
    const near = this.#index.checkpointBefore(wantedMs);
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
}
