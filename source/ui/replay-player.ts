/** Plays a recording in the viewer's time. What has not been read yet is waited for. */
import type { Trends } from '../fleet/history.ts';
import type { FleetState } from '../fleet/state.ts';
import type { Tape } from '../fleet/tape.ts';
import type { TopicsView } from '../fleet/topics.ts';
import { moveReplay, playReplay, type ReplayPosition } from '../view/replay-keys.ts';
import type { ReplayView } from '../view/replay-line.ts';
import type { FleetNews } from '../view/rows.ts';
import type { ReplayPort } from './top-ports.ts';

export class ReplayPlayer implements ReplayPort {
  readonly #tape: Tape;
  readonly #file: string;
  readonly #clock: () => number;
  /** It may lie ahead of what has been read. */
  #wanted: ReplayPosition;
  #news: FleetNews | undefined;
  #tickedAtMs: number;
  #drawnReadMs: number;

  /**
   * @param file Its name, to be shown.
   * @param clock Milliseconds of the viewer's time.
   */
  constructor(tape: Tape, file: string, clock = () => performance.now()) {
    this.#tape = tape;
    this.#file = file;
    this.#clock = clock;
    this.#tickedAtMs = clock();
    this.#wanted = { atMs: tape.startMs, isPaused: false, speed: 1 };
    this.#drawnReadMs = tape.readMs;
  }

  readonly now = (): number => Math.min(this.#wanted.atMs, this.#tape.readMs);

  view(): ReplayView {
    const { startMs, endMs, problem, isRead, readMs } = this.#tape;
    const position = { ...this.#wanted, atMs: this.now(), startMs, endMs };
    return { ...position, readMs: isRead ? undefined : readMs, problem, file: this.#file };
  }

  state(): FleetState {
    return this.#tape.stateAt(this.now());
  }

  news(): FleetNews {
    const alerts = this.#tape.alertsAt(this.now());
    const events = this.#tape.eventsAt(this.now());
    if (this.#news?.alerts !== alerts || this.#news.events !== events) this.#news = { alerts, events };
    return this.#news;
  }

  topics(): TopicsView {
    return this.#tape.topicsAt(this.now());
  }

  trends(): Trends {
    return this.#tape.trendsAt(this.now());
  }

  press(key: string): boolean {
    const moved = moveReplay({ ...this.#wanted, atMs: this.now() }, key, this.#tape);
    if (moved === undefined) return false;
    this.#wanted = moved;
    return true;
  }

  seek(atMs: number): void {
    const { startMs, endMs } = this.#tape;
    this.#wanted = { ...this.#wanted, isPaused: true, atMs: Math.min(endMs, Math.max(startMs, atMs)) };
  }

  /** Time has gone by, or more was read; whether that changed what is shown. */
  tick(): boolean {
    const { isRead, readMs, endMs } = this.#tape;
    const nowMs = this.#clock();
    const before = this.#wanted;
    const hasReadOn = readMs !== this.#drawnReadMs;
    this.#drawnReadMs = readMs;
    this.#wanted = playReplay(before, nowMs - this.#tickedAtMs, endMs);
    // Who plays waits where it has been read to; who jumped ahead gets there.
    if (!before.isPaused && !isRead && this.#wanted.atMs >= readMs) {
      this.#wanted = { ...before, atMs: readMs };
    }
    this.#tickedAtMs = nowMs;
    return this.#wanted !== before || hasReadOn;
  }
}
