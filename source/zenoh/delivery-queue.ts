/** The queue before a subscriber's handler where zenoh itself keeps none: bounded, emptied in batches. */
import { MAX_BATCH, MAX_BATCH_MS } from './driver.ts';
import type { Channel } from './session.ts';

export class DeliveryQueue<T> {
  readonly #channel: Channel;
  readonly #onItem: (item: T) => void;
  readonly #onDrop: ((item: T) => void) | undefined;
  #items: T[] = [];
  #head = 0;
  #isScheduled = false;
  #isClosed = false;
  #droppedCount = 0;

  /** `onDrop` takes what is never handed over, to free what it holds. */
  constructor(channel: Channel, onItem: (item: T) => void, onDrop?: (item: T) => void) {
    this.#channel = channel;
    this.#onItem = onItem;
    this.#onDrop = onDrop;
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
      if (this.#channel.kind === 'fifo') {
        this.#onDrop?.(item);
        return;
      }
      this.#drop(this.#shift());
    }
    this.#items.push(item);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.#drain());
  }

  /** Nothing is handed over any more. */
  close(): void {
    this.#isClosed = true;
    for (let item = this.#shift(); item !== undefined; item = this.#shift()) this.#drop(item);
  }

  #drop(item: T | undefined): void {
    if (item !== undefined) this.#onDrop?.(item);
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
