/** Shared memory that is only memory. */
import type { ShmBuffer, ShmProvider } from '../../source/zenoh/session.ts';

const NOTHING = new Uint8Array(0);

export class FakeShmBuffer implements ShmBuffer {
  readonly sizeBytes: number;
  #data: Uint8Array;
  readonly #free: () => void;

  constructor(sizeBytes: number, free: () => void) {
    this.sizeBytes = sizeBytes;
    this.#data = new Uint8Array(sizeBytes);
    this.#free = free;
  }

  get data(): Uint8Array {
    return this.#data;
  }

  /** The bytes, and the buffer is empty from now on. */
  take(): Uint8Array {
    const data = this.#data;
    this.release();
    return data;
  }

  release(): void {
    if (this.#data === NOTHING) return;
    this.#data = NOTHING;
    this.#free();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

export function createFakeShmProvider(sizeBytes: number): ShmProvider {
  let usedBytes = 0;
  return {
    sizeBytes,
    alloc(wantedBytes) {
      if (usedBytes + wantedBytes > sizeBytes) return undefined;
      usedBytes += wantedBytes;
      return new FakeShmBuffer(wantedBytes, () => {
        usedBytes -= wantedBytes;
      });
    },
    close() {
      usedBytes = sizeBytes;
    },
  };
}
