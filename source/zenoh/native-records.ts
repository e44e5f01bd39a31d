/** Reads the flat records of the native addon (source/native/src/record.rs). */
import type { NativeAddon } from './native-addon.ts';
import { type Frame, type Reply, type Sample, SessionError, type SessionErrorCode } from './session.ts';

/** Values a record: tag, key expression, payload, encoding, attachment, timestamp, extra. */
export const STRIDE = 7;

export const TAG = {
  put: 0,
  delete: 1,
  replyError: 2,
  timedOut: 3,
  query: 4,
  tokenAlive: 5,
  tokenGone: 6,
  matching: 7,
  lost: 8,
  done: 9,
} as const;
/** Added to the tag of a put whose payload came through shared memory. */
const SHM = 16;

const DEFAULT_ENCODING = 'zenoh/bytes';
const NOTHING = new Uint8Array(0);

/** One record; the fields mean what the tag says. */
export interface NativeRecord {
  readonly tag: number;
  readonly keyExpr: string | undefined;
  readonly payload: unknown;
  readonly encoding: string | undefined;
  readonly attachment: Uint8Array | undefined;
  /** Of a query, its parameters. */
  readonly timestamp: string | undefined;
  readonly extra: unknown;
}

export function recordAt(values: readonly unknown[], at: number): NativeRecord {
  return {
    tag: values[at] as number,
    keyExpr: values[at + 1] as string | undefined,
    payload: values[at + 2],
    encoding: values[at + 3] as string | undefined,
    attachment: values[at + 4] as Uint8Array | undefined,
    timestamp: values[at + 5] as string | undefined,
    extra: values[at + 6],
  };
}

export function sampleFrom(record: NativeRecord): Sample {
  return {
    keyExpr: record.keyExpr ?? '',
    kind: kindOf(record),
    payload: record.payload as Uint8Array,
    encoding: record.encoding ?? DEFAULT_ENCODING,
    shm: isShm(record),
    ...(record.attachment === undefined ? {} : { attachment: record.attachment }),
    ...(record.timestamp === undefined ? {} : { timestamp: record.timestamp }),
  };
}

export function frameFrom(record: NativeRecord, addon: NativeAddon): Frame {
  return new NativeFrame(record, addon);
}

export function replyFrom(record: NativeRecord): Reply {
  const replier = typeof record.extra === 'string' ? { replierZid: record.extra } : {};
  if (record.tag === TAG.replyError || record.tag === TAG.timedOut) {
    const timedOut = record.tag === TAG.timedOut;
    return { ok: false, message: String(record.payload), timedOut, ...replier };
  }
  return { ok: true, sample: sampleFrom(record), ...replier };
}

/** The outcome of a call: undefined where it went well. */
export function errorOf(record: NativeRecord): SessionError | undefined {
  return record.keyExpr === undefined ? undefined : errorFromText(record.keyExpr);
}

/** Anything that the addon threw. */
export function nativeError(error: unknown): SessionError {
  if (error instanceof SessionError) return error;
  return errorFromText(error instanceof Error ? error.message : String(error));
}

const CODES: readonly string[] = ['failed', 'invalid-argument', 'link-lost', 'timeout'] satisfies SessionErrorCode[];

function errorFromText(text: string): SessionError {
  const bar = text.indexOf('|');
  const code = text.slice(0, Math.max(bar, 0));
  if (!CODES.includes(code)) return new SessionError('failed', text);
  return new SessionError(code as SessionErrorCode, text.slice(bar + 1));
}

function kindOf(record: NativeRecord): Sample['kind'] {
  return (record.tag & (SHM - 1)) === TAG.delete ? 'delete' : 'put';
}

function isShm(record: NativeRecord): boolean {
  return (record.tag & SHM) !== 0;
}

class NativeFrame implements Frame {
  readonly keyExpr: string;
  readonly kind: Sample['kind'];
  readonly encoding: string;
  readonly attachment?: Uint8Array;
  readonly timestamp?: string;
  readonly shm: boolean;
  readonly #addon: NativeAddon;
  readonly #leaseId: number;
  #payload: Uint8Array<ArrayBuffer>;

  constructor(record: NativeRecord, addon: NativeAddon) {
    this.#addon = addon;
    this.#leaseId = record.extra as number;
    this.#payload = new Uint8Array(record.payload as ArrayBuffer);
    this.keyExpr = record.keyExpr ?? '';
    this.kind = kindOf(record);
    this.encoding = record.encoding ?? DEFAULT_ENCODING;
    this.shm = isShm(record);
    if (record.attachment !== undefined) this.attachment = record.attachment;
    if (record.timestamp !== undefined) this.timestamp = record.timestamp;
  }

  get payload(): Uint8Array {
    return this.#payload;
  }

  /** Empties the buffer, and with it every view that somebody may have kept. */
  release(): void {
    const payload = this.#payload;
    if (payload === NOTHING) return;
    // A view of an emptied buffer has no bytes, but throws where a method is called.
    this.#payload = NOTHING;
    this.#addon.releaseLease(this.#leaseId, payload.buffer);
  }

  [Symbol.dispose](): void {
    this.release();
  }
}
