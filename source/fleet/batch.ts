/** Collects items and hands them over together. */

export interface Batch<T> {
  (item: T): void;
  /** Hands over what is there now. */
  flush(): void;
}

export interface BatchOptions {
  /** From the first item until they are handed over, milliseconds. */
  readonly waitMs: number;
  /** The same while items come without a pause; default {@link waitMs}. */
  readonly floodMs?: number;
  /** So many are handed over at once. */
  readonly most?: number;
}

export function createBatch<T>(options: BatchOptions, handOver: (items: readonly T[]) => void): Batch<T> {
  const { waitMs, floodMs = waitMs, most = Number.POSITIVE_INFINITY } = options;
  let items: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  let toldAtMs = Number.NEGATIVE_INFINITY;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (items.length === 0) return;
    const full = items;
    items = [];
    toldAtMs = performance.now();
    handOver(full);
  };
  const add = (item: T): void => {
    items.push(item);
    if (items.length >= most) flush();
    else timer ??= setTimeout(flush, performance.now() - toldAtMs < 2 * floodMs ? floodMs : waitMs);
  };
  return Object.assign(add, { flush });
}
