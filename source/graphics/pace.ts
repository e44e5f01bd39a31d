/**
 * How much may be on its way to a terminal. Between this program and the eye lie buffers that nobody can look into: the
 * kernel's, sshd's, the network's. A picture that waits in them keeps the answer to a key waiting behind it. So after each
 * picture the terminal is asked for a sign of life; how late it comes tells how full they are. Pure: time is handed in.
 */

export interface PaceOptions {
  /** A terminal that answers nothing shows what it takes only by blocking. */
  readonly isAnswering: boolean;
}

interface Burst {
  readonly atMs: number;
  readonly bytes: number;
}

const FIRST_WINDOW = 32 * 1024;
const LEAST_WINDOW = 4 * 1024;
const MOST_WINDOW = 4 * 1024 * 1024;
/** What a key may have to wait behind pictures, milliseconds: half of what is promised. */
const MOST_DELAY_MS = 100;
const CALM_DELAY_MS = 40;
/** A sign of life that has not come after so long is taken to be lost. */
const LOST_MS = 5_000;
const DELAYS = 5;
/** For so long a terminal that was late is not trusted with large pictures. */
const SLOW_MS = 20_000;
/** A write that took so long found the buffers full. */
const BLOCKED_MS = 20;
/** Of what a blocking terminal was seen to take, so much is used: the buffers then run empty. */
const SHARE_OF_DRAIN = 0.7;
/** Without answers, and before anything has blocked: bytes a second that any line of this century carries. */
const SILENT_RATE = 64_000;

export class Pace {
  #isAnswering: boolean;
  #window = FIRST_WINDOW;
  #bursts: Burst[] = [];
  #leastMs = Number.POSITIVE_INFINITY;
  #drain: number | undefined;
  #freeAtMs = 0;
  #lastBytes = 0;
  #isSlow = false;
  #delaysMs: readonly number[] = [];
  #calmSinceMs = 0;

  constructor({ isAnswering }: PaceOptions) {
    this.#isAnswering = isAnswering;
  }

  set isAnswering(value: boolean) {
    if (!value) this.#bursts = [];
    this.#isAnswering = value;
  }

  get isAnswering(): boolean {
    return this.#isAnswering;
  }

  /** Bytes that one picture should not exceed, so that keys are answered in time; infinite where nothing is slow. */
  get pictureBytes(): number {
    if (this.#isAnswering) return this.#isSlow ? this.#window : Number.POSITIVE_INFINITY;
    return Math.max(LEAST_WINDOW, (this.rateLimit * MOST_DELAY_MS) / 1_000);
  }

  /** Bytes a second that the terminal is believed to take; infinite where nothing speaks against it. */
  get rateLimit(): number {
    if (this.#drain !== undefined) return this.#drain * SHARE_OF_DRAIN;
    return this.#isAnswering ? Number.POSITIVE_INFINITY : SILENT_RATE;
  }

  /** Whether another picture may go now. */
  maySend(nowMs: number): boolean {
    if (nowMs < this.#freeAtMs) return false;
    const oldest = this.#bursts[0];
    if (oldest !== undefined && nowMs - oldest.atMs > LOST_MS) this.#bursts = [];
    const onTheirWay = this.#bursts.reduce((sum, { bytes }) => sum + bytes, 0);
    return onTheirWay === 0 || onTheirWay + this.#lastBytes <= this.#window;
  }

  /**
   * A picture went out, followed by the question for a sign of life where the terminal answers. The first time without a
   * picture, 0 bytes: that tells how long the way alone is.
   */
  sent(nowMs: number, bytes: number): void {
    this.#lastBytes = bytes;
    if (this.#isAnswering) this.#bursts.push({ atMs: nowMs, bytes });
    const rate = this.rateLimit;
    if (Number.isFinite(rate)) this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + (bytes / rate) * 1_000;
  }

  /** The terminal has taken in everything up to the oldest question. */
  alive(nowMs: number): void {
    const burst = this.#bursts.shift();
    if (burst === undefined) return;
    const tookMs = nowMs - burst.atMs;
    this.#leastMs = Math.min(this.#leastMs, tookMs);
    this.#delaysMs = [...this.#delaysMs.slice(1 - DELAYS), tookMs - this.#leastMs];
    // One late answer may be anybody's fault; the middle one of several is the line's.
    const delayMs = middle(this.#delaysMs);
    if (delayMs > MOST_DELAY_MS) {
      this.#window = Math.max(LEAST_WINDOW, Math.min(this.#window, Math.max(burst.bytes, LEAST_WINDOW)) * 0.6);
      this.#isSlow = true;
      this.#calmSinceMs = nowMs;
    } else if (delayMs < CALM_DELAY_MS) {
      this.#window = Math.min(MOST_WINDOW, this.#window * 1.25);
      if (nowMs - this.#calmSinceMs > SLOW_MS) this.#isSlow = false;
    }
    // The route may have become longer: what was once the least fades.
    this.#leastMs *= 1.005;
  }

  /** A write of `bytes` was accepted after `tookMs`. */
  wrote(bytes: number, tookMs: number): void {
    if (tookMs < BLOCKED_MS || bytes < 1_024) return;
    const seen = (bytes / tookMs) * 1_000;
    // Buffers that were empty at first flatter the terminal: the slower of two looks is nearer to the truth.
    this.#drain = this.#drain === undefined ? seen : Math.min(this.#drain * 1.05, seen * 0.5 + this.#drain * 0.5);
    this.#window = Math.max(LEAST_WINDOW, this.#window * 0.6);
  }
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
