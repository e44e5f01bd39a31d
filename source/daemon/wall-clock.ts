/** Less than this is a clock that is steered, not one that was set. */
const JUMP_MS = 1_000;

/**
 * Tells the wall-clock time (Unix milliseconds) of a monotonic moment as the wall clock stands now. So what happened three
 * minutes ago stays three minutes ago when the clock is set. The same moment gives the same time until then.
 */
export class WallClock {
  readonly #wallMs: () => number;
  readonly #monotonicMs: () => number;
  #offsetMs: number;

  constructor(options: { readonly wallMs?: () => number; readonly monotonicMs?: () => number } = {}) {
    this.#wallMs = options.wallMs ?? Date.now;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#offsetMs = this.#wallMs() - this.#monotonicMs();
  }

  timeOf(monotonicMs: number): number {
    const offsetMs = this.#wallMs() - this.#monotonicMs();
    if (Math.abs(offsetMs - this.#offsetMs) > JUMP_MS) this.#offsetMs = offsetMs;
    return Math.round(monotonicMs + this.#offsetMs);
  }
}
