import { type NativeAddon, type NativeShmProvider, nativeAddon, nativeUnavailableReason } from './native-addon.ts';
import { nativeError } from './native-records.ts';
import { SessionError, type ShmBuffer, type ShmProvider } from './session.ts';

const MIN_PROVIDER_BYTES = 4096;
const NOTHING = new Uint8Array(0);

/** A provider on a segment of its own; the segment goes with the last buffer that readers still hold. */
export function createNativeShmProvider(sizeBytes: number): ShmProvider {
  const reason = nativeUnavailableReason();
  if (reason !== undefined) throw new SessionError('unsupported', reason);
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < MIN_PROVIDER_BYTES) {
    throw new SessionError(
      'invalid-argument',
      `shared memory comes in whole bytes from ${MIN_PROVIDER_BYTES} up, not ${sizeBytes}`,
    );
  }
  const addon = nativeAddon();
  try {
    return new Provider(addon, new addon.NativeShmProvider(sizeBytes), sizeBytes);
  } catch (error) {
    throw nativeError(error);
  }
}

class Provider implements ShmProvider {
  readonly sizeBytes: number;
  readonly #addon: NativeAddon;
  readonly #provider: NativeShmProvider;

  constructor(addon: NativeAddon, provider: NativeShmProvider, sizeBytes: number) {
    this.#addon = addon;
    this.#provider = provider;
    this.sizeBytes = sizeBytes;
  }

  alloc(sizeBytes: number): ShmBuffer | undefined {
    try {
      const allocated = this.#provider.alloc(sizeBytes);
      return allocated === null ? undefined : new NativeShmBuffer(this.#addon, allocated.id, allocated.buffer);
    } catch (error) {
      throw nativeError(error);
    }
  }

  close(): void {
    this.#provider.close();
  }
}

export class NativeShmBuffer implements ShmBuffer {
  readonly sizeBytes: number;
  readonly #addon: NativeAddon;
  readonly #leaseId: number;
  #data: Uint8Array<ArrayBuffer>;

  constructor(addon: NativeAddon, leaseId: number, buffer: ArrayBuffer) {
    this.#addon = addon;
    this.#leaseId = leaseId;
    this.#data = new Uint8Array(buffer);
    this.sizeBytes = buffer.byteLength;
  }

  get data(): Uint8Array {
    return this.#data;
  }

  /** For the put that uses it up. Throws `invalid-argument` where that, or a release, has happened before. */
  take(): { readonly leaseId: number; readonly buffer: ArrayBuffer } {
    const data = this.#data;
    if (data === NOTHING)
      throw new SessionError('invalid-argument', 'the shared-memory buffer was put or released before');
    this.#data = NOTHING;
    return { leaseId: this.#leaseId, buffer: data.buffer };
  }

  release(): void {
    if (this.#data === NOTHING) return;
    const { leaseId, buffer } = this.take();
    this.#addon.releaseLease(leaseId, buffer);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
