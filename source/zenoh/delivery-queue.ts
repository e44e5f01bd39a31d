/** The queue before a subscriber's handler where zenoh itself keeps none: bounded, emptied in batches. */
import { MAX_BATCH, MAX_BATCH_MS } from './driver.ts';
import type { Channel } from './session.ts';

export interface DeliveryOptions<T> {
  /**
   * When the first item of a batch is handed over. By default after the sockets of this turn were read, so that a slow
   * handler lets a ring drop what is old instead of leaving it in the sockets.
   */
  readonly schedule?: (run: () => void) => void;
  /** Takes what is never handed over, to free what it holds. */
  readonly onDrop?: (item: T) => void;
}

export class DeliveryQueue<T> {
  readonly #channel: Channel;
  readonly #onItem: (item: T) => void;
  readonly #schedule: (run: () => void) => void;
  readonly #onDrop: ((item: T) => void) | undefined;
  #items: T[] = [];
  #head = 0;
  #isScheduled = false;
  #isClosed = false;
  #droppedCount = 0;

  constructor(channel: Channel, onItem: (item: T) => void, options: DeliveryOptions<T> = {}) {
    this.#channel = channel;
    this.#onItem = onItem;
    this.#schedule = options.schedule ?? setImmediate;
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
    this.#schedule(() => this.#drain());
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
    const untilMs = performance.now() + MAX_BATCH_MS;
    for (let count = 0; count < MAX_BATCH; count++) {
      const item = this.#isClosed ? undefined : this.#shift();
      if (item === undefined) {
        this.#isScheduled = false;
        return;
      }
      this.#onItem(item);
      if (performance.now() > untilMs) break;
    }
    setImmediate(() => this.#drain());
  }
}
