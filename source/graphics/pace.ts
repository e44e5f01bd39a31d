/**
 * How much may be on its way to a terminal. Between this program and the eye lie buffers that nobody can look into: the
 * kernel's, sshd's, the network's. A picture that waits in them keeps the answer to a key waiting behind it. So after each
 * picture the terminal is asked for a sign of life; how late it comes tells how full they are. Asked without a picture, it
 * tells how long the way is anyway: a terminal on a busy machine is late whatever it is sent, and sending it less would
 * not help. Pure: time is handed in.
 */

export interface PaceOptions {
  /** A terminal that answers nothing shows what it takes only by blocking. */
  readonly isAnswering: boolean;
}

interface Burst {
  readonly atMs: number;
  /** 0: a question alone. */
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
/** How often the way alone is measured, and of how many times and delays the middle one counts. */
const PROBE_MS = 1_000;
const KEPT = 5;
/** For so long a terminal that was late is not trusted with large pictures. */
const SLOW_MS = 20_000;
/** A write that took so long found the buffers full; less may be the machine's doing. */
const BLOCKED_MS = 50;
const BLOCKED_BYTES = 1_024;
/** Of what a blocking terminal was seen to take, so much is used: the buffers then run empty. */
const SHARE_OF_DRAIN = 0.7;
/** Without answers, and before anything has blocked: bytes a second that any line of this century carries. */
const SILENT_RATE = 64_000;

export class Pace {
  #isAnswering: boolean;
  #window = FIRST_WINDOW;
  #bursts: Burst[] = [];
  #waysMs: readonly number[] = [];
  #delaysMs: readonly number[] = [];
  #probedAtMs = Number.NEGATIVE_INFINITY;
  #isSlow = false;
  #lateAtMs = 0;
  #lastBytes = 0;
  #drain: number | undefined;
  #freeAtMs = 0;

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
    if (this.#isAnswering) return Number.POSITIVE_INFINITY;
    return this.#drain === undefined ? SILENT_RATE : this.#drain * SHARE_OF_DRAIN;
  }

  /** Whether the terminal still owes an answer. */
  get isWaiting(): boolean {
    return this.#bursts.length > 0;
  }

  /** Whether the way alone should be measured now, before another picture: the question is then sent with 0 bytes. */
  shouldProbe(nowMs: number): boolean {
    return this.#isAnswering && this.#bursts.length === 0 && nowMs - this.#probedAtMs >= PROBE_MS;
  }

  /** Whether another picture may go now. */
  maySend(nowMs: number): boolean {
    if (nowMs < this.#freeAtMs) return false;
    const oldest = this.#bursts[0];
    if (oldest !== undefined && nowMs - oldest.atMs > LOST_MS) this.#bursts = [];
    if (this.#bursts.length === 0) return true;
    // While the way is measured, or should be, nothing may lie on it.
    if (this.#bursts[0]?.bytes === 0 || nowMs - this.#probedAtMs >= PROBE_MS) return false;
    const onTheirWay = this.#bursts.reduce((sum, { bytes }) => sum + bytes, 0);
    return onTheirWay + this.#lastBytes <= this.#window;
  }

  /** A picture of so many bytes went out, or none (0), followed by the question where the terminal answers. */
  sent(nowMs: number, bytes: number): void {
    if (bytes === 0) this.#probedAtMs = nowMs;
    else this.#lastBytes = bytes;
    if (this.#isAnswering) this.#bursts.push({ atMs: nowMs, bytes });
    const rate = this.rateLimit;
    if (Number.isFinite(rate)) this.#freeAtMs = Math.max(nowMs, this.#freeAtMs) + (bytes / rate) * 1_000;
  }

  /** The terminal has taken in everything up to the oldest question. */
  alive(nowMs: number): void {
    const burst = this.#bursts.shift();
    if (burst === undefined) return;
    const tookMs = nowMs - burst.atMs;
    if (burst.bytes === 0) {
      this.#waysMs = [...this.#waysMs.slice(1 - KEPT), tookMs];
      return;
    }
    this.#delaysMs = [...this.#delaysMs.slice(1 - KEPT), tookMs - middle(this.#waysMs)];
    // One late answer may be anybody's fault; the middle one of several is the line's.
    const delayMs = middle(this.#delaysMs);
    if (delayMs > MOST_DELAY_MS) {
      this.#window = Math.max(LEAST_WINDOW, Math.min(this.#window, burst.bytes) * 0.7);
      this.#isSlow = true;
      this.#lateAtMs = nowMs;
    } else if (delayMs < CALM_DELAY_MS) {
      this.#window = Math.min(MOST_WINDOW, this.#window * 1.25);
      if (nowMs - this.#lateAtMs > SLOW_MS) this.#isSlow = false;
    }
  }

  /** A write of `bytes` was accepted after `tookMs`. */
  wrote(bytes: number, tookMs: number): void {
    if (this.#isAnswering || tookMs < BLOCKED_MS || bytes < BLOCKED_BYTES) return;
    const seen = (bytes / tookMs) * 1_000;
    // Buffers that were empty at first flatter the terminal: the slower of two looks is nearer to the truth.
    this.#drain = this.#drain === undefined ? seen : Math.min(this.#drain * 1.05, (seen + this.#drain) / 2);
  }
}

function middle(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
