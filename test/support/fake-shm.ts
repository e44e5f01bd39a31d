/** Shared memory that is only memory. */
import type { ShmBuffer, ShmProvider } from '../../source/zenoh/session.ts';

const NOTHING = new Uint8Array(0);

/** Held by the put and by each frame over it; free again when all have let go. */
export class FakeShmMemory {
  readonly data: Uint8Array;
  readonly #free: () => void;
  #holders = 1;

  constructor(data: Uint8Array, free: () => void) {
    this.data = data;
    this.#free = free;
  }

  hold(): void {
    this.#holders += 1;
  }

  letGo(): void {
    this.#holders -= 1;
    if (this.#holders === 0) this.#free();
  }
}

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

  /** The memory, and the buffer is empty from now on. */
  take(): FakeShmMemory {
    const data = this.#data;
    this.#data = NOTHING;
    return new FakeShmMemory(data, data === NOTHING ? () => undefined : this.#free);
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
