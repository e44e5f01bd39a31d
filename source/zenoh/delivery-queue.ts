/** The queue before a subscriber's handler where zenoh itself keeps none: bounded, emptied in batches. */
import { MAX_BATCH_MS } from './driver.ts';
import type { Channel } from './session.ts';

export interface DeliveryOptions<T> {
  /** Takes what is never handed over, to free what it holds. */
  readonly onDrop?: (item: T) => void;
}

/** One queue. Items are handed over soon after they came, never within {@link DeliveryQueue.push}. */
export class DeliveryQueue<T> {
  readonly #channel: Channel;
  readonly #onItem: (item: T) => void;
  readonly #onDrop: ((item: T) => void) | undefined;
  #items: T[] = [];
  #head = 0;
  #isScheduled = false;
  #isClosed = false;
  /** Milliseconds spent in the handler in this turn of the event loop. */
  #spentMs = 0;
  #isForgetting = false;
  #droppedCount = 0;

  constructor(channel: Channel, onItem: (item: T) => void, options: DeliveryOptions<T> = {}) {
    this.#channel = channel;
    this.#onItem = onItem;
    this.#onDrop = options.onDrop;
  }

  get droppedCount(): number {
    return this.#droppedCount;
  }

  push(item: T): void {
    if (this.#isClosed) {
      this.#onDrop?.(item);
      return;
    }
    if (this.#items.length - this.#head >= this.#channel.capacity) {
      this.#droppedCount += 1;
      const dropped = this.#channel.kind === 'fifo' ? item : this.#shift();
      if (dropped !== undefined) this.#onDrop?.(dropped);
      if (dropped === item) return;
    }
    this.#items.push(item);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // At once while the handler is quick; else after the sockets were read, so that a ring drops what is old instead of
    // leaving it in them.
    if (this.#spentMs < MAX_BATCH_MS) queueMicrotask(() => this.#drain());
    else this.#drainInNextTurn();
  }

  /** Nothing is handed over any more. */
  close(): void {
    this.#isClosed = true;
    const waiting = this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    for (const item of waiting) this.#onDrop?.(item);
  }

  /** In constant time, however long the queue is. */
  #shift(): T | undefined {
    const item = this.#items[this.#head];
    if (item === undefined) return undefined;
    this.#head += 1;
    if (this.#head === this.#items.length || this.#head > 1024) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }

  #drain(): void {
    const startMs = performance.now();
    let item = this.#shift();
    while (item !== undefined) {
      this.#onItem(item);
      if (this.#spentMs + performance.now() - startMs >= MAX_BATCH_MS) break;
      item = this.#shift();
    }
    this.#spentMs += performance.now() - startMs;
    this.#forgetSpentInNextTurn();
    if (this.#head < this.#items.length) this.#drainInNextTurn();
    else this.#isScheduled = false;
  }

  #drainInNextTurn(): void {
    setImmediate(() => {
      this.#spentMs = 0;
      this.#drain();
    });
  }

  #forgetSpentInNextTurn(): void {
    if (this.#isForgetting) return;
    this.#isForgetting = true;
    setImmediate(() => {
      this.#isForgetting = false;
      this.#spentMs = 0;
    });
  }
}
