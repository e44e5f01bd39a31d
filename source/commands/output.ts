import type { Writable } from 'node:stream';

/** What waits for a slow reader, at most; besides, one item that is larger. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
const MAX_WAITING = 4_096;

interface Item {
  readonly sizeBytes: number;
  make(): string | Uint8Array;
}

/**
 * Writes to a stream whose reader may be slow or gone. What it cannot take waits in a ring: the oldest makes room for
 * the newest, and is counted. A reader that closes the pipe (`… | head`) ends it, without an error.
 */
export class Output {
  readonly #stream: Writable;
  readonly #onDropped: (count: number) => void;
  readonly #closed = Promise.withResolvers<void>();
  #waiting: Item[] = [];
  #waitingBytes = 0;
  #isFull = false;
  #isClosed = false;
  #droppedCount = 0;
  #writtenCount = 0;

  /** `onDropped` gets, each time the reader has caught up, how many were left out since the last time. */
  constructor(stream: Writable, onDropped: (count: number) => void = () => undefined) {
    this.#stream = stream;
    this.#onDropped = onDropped;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      this.#isClosed = true;
      this.#waiting = [];
      this.#closed.resolve();
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Resolves when the reader is gone. */
  get closed(): Promise<void> {
    return this.#closed.promise;
  }

  /** Items that were handed to the stream. */
  get writtenCount(): number {
    return this.#writtenCount;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /**
   * Never waits. `make` is called when it is written, so that what is left out costs nothing; `sizeBytes`: about how
   * much memory it holds until then.
   */
  offer(sizeBytes: number, make: () => string | Uint8Array): void {
    if (this.#isClosed) return;
    if (!this.#isFull) {
      this.#send(make());
      return;
    }
    this.#waiting.push({ sizeBytes, make });
    this.#waitingBytes += sizeBytes;
    while (this.#waiting.length > 1 && (this.#waitingBytes > MAX_WAITING_BYTES || this.#waiting.length > MAX_WAITING)) {
      this.#waitingBytes -= this.#waiting.shift()?.sizeBytes ?? 0;
      this.#droppedCount += 1;
    }
  }

  /** Resolves when it is with the reader, or the reader is gone. */
  async write(content: string | Uint8Array): Promise<void> {
    if (this.#isClosed) return;
    await Promise.race([new Promise<void>((resolve) => this.#stream.write(content, () => resolve())), this.closed]);
  }

  /** Resolves when all that waited is with the reader, or the reader is gone. */
  async flushed(): Promise<void> {
    while (this.#isFull && !this.#isClosed) {
      await Promise.race([new Promise<void>((resolve) => this.#stream.once('drain', resolve)), this.closed]);
    }
    await this.write('');
  }

  /** Lets go of what waits, and counts it as left out. */
  abandon(): void {
    if (!this.#isClosed) this.#droppedCount += this.#waiting.length;
    this.#waiting = [];
    this.#sayDropped();
  }

  #send(content: string | Uint8Array): void {
    this.#writtenCount += 1;
    if (this.#stream.write(content) || this.#isFull) return;
    this.#isFull = true;
    this.#stream.once('drain', () => this.#drained());
  }

  #drained(): void {
    this.#isFull = false;
    while (!this.#isFull) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      this.#waitingBytes -= next.sizeBytes;
      this.#send(next.make());
    }
    if (!this.#isFull) this.#sayDropped();
  }

  #sayDropped(): void {
    if (this.#droppedCount > 0) this.#onDropped(this.#droppedCount);
    this.#droppedCount = 0;
  }
}
