/**
 * What lies under the supervisor: ONE zenoh session, opened once, with no reconnection of its own. The supervisor
 * (supervisor.ts) turns a row of drivers into a `Session`; it owns time limits, aborts, retries, re-declaration and
 * handler errors, so a driver stays thin.
 *
 * Rules for every driver
 * - It rejects and throws only {@link SessionError}: `failed` with zenoh's own message, `link-lost` once the link is
 *   gone or the driver is closed, `invalid-argument`, `unsupported`. Nothing is ever an unhandled rejection.
 * - After `lost` has settled every call rejects with `link-lost`. `undeclare` and `close` never reject.
 * - It never reconnects: where zenoh itself would, the driver is closed at the loss.
 * - Callbacks given to it never throw (the supervisor guards them), are called on the JavaScript thread, and are not
 *   called any more once `undeclare` or `close` has been CALLED.
 * - A flood must not starve the event loop: a driver hands over at most {@link MAX_BATCH} samples, or as many as take
 *   {@link MAX_BATCH_MS}, then lets the event loop turn.
 * - Key expressions are checked and canonical before they come here; payload strings go as UTF-8.
 */
import type {
  Channel,
  Encoding,
  Frame,
  GetOptions,
  Payload,
  Reply,
  Sample,
  SessionKind,
  ShmProvider,
} from './session.ts';

export type { Frame, Reply, Sample } from './session.ts';

/** Samples handed over in one go, at most. */
export const MAX_BATCH = 64;
/** Milliseconds spent in handlers in one go, about. */
export const MAX_BATCH_MS = 8;

/** {@link SessionOptions} as far as they concern one attempt, complete. */
export interface DriverSettings {
  readonly shm: boolean;
  /** `transport/shared_memory/transport_optimization/message_size_threshold`. */
  readonly shmThresholdBytes: number;
  /** The attempt fails after so many milliseconds; the supervisor gives up on it a little later anyway. */
  readonly connectTimeoutMs: number;
}

/** Opens drivers of one kind. Module-level objects: `nativeDrivers` in native-driver.ts, `remoteDrivers` in remote-driver.ts. */
export interface DriverFactory {
  readonly kind: SessionKind;
  /**
   * One attempt. Resolves when the link to the router stands (a native session in mode client with a transport to a
   * router), never earlier. Rejects with `link-lost` and a message for people ("connection refused") where there is no
   * router, `timeout` at the limit, `invalid-argument` where zenoh refuses the endpoint. After `signal` fires the
   * outcome is ignored: what still opens is closed by the driver itself.
   */
  open(endpoint: string, settings: DriverSettings, signal: AbortSignal): Promise<Driver>;
  /** Shared memory belongs to the process, not to a link: a provider outlives reconnections. Rejects with `unsupported`. */
  createShmProvider(sizeBytes: number): Promise<ShmProvider>;
}

/** Complete put settings. */
export interface PutSettings {
  /** Undefined: zenoh's default, `zenoh/bytes`. */
  readonly encoding: Encoding | undefined;
  readonly attachment: Uint8Array | undefined;
  readonly congestion: 'drop' | 'block';
  readonly express: boolean;
}

export interface GetSettings {
  readonly target: NonNullable<GetOptions['target']>;
  readonly consolidation: NonNullable<GetOptions['consolidation']>;
  readonly payload: Uint8Array | string | undefined;
  readonly encoding: Encoding | undefined;
  readonly attachment: Uint8Array | undefined;
  /** Zenoh's own limit. The supervisor ends the get earlier, by {@link DriverGet.cancel}. */
  readonly timeoutMs: number;
}

export interface Driver {
  /** Lower-case hex; empty where unknown. */
  readonly zid: string;
  /** Undefined where unknown. */
  readonly routerZid: string | undefined;
  /**
   * Resolves, once, with a reason for people when the link to the router is gone ("the router closed the connection").
   * Stays pending after `close()`; never rejects. A router killed with SIGKILL settles it within 1 s, one that hangs
   * (SIGSTOP) within about 10 s.
   */
  readonly lost: Promise<string>;

  /**
   * Synchronous where it can be (native, congestion `drop`): then it returns undefined and throws its error. With
   * `block` it must not block the JavaScript thread. A {@link ShmBuffer} is consumed whatever the outcome.
   * A payload or attachment given as Uint8Array may be reused by the caller once the call has settled.
   */
  put(keyExpr: string, payload: Payload, settings: PutSettings): void | Promise<void>;
  delete(keyExpr: string): void | Promise<void>;
  /** `onReply` is called for each reply; an error reply is a value, as is zenoh's own time-out. */
  get(selector: string, settings: GetSettings, onReply: (reply: Reply) => void): DriverGet;

  /** `onMatching` is called once with the state at the time of declaration before the promise resolves, then at each change. */
  declarePublisher(
    keyExpr: string,
    settings: PutSettings,
    onMatching: (matching: boolean) => void,
  ): Promise<DriverPublisher>;
  /** `sample.payload` is the receiver's own copy. The queue before `onSample` follows `channel`. */
  declareSubscriber(keyExpr: string, channel: Channel, onSample: (sample: Sample) => void): Promise<DriverSubscriber>;
  /**
   * `onFrame` owns each frame and releases it; on a native session the payload is not copied. Frames that still wait in
   * the queue at `undeclare` or `close` are released by the driver; frames handed over stay valid after both.
   */
  declareFrameSubscriber(keyExpr: string, channel: Channel, onFrame: (frame: Frame) => void): Promise<DriverSubscriber>;
  declareQueryable(keyExpr: string, onQuery: (query: DriverQuery) => void): Promise<DriverDeclaration>;

  declareToken(keyExpr: string): Promise<DriverDeclaration>;
  /** Reports the key expression of each token; as {@link get}. */
  getTokens(keyExpr: string, timeoutMs: number, onToken: (keyExpr: string) => void): DriverGet;
  declareTokenSubscriber(
    keyExpr: string,
    history: boolean,
    onEvent: (keyExpr: string, alive: boolean) => void,
  ): Promise<DriverDeclaration>;

  /** Undeclares everything and closes the link; resolves within 2 s whatever happens. Safe to call twice. */
  close(): Promise<void>;
}

export interface DriverDeclaration {
  /** Resolves within 2 s whatever happens; safe to call twice and after the loss. */
  undeclare(): Promise<void>;
}

export interface DriverSubscriber extends DriverDeclaration {
  readonly droppedCount: number;
}

export interface DriverPublisher extends DriverDeclaration {
  /** As {@link Driver.put}. */
  put(payload: Payload, settings: Pick<PutSettings, 'encoding' | 'attachment'>): void | Promise<void>;
  delete(): void | Promise<void>;
}

export interface DriverGet {
  /** Resolves after the last reply was handed over; rejects with a SessionError. */
  readonly finished: Promise<void>;
  /** Ends it; no reply comes after the call, `finished` settles soon. Safe to call twice. */
  cancel(): void;
}

/** A query at a queryable. Unanswered ones must be finalised too, or the get waits for its time limit. */
export interface DriverQuery {
  readonly keyExpr: string;
  /** Without `?`. */
  readonly parameters: string;
  readonly payload: Uint8Array | undefined;
  readonly encoding: Encoding | undefined;
  readonly attachment: Uint8Array | undefined;
  reply(
    keyExpr: string,
    payload: Uint8Array | string,
    settings: Pick<PutSettings, 'encoding' | 'attachment'>,
  ): void | Promise<void>;
  /** Goes as `text/plain`. */
  replyError(message: string): void | Promise<void>;
  /** Ends the query. Safe to call twice; a reply after it rejects with `failed`. */
  finalize(): void;
}
