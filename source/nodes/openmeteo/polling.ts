/** One section of the forecast, asked for again and again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Location } from './client.ts';

/** Time, so that tests need not wait an hour. */
export interface Clock {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Ends early, without an error, where the signal is aborted. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
}

export const REAL_CLOCK: Clock = {
  nowMs: () => performance.now(),
  async sleep(durationMs, signal) {
    await sleep(durationMs, undefined, { signal }).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  },
};

export interface PollingOptions {
  readonly periodMs: number;
  /** A move makes it due again, but not sooner than so long after the last try. */
  readonly moveMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Undefined where none is known yet. */
  readonly location: () => Location | undefined;
  /** Asks once. What it throws may have `retryAfterMs`. */
  readonly ask: (location: Location) => Promise<void>;
  /** From 0 to 1, as Math.random. */
  readonly random?: () => number;
}

const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 5 * 60_000;
/** A fifth more or less: many robots must not come back to a service at the same moment. */
const JITTER = 0.2;
/** About 5 km: less is the same weather. */
const MOVE_DEGREES = 0.05;

export interface Polling {
  /** To be called when the location may have changed. */
  look(): void;
  /** Resolves when the signal is aborted. */
  readonly ended: Promise<void>;
}

export function startPolling(options: PollingOptions): Polling {
  const { periodMs, moveMs, clock, signal, location, ask, random = Math.random } = options;
  let waking = new AbortController();
  signal.addEventListener('abort', () => waking.abort(), { once: true });
  let asked: { readonly at: Location; readonly atMs: number } | undefined;
  let dueMs = clock.nowMs();
  let failures = 0;

  const dueNow = (): number => {
    const here = location();
    if (here === undefined) return Number.POSITIVE_INFINITY;
    if (asked === undefined || !hasMoved(asked.at, here)) return dueMs;
    return Math.min(dueMs, asked.atMs + moveMs);
  };

  const once = async (here: Location): Promise<void> => {
    const startMs = clock.nowMs();
    asked = { at: here, atMs: startMs };
    try {
      await ask(here);
      failures = 0;
      // On the beat, unless it was late by a whole period.
      dueMs = Math.max(startMs, dueMs) + periodMs;
    } catch (error) {
      if (signal.aborted) return;
      const backoffMs = Math.min(FIRST_RETRY_MS * 2 ** failures, Math.min(periodMs, LONGEST_RETRY_MS));
      failures = Math.min(failures + 1, 30);
      const asWanted = error instanceof Error && 'retryAfterMs' in error ? Number(error.retryAfterMs ?? 0) : 0;
      dueMs = clock.nowMs() + Math.max(asWanted, backoffMs * (1 + JITTER * (2 * random() - 1)));
    }
  };

  const run = async (): Promise<void> => {
    while (!signal.aborted) {
      const here = location();
      const waitMs = dueNow() - clock.nowMs();
      if (here !== undefined && waitMs <= 0) {
        await once(here);
        continue;
      }
      waking = new AbortController();
      await clock.sleep(Math.min(waitMs, LONGEST_RETRY_MS), waking.signal);
    }
  };
  return { look: () => waking.abort(), ended: run() };
}

function hasMoved(from: Location, to: Location): boolean {
  return Math.hypot(from.latitude - to.latitude, from.longitude - to.longitude) >= MOVE_DEGREES;
}
