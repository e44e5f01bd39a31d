/** The queue before a subscriber's handler, as the native addon has it: delivered in a later turn, in batches. */
import { MAX_BATCH } from '../../source/zenoh/driver.ts';
import type { Channel } from '../../source/zenoh/session.ts';

export class FakeChannel<T> {
  readonly #channel: Channel;
  readonly #onItem: (item: T) => void;
  readonly #items: T[] = [];
  #isScheduled = false;
  #isClosed = false;
  droppedCount = 0;

  constructor(channel: Channel, onItem: (item: T) => void) {
    this.#channel = channel;
    this.#onItem = onItem;
  }

  push(item: T): void {
    if (this.#isClosed) return;
    if (this.#items.length >= this.#channel.capacity) {
      this.droppedCount += 1;
      if (this.#channel.kind === 'fifo') return;
      this.#items.shift();
    }
    this.#items.push(item);
    this.#schedule();
  }

  close(): void {
    this.#isClosed = true;
    this.#items.length = 0;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    this.#isScheduled = false;
    for (const item of this.#items.splice(0, MAX_BATCH)) {
      if (this.#isClosed) return;
      this.#onItem(item);
    }
    if (this.#items.length > 0) setImmediate(() => this.#drain());
  }
}
