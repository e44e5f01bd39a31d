/** A frame of a {@link FakeNetwork}; one that came through shared memory holds it until released. */
import type { Frame, Sample } from '../../source/zenoh/session.ts';
import type { FakeShmMemory } from './fake-shm.ts';

export class FakeFrame implements Frame {
  readonly keyExpr: string;
  readonly kind: 'put' | 'delete';
  readonly encoding: string;
  readonly attachment?: Uint8Array;
  readonly shm: boolean;
  #payload: Uint8Array;
  #memory: FakeShmMemory | undefined;

  constructor(sample: Sample, memory: FakeShmMemory | undefined) {
    memory?.hold();
    this.#memory = memory;
    this.keyExpr = sample.keyExpr;
    this.kind = sample.kind;
    this.encoding = sample.encoding;
    this.shm = sample.shm;
    if (sample.attachment !== undefined) this.attachment = sample.attachment;
    this.#payload = sample.payload;
  }

  get payload(): Uint8Array {
    return this.#payload;
  }

  release(): void {
    this.#payload = new Uint8Array(0);
    this.#memory?.letGo();
    this.#memory = undefined;
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
