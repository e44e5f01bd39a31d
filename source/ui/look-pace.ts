/** When the screen is brought up to date: at the interval, at once where there is news, and never as a flood. */

export interface LookPaceOptions {
  readonly intervalMs: number;
  now(): number;
  /** Brings it up to date. Whoever does so, for this or another reason, calls {@link LookPace.began} first. */
  look(): void;
}

/** News that is worth a screen at once is still not drawn more often than this, */
const URGENT_GAP_MS = 50;
/** and so often in a row: news that never ends is drawn at the interval, as all else. */
const URGENT_LOOKS = 5;
/** Of the interval: when a round ends later than this after a look, the next look is taken at once. */
const ROUND_SHARE = 0.6;

export class LookPace {
  readonly #options: LookPaceOptions;
  #lookedAtMs = 0;
  /** Looks that had not been earned back yet at the last one: each interval earns one, and what was not used is saved up. */
  #owed = 0;
  #timer: NodeJS.Timeout | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;

  constructor(options: LookPaceOptions) {
    this.#options = options;
  }

  /** A look is taken now. */
  began(): void {
    clearTimeout(this.#timer);
    this.#owed = this.#owedNow() + 1;
    this.#lookedAtMs = this.#options.now();
    this.#dueAtMs = Number.POSITIVE_INFINITY;
  }

  /** Figures have changed, or ages will. */
  atInterval(): void {
    this.#plan(this.#lookedAtMs + this.#options.intervalMs);
  }

  /** Something happened that is worth a look of its own, unless that happens all the time. */
  soon(): void {
    if (this.#owedNow() >= URGENT_LOOKS) this.atInterval();
    else this.atOnce();
  }

  /** Somebody waits for it. */
  atOnce(): void {
    this.#plan(this.#lookedAtMs + URGENT_GAP_MS);
  }

  /** Again so much later than now. */
  after(ms: number): void {
    this.#plan(this.#options.now() + ms);
  }

  /** A round has brought its figures: they are looked at now, not half an interval later. */
  roundEnded(): void {
    const passedMs = this.#options.now() - this.#lookedAtMs;
    if (passedMs > this.#options.intervalMs * ROUND_SHARE) this.#options.look();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#dueAtMs = Number.NEGATIVE_INFINITY;
  }

  #owedNow(): number {
    return Math.max(0, this.#owed - (this.#options.now() - this.#lookedAtMs) / this.#options.intervalMs);
  }

  #plan(atMs: number): void {
    if (atMs >= this.#dueAtMs) return;
    clearTimeout(this.#timer);
    this.#dueAtMs = atMs;
    this.#timer = setTimeout(() => this.#options.look(), Math.max(0, atMs - this.#options.now()));
  }
}
