/** Measures what this program itself costs, while it is looked at: there is no timer for it. */
import type { OwnCost } from '../view/own-cost.ts';

export interface OwnCostOptions {
  /** Bytes that the terminal has taken so far. */
  sentBytes(): number;
  /** Microseconds of processor so far, in user and kernel. */
  cpuUs?(): number;
  memoryBytes?(): number;
  /** Milliseconds that only go on. */
  now?(): number;
}

/** Figures are means over so long, and stand as long. */
const SPAN_MS = 10_000;
/** The first ones come sooner. */
const FIRST_SPAN_MS = 3_000;

interface Mark {
  readonly atMs: number;
  readonly cpuUs: number;
  readonly bytes: number;
}

export class OwnCostMeter {
  readonly #options: Required<OwnCostOptions>;
  #mark: Mark;
  #cost: OwnCost | undefined;

  constructor(options: OwnCostOptions) {
    this.#options = {
      cpuUs: () => {
        const { user, system } = process.cpuUsage();
        return user + system;
      },
      memoryBytes: () => process.memoryUsage.rss(),
      now: () => performance.now(),
      ...options,
    };
    this.#mark = this.#measure();
  }

  /** The same object as long as the figures stand; undefined at the beginning. */
  readonly view = (): OwnCost | undefined => {
    const passedMs = this.#options.now() - this.#mark.atMs;
    if (passedMs < (this.#cost === undefined ? FIRST_SPAN_MS : SPAN_MS)) return this.#cost;
    const before = this.#mark;
    const mark = this.#measure();
    this.#mark = mark;
    this.#cost = {
      cpuPercent: (mark.cpuUs - before.cpuUs) / 10 / passedMs,
      memoryBytes: this.#options.memoryBytes(),
      bytesPerSecond: ((mark.bytes - before.bytes) / passedMs) * 1_000,
    };
    return this.#cost;
  };

  #measure(): Mark {
    const { now, cpuUs, sentBytes } = this.#options;
    return { atMs: now(), cpuUs: cpuUs(), bytes: sentBytes() };
  }
}
