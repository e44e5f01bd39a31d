/** A walk through a recording, one step after another: the state there, what was known of keys, how figures had gone. */
import { HISTORY_STEP_MS, History, type HistorySnapshot } from './history.ts';
import { type RecordedTopics, TopicTable } from './recorded-topics.ts';
import { type RecordingPiece, unpackPiece } from './recording.ts';
import { applyFrame, decodeFrame, type RecordingFrame } from './recording-frame.ts';
import type { FleetState } from './state.ts';

/** A place to go on from, between two pieces. */
export interface TapeMark {
  readonly piece: number;
  readonly atMs: number;
  readonly state?: FleetState;
  readonly topics?: RecordedTopics;
  readonly history?: HistorySnapshot;
  /** Until when figures were noted. */
  readonly notedMs: number;
  readonly dictionary: Uint8Array;
}

export const TAPE_BEGINNING: TapeMark = {
  piece: 0,
  atMs: Number.NEGATIVE_INFINITY,
  notedMs: Number.NEGATIVE_INFINITY,
  dictionary: new Uint8Array(),
};

/** Here nobody draws: more nodes can be followed than where it must cost nothing. */
const MAX_NODES = 20_000;
/** While somebody watches, each second brings something. Where nothing came for longer, nobody knows how the figures were. */
const MAX_SILENCE_MS = 60_000;

/** What happened at one moment. */
interface Step {
  readonly atMs: number;
  readonly frames: readonly RecordingFrame[];
}

export class TapeCursor {
  readonly #pieces: readonly RecordingPiece[];
  #topics: TopicTable;
  readonly #history: History;
  #piece: number;
  #dictionary: Uint8Array;
  #steps: readonly Step[] = [];
  #step = 0;
  #state: FleetState | undefined;
  #atMs: number;
  #notedMs: number;
  #passedMs = Number.NEGATIVE_INFINITY;
  #badCount = 0;

  constructor(pieces: readonly RecordingPiece[], from: TapeMark = TAPE_BEGINNING) {
    this.#pieces = pieces;
    this.#piece = from.piece;
    this.#dictionary = from.dictionary;
    this.#state = from.state;
    this.#atMs = from.atMs;
    this.#notedMs = from.notedMs;
    this.#topics = new TopicTable(from.topics);
    this.#history = new History({ maxNodes: MAX_NODES }, from.history);
  }

  /** Number of the piece that comes next, or is being walked through. */
  get piece(): number {
    return this.#piece;
  }

  /** The newest moment that it has come to. */
  get atMs(): number {
    return this.#atMs;
  }

  /** Until when time has passed since: it does not go back. */
  get passedMs(): number {
    return Math.max(this.#atMs, this.#passedMs);
  }

  /** Undefined before the first step that could be read. */
  get state(): FleetState | undefined {
    return this.#state;
  }

  get topics(): RecordedTopics {
    return this.#topics.view();
  }

  get history(): History {
    return this.#history;
  }

  /** Records that could not be read on the way here. */
  get badCount(): number {
    return this.#badCount;
  }

  /** Where it stands; undefined inside a piece. */
  mark(): TapeMark | undefined {
    if (this.#step < this.#steps.length) return undefined;
    return {
      piece: this.#piece,
      atMs: this.#atMs,
      state: this.#state,
      topics: this.#topics.view(),
      history: this.#history.snapshot(),
      notedMs: this.#notedMs,
      dictionary: this.#dictionary,
    };
  }

  /** When the next step is; undefined at the end. */
  nextAtMs(): number | undefined {
    while (this.#step >= this.#steps.length) {
      const piece = this.#pieces[this.#piece];
      if (piece === undefined) return undefined;
      this.#open(piece);
    }
    return this.#steps[this.#step]?.atMs;
  }

  /** Takes the next step. */
  advance(): void {
    const step = this.#steps[this.#step];
    if (step === undefined) return;
    this.pass(step.atMs);
    for (const frame of step.frames) {
      // A place begins anew, and says all that is known of keys, too.
      if (frame.endpoint !== undefined) this.#topics = new TopicTable();
      if (frame.topics !== undefined && !this.#topics.apply(frame.topics)) this.#badCount += 1;
      const after = applyFrame(this.#state, frame);
      if (after.ok) this.#state = after.value;
      else this.#badCount += 1;
    }
    this.#step += 1;
    this.#atMs = Math.max(this.#atMs, step.atMs);
    this.#notedMs = this.#atMs;
    if (this.#state !== undefined) this.#history.take(this.#state, this.#atMs, NOBODY_LOOKS);
  }

  /** Time goes by until `atMs`, and no step is taken. */
  pass(atMs: number): void {
    this.#passedMs = atMs;
    if (this.#state === undefined) return;
    const knownMs = Math.min(atMs, this.#atMs + MAX_SILENCE_MS);
    for (let next = this.#notedMs + HISTORY_STEP_MS; next <= knownMs; next += HISTORY_STEP_MS) {
      this.#history.take(this.#state, next, NOBODY_LOOKS);
      this.#notedMs = next;
    }
    // A step behind: the next look must find its own step still to be filled, whether somebody stopped here or not.
    if (atMs - HISTORY_STEP_MS > knownMs) this.#history.pass(atMs - HISTORY_STEP_MS);
  }

  #open(piece: RecordingPiece): void {
    const isBeginning = piece.number === 0;
    this.#piece += 1;
    this.#step = 0;
    this.#steps = [];
    const opened = unpackPiece(piece, isBeginning ? new Uint8Array() : this.#dictionary);
    this.#dictionary = opened.ok ? opened.value.dictionary : new Uint8Array();
    if (!opened.ok) {
      this.#badCount += 1;
      return;
    }
    const frames: RecordingFrame[] = [];
    for (const bytes of opened.value.frames) {
      const frame = decodeFrame(bytes);
      if (frame.ok) frames.push(frame.value);
      else this.#badCount += 1;
    }
    const [first] = frames;
    if (first === undefined) return;
    // All that a place begins with is one step: half of it would look as if the other half had gone.
    this.#steps = isBeginning
      ? [{ atMs: first.atMs, frames }]
      : frames.map((frame) => ({ atMs: frame.atMs, frames: [frame] }));
  }
}

/** All that there is room for are followed. */
const NOBODY_LOOKS = (): readonly string[] => [];
