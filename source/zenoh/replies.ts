/** Turns the reply callbacks of a driver into what `for await` reads. */
import type { Driver, DriverGet } from './driver.ts';
import { asSessionError, type Interrupts, watch } from './limits.ts';
import type { Reply, SessionError } from './session.ts';

export interface ReplyLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly interrupts: Interrupts;
}

/** Zenoh's own limit lies a little behind ours, so that there is one place that decides. */
export const BACKSTOP_MS = 1_000;

/**
 * Runs `start` and yields what it reports. The queue is as long as there are repliers, so it has no limit. Leaving the
 * loop cancels the get.
 */
export async function* streamReplies<T>(
  driver: Driver,
  start: (driver: Driver, onReply: (reply: T) => void) => DriverGet,
  limits: ReplyLimits,
  /** What to yield when the time is over; throws where that is an error. */
  onTimeout: (error: SessionError) => T,
): AsyncGenerator<T, void, void> {
  const queue: T[] = [];
  let end: { readonly error?: SessionError } | undefined;
  let wake: (() => void) | undefined;
  const finish = (error?: SessionError) => {
    end ??= { error };
    wake?.();
  };
  const stopWatching = watch({ ...limits, what: 'the query' }, finish);
  let get: DriverGet | undefined;
  try {
    get = start(driver, (reply) => {
      if (end !== undefined) return;
      queue.push(reply);
      wake?.();
    });
    get.finished.then(
      () => finish(),
      (error: unknown) => finish(asSessionError(error)),
    );
    for (;;) {
      // A loss or an abort is told at once, the end of the time only after what came before it.
      if (end?.error !== undefined && end.error.code !== 'timeout') throw end.error;
      const next = queue.shift();
      if (next !== undefined) {
        yield next;
        continue;
      }
      if (end === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        wake = undefined;
        continue;
      }
      if (end.error !== undefined) yield onTimeout(end.error);
      return;
    }
  } finally {
    stopWatching();
    get?.cancel();
  }
}

/** The last reply of a get that took too long. */
export function timedOutReply(error: SessionError): Reply {
  return { ok: false, message: error.message, timedOut: true };
}
