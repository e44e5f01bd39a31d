/** Collects items and hands them over together, `waitMs` after the first of them. A function is asked anew each time. */
export interface Batch<T> {
  (item: T): void;
  /** Hands over what is there now. */
  flush(): void;
}

export function createBatch<T>(waitMs: number | (() => number), handOver: (items: readonly T[]) => void): Batch<T> {
  let items: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (items.length === 0) return;
    const full = items;
    items = [];
    handOver(full);
  };
  const add = (item: T): void => {
    items.push(item);
    timer ??= setTimeout(flush, typeof waitMs === 'number' ? waitMs : waitMs());
  };
  return Object.assign(add, { flush });
}
