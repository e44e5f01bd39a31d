/** Work at a steady rate. */

export interface BeatOptions {
  readonly periodMs: number;
  readonly signal: AbortSignal;
  readonly work: () => unknown;
  readonly onError: (error: unknown) => void;
  /** Called after work that went well. */
  readonly onSuccess: () => void;
}

/** Calls `work` now and at each multiple of the period from now on; multiples that pass meanwhile are left out. */
export function beat({ periodMs, signal, work, onError, onSuccess }: BeatOptions): void {
  if (!(periodMs > 0)) throw new RangeError(`a period is over 0 ms, not ${periodMs}`);
  const startMs = performance.now();
  let count = 0;
  let timer: NodeJS.Timeout | undefined;
  const schedule = (): void => {
    if (signal.aborted) return;
    const nowMs = performance.now();
    count = Math.max(count + 1, Math.floor((nowMs - startMs) / periodMs));
    timer = setTimeout(run, Math.max(0, startMs + count * periodMs - nowMs));
  };
  const run = (): void => {
    let result: unknown;
    try {
      result = work();
    } catch (error) {
      onError(error);
      schedule();
      return;
    }
    if (!(result instanceof Promise)) {
      onSuccess();
      schedule();
      return;
    }
    result.then(onSuccess, onError).finally(schedule);
  };
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
  run();
}
