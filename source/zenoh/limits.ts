/** Time limits, aborts and interruptions: what keeps a request from hanging for ever. */
import { SessionError } from './session.ts';

/** Those who must be told at once when the link goes or the session closes. Never held longer than the request. */
export class Interrupts {
  readonly #listeners = new Set<(error: SessionError) => void>();

  /** Returns the function that ends it. */
  listen(listener: (error: SessionError) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  fire(error: SessionError): void {
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener(error);
  }
}

export interface Limits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly interrupts?: Interrupts | undefined;
  /** For the message of `timeout`: "{what} took longer than 5000 ms". */
  readonly what: string;
}

/** Settles as `work` does, or rejects as soon as one of the limits says so; what `work` does afterwards is ignored. */
export function limited<T>(work: Promise<T>, limits: Limits): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const end = watch(limits, (error) => {
      end();
      reject(error);
    });
    work.then(
      (value) => {
        end();
        resolve(value);
      },
      (error) => {
        end();
        reject(error);
      },
    );
  });
}

/** Calls `onLimit` once, at the first limit reached; the result ends the watch. */
export function watch(limits: Limits, onLimit: (error: SessionError) => void): () => void {
  const { signal, timeoutMs, what } = limits;
  let hasEnded = false;
  const fire = (error: SessionError) => {
    if (hasEnded) return;
    end();
    onLimit(error);
  };
  const onAbort = () => fire(abortedError(signal));
  const timer = setTimeout(
    () => fire(new SessionError('timeout', `${what} took longer than ${timeoutMs} ms`)),
    timeoutMs,
  );
  const stopListening = limits.interrupts?.listen(fire);
  const end = () => {
    hasEnded = true;
    clearTimeout(timer);
    stopListening?.();
    signal?.removeEventListener('abort', onAbort);
  };
  // Asynchronous, so that callers may use the returned function inside `onLimit`.
  if (signal?.aborted) queueMicrotask(onAbort);
  else signal?.addEventListener('abort', onAbort, { once: true });
  return end;
}

export function abortedError(signal: AbortSignal | undefined): SessionError {
  return new SessionError('aborted', 'aborted by the caller', { cause: signal?.reason });
}

/** Resolves when `work` has settled or the time is over, and never rejects: for tidying up. */
export function settledWithin(work: Promise<unknown>, timeoutMs: number): Promise<void> {
  return limited(work, { timeoutMs, what: '' }).then(
    () => undefined,
    () => undefined,
  );
}

/** Anything thrown, as a SessionError; `failed` where it was none. */
export function asSessionError(error: unknown): SessionError {
  if (error instanceof SessionError) return error;
  return new SessionError('failed', error instanceof Error ? error.message : String(error), { cause: error });
}

/** Longest delay a timer of Node takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** `timeoutMs` or the default; throws `invalid-argument` unless it is a number over 0. */
export function checkedTimeoutMs(timeoutMs: number | undefined, defaultMs: number): number {
  if (timeoutMs === undefined) return defaultMs;
  if (!(timeoutMs > 0))
    throw new SessionError('invalid-argument', `the time limit must be over 0 ms, not ${timeoutMs}`);
  return Math.min(timeoutMs, MAX_TIMER_MS);
}
