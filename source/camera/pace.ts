/** Lets pass at most so many a second, and that many on average where more come than are wanted. */
export class Pace {
  #dueMs = Number.NEGATIVE_INFINITY;

  /** Whether one that comes now may pass. */
  passes(nowMs: number, rateHz: number): boolean {
    if (nowMs < this.#dueMs) return false;
    const periodMs = 1_000 / rateHz;
    // From when it was due, not from now: else 15 a second would become 7.5 where 10 are wanted.
    this.#dueMs = Math.max(this.#dueMs, nowMs - periodMs) + periodMs;
    return true;
  }
}

/** Share of a new reading in the smoothed rate. */
const WEIGHT = 0.3;
/** Shorter stretches say more about the scheduler than about the camera. */
const MIN_STRETCH_MS = 400;

/** How many pictures a second a camera sends, by its own count where it has one. */
export class RateMeter {
  #from: { readonly sequence: number; readonly atMs: number } | undefined;
  #seen = 0;
  rateHz: number | undefined;

  /** One that came; `sequence` is the camera's count, 0 where it has none. */
  count(sequence: number, nowMs: number): void {
    this.#seen += 1;
    const from = this.#from;
    if (from === undefined) {
      this.#restart(sequence, nowMs);
      return;
    }
    const stretchMs = nowMs - from.atMs;
    if (stretchMs < MIN_STRETCH_MS) return;
    const counted = sequence - from.sequence;
    // A camera that was started again counts from the beginning.
    const pictures = counted > 0 ? counted : this.#seen;
    const rateHz = (pictures * 1_000) / stretchMs;
    this.rateHz = this.rateHz === undefined ? rateHz : this.rateHz + WEIGHT * (rateHz - this.rateHz);
    this.#restart(sequence, nowMs);
  }

  #restart(sequence: number, atMs: number): void {
    this.#from = { sequence, atMs };
    this.#seen = 0;
  }
}
