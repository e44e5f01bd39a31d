/**
 * The one seam between bubbaloop and zenoh. Zenoh's own nouns, no more of its API than bubbaloop uses.
 *
 * A {@link Session} outlives the link under it: when the router goes, `link` says so, requests fail at once with
 * `link-lost` instead of hanging, and when the router is back every declaration is made again before `link` turns
 * `connected`. Implementations: native (`tcp/…`, `udp/…`, `tls/…`, `quic/…`, `unixsock-stream/…`, `ws/…` locators)
 * and remote (`ws://…`, `wss://…` URLs); test/contract holds both, and the fake used in unit tests, to this file.
 */

/** Role of a zenoh runtime, spelt as in the admin space. */
export type WhatAmI = 'router' | 'peer' | 'client';

/** Which implementation is under a session. */
export type SessionKind = 'native' | 'remote';

/** Why a call on a session failed. */
export type SessionErrorCode =
  /** The session was closed by this program. */
  | 'closed'
  /** There is no link to the router now, or it went away during the call. */
  | 'link-lost'
  /** The time limit ran out. */
  | 'timeout'
  /** The caller's AbortSignal fired. */
  | 'aborted'
  /** Not a valid key expression, selector, endpoint or option. */
  | 'invalid-argument'
  /** This implementation cannot do that (shared memory over a WebSocket). */
  | 'unsupported'
  /** Zenoh refused; the message is zenoh's. */
  | 'failed';

/** The only error class that a session's methods throw. */
export class SessionError extends Error {
  readonly code: SessionErrorCode;

  constructor(code: SessionErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SessionError';
    this.code = code;
  }
}

/** State of the link to the router; times are `Date.now()` milliseconds. */
export type LinkState =
  /** First attempt under way. */
  | { readonly state: 'connecting'; readonly sinceMs: number }
  /** `routerZid` is absent where the implementation cannot know it. */
  | { readonly state: 'connected'; readonly sinceMs: number; readonly zid: string; readonly routerZid?: string }
  /** No link. `sinceMs`: when it was lost (or the first attempt began); `retryAtMs`: when the next attempt starts,
   *  in the past while an attempt is under way; `attempt`, counted from 1, is the number of that one; `reason` is for
   *  people. */
  | {
      readonly state: 'lost';
      readonly sinceMs: number;
      readonly retryAtMs: number;
      readonly attempt: number;
      readonly reason: string;
    }
  | { readonly state: 'closed'; readonly sinceMs: number };

/** What may be sent. Strings go as UTF-8. A {@link ShmBuffer} is consumed by the call. */
export type Payload = Uint8Array | string | ShmBuffer;

/** Zenoh encoding in its textual form, `application/cbor`, `text/plain`, `zenoh/bytes` (the default). */
export type Encoding = string;

export interface Sample {
  readonly keyExpr: string;
  readonly kind: 'put' | 'delete';
  readonly payload: Uint8Array;
  readonly encoding: Encoding;
  readonly attachment?: Uint8Array;
  /** Zenoh's own text form, `{NTP64}/{zid}`, where the sample carries one. */
  readonly timestamp?: string;
  /** True where the payload came through shared memory. Always false on a remote session. */
  readonly shm: boolean;
}

/**
 * A sample whose payload is leased: on a native session it points into the sender's shared memory and holds that
 * segment until released. `using frame = …` or {@link release}; after that `payload` is empty. Never keep it for later.
 */
export interface Frame extends Sample {
  /** Gives the memory back. Safe to call twice. */
  release(): void;
  [Symbol.dispose](): void;
}

/** One answer to a get. */
export type Reply =
  | { readonly ok: true; readonly sample: Sample; readonly replierZid?: string }
  /** An error reply of a queryable, or (`timedOut`) the time limit cut the get short; `message` is untrusted text. */
  | { readonly ok: false; readonly message: string; readonly timedOut: boolean; readonly replierZid?: string };

export interface PutOptions {
  readonly encoding?: Encoding;
  readonly attachment?: Uint8Array;
  /** What to do when the link is congested; default `drop`, zenoh's own. */
  readonly congestion?: 'drop' | 'block';
  /** Send without batching; default false. */
  readonly express?: boolean;
}

export interface GetOptions {
  /** Default `best-matching`, as in zenoh. Discovery of machines needs `all`. */
  readonly target?: 'best-matching' | 'all' | 'all-complete';
  /** Default `auto`. Discovery of machines needs `none`. */
  readonly consolidation?: 'auto' | 'none' | 'monotonic' | 'latest';
  readonly payload?: Uint8Array | string;
  readonly encoding?: Encoding;
  readonly attachment?: Uint8Array;
  /** Milliseconds, over 0; default {@link DEFAULT_TIMEOUT_MS}. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** Time limit of a get and of each declaration where none is given. */
export const DEFAULT_TIMEOUT_MS = 5_000;

/** How samples wait for a handler that is slower than they come. */
export type Channel =
  /** Keep the newest `capacity`, drop the oldest. */
  | { readonly kind: 'ring'; readonly capacity: number }
  /** Keep up to `capacity` in order, then drop the newest. */
  | { readonly kind: 'fifo'; readonly capacity: number };

export interface SubscriberOptions {
  /** Default `{kind: 'fifo', capacity: 1024}`; for frames `{kind: 'ring', capacity: 2}`. */
  readonly channel?: Channel;
}

export interface Declaration {
  readonly keyExpr: string;
  /** Ends it. Safe to call twice, and on a lost or closed session. */
  undeclare(): Promise<void>;
}

export interface Subscriber extends Declaration {
  /** Samples dropped so far because the handler was slower than they came. */
  readonly droppedCount: number;
}

export interface Publisher extends Declaration {
  /** Fails with `link-lost` while there is no link. */
  put(payload: Payload, options?: Pick<PutOptions, 'encoding' | 'attachment'>): Promise<void>;
  delete(): Promise<void>;
  /** Whether any subscriber matches now; false while the link is lost. */
  readonly matching: boolean;
  /** Calls `listener` at each change of {@link matching}; returns the function that ends it. */
  onMatching(listener: (matching: boolean) => void): () => void;
}

/** A query as a queryable sees it. It ends by itself when the handler's promise settles. */
export interface Query {
  /** The selector's key expression. */
  readonly keyExpr: string;
  /** The selector's parameters, without `?`. */
  readonly parameters: string;
  readonly payload?: Uint8Array;
  readonly encoding?: Encoding;
  readonly attachment?: Uint8Array;
  /** `keyExpr` must intersect the query's. */
  reply(
    keyExpr: string,
    payload: Uint8Array | string,
    options?: Pick<PutOptions, 'encoding' | 'attachment'>,
  ): Promise<void>;
  replyError(message: string): Promise<void>;
}

export interface LivelinessOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface Liveliness {
  declareToken(keyExpr: string): Promise<Declaration>;
  /** Key expressions of the tokens alive now. */
  get(keyExpr: string, options?: LivelinessOptions): Promise<string[]>;
  /**
   * `put` for a token that appears, `delete` for one that goes. With `history` the tokens alive now come first.
   * When the link is lost every token then alive is reported as `delete`, once; they come again after it is back.
   */
  declareSubscriber(
    keyExpr: string,
    handler: (event: { readonly keyExpr: string; readonly alive: boolean }) => void,
    options?: { readonly history?: boolean },
  ): Promise<Declaration>;
  /**
   * Only what comes and goes from now on, as zenoh tells it: some of it may come twice, and a lost link is not reported. For
   * hints, where the tokens are too many: a router is busy for two seconds with the history of ten thousand.
   */
  declareChangeSubscriber(
    keyExpr: string,
    handler: (event: { readonly keyExpr: string; readonly alive: boolean }) => void,
  ): Promise<Declaration>;
}

/** A piece of shared memory that this process may write until it is put or released. */
export interface ShmBuffer {
  /** The memory itself; empty after the buffer was put or released. */
  readonly data: Uint8Array;
  readonly sizeBytes: number;
  release(): void;
  [Symbol.dispose](): void;
}

export interface ShmProvider {
  readonly sizeBytes: number;
  /** Undefined where the provider has no room even after collecting what readers gave back. */
  alloc(sizeBytes: number): ShmBuffer | undefined;
  close(): void;
}

export interface Session {
  readonly kind: SessionKind;
  /** As given to {@link OpenSession}. */
  readonly endpoint: string;
  /** Zenoh id, lower-case hex; empty before the first connection, and it may change after a reconnection. */
  readonly zid: string;
  readonly link: LinkState;
  /** Calls `listener` at every change of {@link link}; returns the function that ends it. */
  onLink(listener: (link: LinkState) => void): () => void;
  /** Resolves when connected; rejects with `timeout` (default {@link DEFAULT_TIMEOUT_MS}), `aborted` or `closed`. */
  connected(options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<void>;

  put(keyExpr: string, payload: Payload, options?: PutOptions): Promise<void>;
  delete(keyExpr: string): Promise<void>;
  /**
   * Yields replies as they come. Ends by itself; at the time limit the last reply has `timedOut`. Throws `link-lost`,
   * `aborted`, `closed`, `invalid-argument`. Leaving the loop early cancels the query.
   */
  get(selector: string, options?: GetOptions): AsyncIterable<Reply>;

  /* Declarations may be made while the link is lost: they take effect when it is back. */
  declarePublisher(keyExpr: string, options?: PutOptions): Promise<Publisher>;
  declareSubscriber(
    keyExpr: string,
    handler: (sample: Sample) => void,
    options?: SubscriberOptions,
  ): Promise<Subscriber>;
  /** As {@link declareSubscriber}, but the handler owns each frame and must release it. */
  declareFrameSubscriber(
    keyExpr: string,
    handler: (frame: Frame) => void,
    options?: SubscriberOptions,
  ): Promise<Subscriber>;
  /** Never `complete`: that would hide other machines. A handler that throws is answered with an error reply. */
  declareQueryable(keyExpr: string, handler: (query: Query) => void | Promise<void>): Promise<Declaration>;
  readonly liveliness: Liveliness;
  /** Fails with `unsupported` on a remote session. `sizeBytes` from 4096 up. */
  createShmProvider(sizeBytes: number): Promise<ShmProvider>;

  /** Undeclares everything, closes the link; never hangs for more than 3 s. Safe to call twice. */
  close(): Promise<void>;
}

export interface SessionOptions {
  /** Shared memory on a native session; default true. */
  readonly shm?: boolean;
  /** Payloads of at least so many bytes go through shared memory by themselves; default 3072, zenoh's own. */
  readonly shmThresholdBytes?: number;
  /** Time limit of one attempt to connect, milliseconds; default 3000. */
  readonly connectTimeoutMs?: number;
  /** Backoff between attempts, milliseconds; default 250 to 2000, factor 2, with jitter. */
  readonly retry?: { readonly initialMs?: number; readonly maxMs?: number };
  /** Takes what a handler or listener throws; by default it becomes an uncaught exception, as with Node's own events. */
  readonly onHandlerError?: (error: unknown) => void;
}

/**
 * Starts a session on a zenoh locator (`tcp/127.0.0.1:7447`) or a remote_api URL (`ws://127.0.0.1:10000`). Returns at
 * once with a session that is connecting; throws `invalid-argument` on an endpoint that can never work, `unsupported`
 * on a locator where the native addon is missing.
 */
export type OpenSession = (endpoint: string, options?: SessionOptions) => Session;

/** All replies of a get. For discovery, where one slow queryable must not hide the others. */
export async function collectReplies(replies: AsyncIterable<Reply>): Promise<Reply[]> {
  const all: Reply[] = [];
  for await (const reply of replies) all.push(reply);
  return all;
}
