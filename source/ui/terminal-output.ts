/**
 * Bytes to a terminal without ever waiting for it. Node writes to a terminal synchronously: one that reads slowly would stop
 * the whole program. Here one write at a time is on its way in the background, what comes meanwhile waits, and whoever sends
 * pictures asks first how much that is.
 */
import { write, writeSync } from 'node:fs';

export interface TerminalOutputOptions {
  readonly fd: number;
  /** `fs.write` unless a test has its own. */
  readonly write?: typeof write;
  readonly writeSync?: typeof writeSync;
  readonly now?: () => number;
}

/** One write that has ended. */
export interface WriteReport {
  readonly atMs: number;
  readonly bytes: number;
  /** How long the terminal took to accept it. */
  readonly tookMs: number;
}

const RETRY_MS = 5;
const NOTHING = new Int32Array(new SharedArrayBuffer(4));

export class TerminalOutput {
  readonly #options: TerminalOutputOptions;
  readonly #write: typeof write;
  readonly #writeSync: typeof writeSync;
  readonly #now: () => number;
  readonly #waiting: { readonly bytes: Uint8Array; readonly done?: () => void }[] = [];
  readonly #drained = new Set<() => void>();
  #waitingBytes = 0;
  #inFlight: Uint8Array | undefined;
  #sent = 0;
  #isClosed = false;
  #failure: NodeJS.ErrnoException | undefined;
  /** Called after each write. */
  onWrite: (report: WriteReport) => void = () => undefined;

  constructor(options: TerminalOutputOptions) {
    this.#options = options;
    this.#write = options.write ?? write;
    this.#writeSync = options.writeSync ?? writeSync;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Bytes that the terminal has not accepted yet. */
  get pendingBytes(): number {
    return this.#waitingBytes;
  }

  /** All bytes accepted so far. */
  get sentBytes(): number {
    return this.#sent;
  }

  /** Calls `listener` each time the last pending byte has gone; returns the function that ends it. */
  onDrain(listener: () => void): () => void {
    this.#drained.add(listener);
    return () => this.#drained.delete(listener);
  }

  /** Ends when nothing is pending any more, or after `limitMs`. */
  async flushed(limitMs: number): Promise<void> {
    if (this.#waitingBytes === 0) return;
    const drained = Promise.withResolvers<void>();
    const stop = this.onDrain(drained.resolve);
    const timer = setTimeout(drained.resolve, limitMs);
    await drained.promise;
    clearTimeout(timer);
    stop();
  }

  send(bytes: Uint8Array, done?: () => void): void {
    if (this.#isClosed) {
      this.#writeNow(bytes);
      done?.();
      return;
    }
    this.#waiting.push({ bytes, done });
    this.#waitingBytes += bytes.length;
    this.#next();
  }

  /** From here on everything is written at once, after what still waits: for the way out, on which nothing waits. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // The kernel lets a second write to a terminal wait for the end of the first.
    for (const { bytes, done } of this.#waiting.splice(0)) {
      if (bytes !== this.#inFlight) this.#writeNow(bytes);
      done?.();
    }
    this.#waitingBytes = 0;
  }

  #next(): void {
    const first = this.#waiting[0];
    if (this.#inFlight !== undefined || first === undefined) return;
    this.#inFlight = first.bytes;
    this.#writeFrom(first.bytes, 0, this.#now());
  }

  #writeFrom(bytes: Uint8Array, from: number, startMs: number): void {
    this.#write(this.#options.fd, bytes, from, bytes.length - from, null, (error, count) => {
      if (error !== null && error.code === 'EAGAIN') {
        setTimeout(() => this.#writeFrom(bytes, from, startMs), RETRY_MS);
        return;
      }
      // A terminal that is gone takes nothing more; whoever watches the input ends the program.
      if (error !== null) this.#failure = error;
      else if (from + count < bytes.length) {
        this.#writeFrom(bytes, from + count, startMs);
        return;
      }
      this.#ended(bytes, startMs);
    });
  }

  #ended(bytes: Uint8Array, startMs: number): void {
    this.#inFlight = undefined;
    this.#sent += bytes.length;
    const atMs = this.#now();
    this.onWrite({ atMs, bytes: bytes.length, tookMs: atMs - startMs });
    if (this.#isClosed) return;
    const first = this.#waiting.shift();
    this.#waitingBytes -= bytes.length;
    first?.done?.();
    if (this.#waiting.length > 0) this.#next();
    else for (const listener of this.#drained) listener();
  }

  #writeNow(bytes: Uint8Array): void {
    let from = 0;
    while (from < bytes.length && this.#failure === undefined) {
      try {
        from += this.#writeSync(this.#options.fd, bytes, from);
      } catch (error) {
        if (!isSystemError(error)) throw error;
        if (error.code !== 'EAGAIN') this.#failure = error;
        else Atomics.wait(NOTHING, 0, 0, RETRY_MS);
      }
    }
    this.#sent += bytes.length;
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error;
}
