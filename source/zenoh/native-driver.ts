/** A driver over the native addon: the official zenoh crate in this process. */
import type {
  Driver,
  DriverDeclaration,
  DriverFactory,
  DriverGet,
  DriverPublisher,
  DriverQuery,
  DriverSettings,
  DriverSubscriber,
  GetSettings,
  PutSettings,
} from './driver.ts';
import { settledWithin } from './limits.ts';
import { type NativeAddon, type NativeSession, nativeAddon, nativeUnavailableReason } from './native-addon.ts';
import { NativeMailbox } from './native-mailbox.ts';
import { frameFrom, type NativeRecord, nativeError, replyFrom, sampleFrom, TAG } from './native-records.ts';
import { createNativeShmProvider, NativeShmBuffer } from './native-shm.ts';
import { type Channel, type Frame, type Payload, type Reply, type Sample, SessionError } from './session.ts';

const UNDECLARE_LIMIT_MS = 2_000;
const CLOSE_LIMIT_MS = 2_000;

export const nativeDrivers: DriverFactory = {
  kind: 'native',
  async open(endpoint: string, settings: DriverSettings, signal: AbortSignal): Promise<Driver> {
    const reason = nativeUnavailableReason();
    if (reason !== undefined) throw new SessionError('unsupported', reason);
    const driver = new NativeDriver(nativeAddon(), endpoint, settings);
    const abandon = () => driver.abandon();
    signal.addEventListener('abort', abandon, { once: true });
    try {
      await driver.opened;
      if (signal.aborted) throw new SessionError('aborted', 'aborted by the caller');
      return driver;
    } catch (error) {
      driver.abandon();
      throw nativeError(error);
    } finally {
      signal.removeEventListener('abort', abandon);
    }
  },
  async createShmProvider(sizeBytes: number) {
    return createNativeShmProvider(sizeBytes);
  },
};

class NativeDriver implements Driver {
  readonly lost: Promise<string>;
  readonly opened: Promise<void>;
  readonly #addon: NativeAddon;
  readonly #session: NativeSession;
  readonly #mailbox: NativeMailbox;
  readonly #loseWith: (reason: string) => void;
  #zid = '';
  #routerZid: string | undefined;
  /** Why nothing works any more. */
  #ended: SessionError | undefined;
  #closing: Promise<void> | undefined;

  constructor(addon: NativeAddon, endpoint: string, settings: DriverSettings) {
    this.#addon = addon;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.lost = promise;
    this.#loseWith = resolve;
    this.#mailbox = new NativeMailbox((reason) => this.#lose(reason));
    const id = this.#mailbox.nextId();
    this.#session = new addon.NativeSession(id, configOf(endpoint, settings), endpoint, this.#mailbox.wake);
    this.#mailbox.attach(this.#session);
    this.opened = this.#mailbox.ended(id).then(() => {
      this.#zid = this.#session.zid;
      this.#routerZid = this.#session.routerZid;
    });
    this.opened.catch(() => undefined);
  }

  get zid(): string {
    return this.#zid;
  }

  get routerZid(): string | undefined {
    return this.#routerZid;
  }

  put(keyExpr: string, payload: Payload, settings: PutSettings): void | Promise<void> {
    const options = {
      encoding: settings.encoding,
      attachment: settings.attachment,
      isBlock: settings.congestion === 'block',
      express: settings.express,
    };
    if (payload instanceof NativeShmBuffer) {
      return this.#sendShm(payload, (id, leaseId, buffer) =>
        this.#session.putShm(id, keyExpr, leaseId, buffer, options),
      );
    }
    const bytes = bytesOf(payload);
    return this.#send((id) => this.#session.put(id, keyExpr, bytes, options));
  }

  delete(keyExpr: string): void | Promise<void> {
    return this.#send((id) => this.#session.delete(id, keyExpr));
  }

  get(selector: string, settings: GetSettings, onReply: (reply: Reply) => void): DriverGet {
    const { target, consolidation, payload, encoding, attachment, timeoutMs } = settings;
    const bytes = payload === undefined ? undefined : bytesOf(payload);
    return this.#ask(
      (record) => onReply(replyFrom(record)),
      (id) =>
        this.#session.get(id, selector, { target, consolidation, payload: bytes, encoding, attachment, timeoutMs }),
    );
  }

  getTokens(keyExpr: string, timeoutMs: number, onToken: (keyExpr: string) => void): DriverGet {
    return this.#ask(
      (record) => {
        if (record.keyExpr !== undefined) onToken(record.keyExpr);
      },
      (id) => this.#session.getTokens(id, keyExpr, timeoutMs),
    );
  }

  async declarePublisher(
    keyExpr: string,
    settings: PutSettings,
    onMatching: (matching: boolean) => void,
  ): Promise<DriverPublisher> {
    const { encoding, attachment, express } = settings;
    const options = { encoding, isBlock: settings.congestion === 'block', express };
    let matching: boolean | undefined;
    const take = (record: NativeRecord) => {
      const isMatching = record.extra === 1;
      if (isMatching === matching) return;
      matching = isMatching;
      onMatching(isMatching);
    };
    const { id, undeclare } = await this.#declare(take, (id) => this.#session.declarePublisher(id, keyExpr, options));
    return {
      undeclare,
      put: (payload, own) => {
        const attached = own.attachment ?? attachment;
        if (payload instanceof NativeShmBuffer) {
          return this.#sendShm(payload, (callId, leaseId, buffer) =>
            this.#session.publisherPutShm(callId, id, leaseId, buffer, own.encoding, attached),
          );
        }
        const bytes = bytesOf(payload);
        return this.#send((callId) => this.#session.publisherPut(callId, id, bytes, own.encoding, attached));
      },
      delete: () => this.#send((callId) => this.#session.publisherDelete(callId, id)),
    };
  }

  declareSubscriber(keyExpr: string, channel: Channel, onSample: (sample: Sample) => void): Promise<DriverSubscriber> {
    return this.#subscribe(keyExpr, channel, false, (record) => onSample(sampleFrom(record)));
  }

  declareFrameSubscriber(
    keyExpr: string,
    channel: Channel,
    onFrame: (frame: Frame) => void,
  ): Promise<DriverSubscriber> {
    return this.#subscribe(
      keyExpr,
      channel,
      true,
      (record) => onFrame(frameFrom(record, this.#addon)),
      (record) => frameFrom(record, this.#addon).release(),
    );
  }

  async #subscribe(
    keyExpr: string,
    channel: Channel,
    isLeased: boolean,
    take: (record: NativeRecord) => void,
    drop?: (record: NativeRecord) => void,
  ): Promise<DriverSubscriber> {
    const { id, undeclare } = await this.#declare(
      take,
      (id) => this.#session.declareSubscriber(id, keyExpr, channel.kind === 'ring', channel.capacity, isLeased),
      drop,
    );
    const session = this.#session;
    let dropped = 0;
    return {
      get droppedCount() {
        // Forgotten by the session once undeclared: the last figure stays.
        dropped = Math.max(dropped, session.droppedCount(id));
        return dropped;
      },
      undeclare() {
        dropped = Math.max(dropped, session.droppedCount(id));
        return undeclare();
      },
    };
  }

  async declareQueryable(keyExpr: string, onQuery: (query: DriverQuery) => void): Promise<DriverDeclaration> {
    return this.#declare(
      (record) => onQuery(this.#queryFrom(record)),
      (id) => this.#session.declareQueryable(id, keyExpr),
      (record) => this.#session.queryFinalize(record.extra as number),
    );
  }

  #queryFrom(record: NativeRecord): DriverQuery {
    const queryId = record.extra as number;
    return {
      keyExpr: record.keyExpr ?? '',
      parameters: record.timestamp ?? '',
      payload: record.payload as Uint8Array | undefined,
      encoding: record.encoding,
      attachment: record.attachment,
      reply: (keyExpr, payload, { encoding, attachment }) =>
        this.#call((id) => this.#session.queryReply(id, queryId, keyExpr, bytesOf(payload), encoding, attachment)),
      replyError: (message) => this.#call((id) => this.#session.queryReplyError(id, queryId, message)),
      finalize: () => this.#session.queryFinalize(queryId),
    };
  }

  async declareToken(keyExpr: string): Promise<DriverDeclaration> {
    return this.#declare(
      () => undefined,
      (id) => this.#session.declareToken(id, keyExpr),
    );
  }

  async declareTokenSubscriber(
    keyExpr: string,
    history: boolean,
    onEvent: (keyExpr: string, alive: boolean) => void,
  ): Promise<DriverDeclaration> {
    return this.#declare(
      (record) => onEvent(record.keyExpr ?? '', record.tag === TAG.tokenAlive),
      (id) => this.#session.declareTokenSubscriber(id, keyExpr, history),
    );
  }

  close(): Promise<void> {
    return this.#end(new SessionError('link-lost', 'the session is closed'));
  }

  /** As {@link close}, but the event loop is not held up by what still opens. */
  abandon(): void {
    this.close();
    this.#session.dispose();
    this.#mailbox.end(new SessionError('link-lost', 'the session is closed'));
  }

  #lose(reason: string): void {
    if (this.#ended !== undefined) return;
    this.#end(new SessionError('link-lost', reason));
    this.#loseWith(reason);
  }

  #end(error: SessionError): Promise<void> {
    this.#ended ??= error;
    this.#closing ??= this.#closeNative(error);
    return this.#closing;
  }

  async #closeNative(error: SessionError): Promise<void> {
    this.#mailbox.end(error);
    const id = this.#mailbox.nextId();
    try {
      const closed = this.#mailbox.ended(id);
      this.#session.close(id);
      await settledWithin(closed, CLOSE_LIMIT_MS);
    } finally {
      this.#session.dispose();
    }
  }

  #check(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  /** Errors that come of the loss are `link-lost`, whatever zenoh calls them. */
  #errorOf(error: unknown): SessionError {
    return this.#ended ?? nativeError(error);
  }

  #send(start: (callId: number) => boolean): void | Promise<void> {
    this.#check();
    const id = this.#mailbox.nextId();
    try {
      if (start(id)) return;
    } catch (error) {
      throw this.#errorOf(error);
    }
    const sent = this.#mailbox.ended(id).catch((error) => Promise.reject(this.#errorOf(error)));
    // Who does not wait for it does not want to know.
    sent.catch(() => undefined);
    return sent;
  }

  #sendShm(
    payload: NativeShmBuffer,
    start: (callId: number, leaseId: number, buffer: ArrayBuffer) => boolean,
  ): void | Promise<void> {
    const { leaseId, buffer } = payload.take();
    try {
      return this.#send((id) => start(id, leaseId, buffer));
    } finally {
      // Used up also where the call failed before it came to the memory.
      this.#addon.releaseLease(leaseId, buffer);
    }
  }

  async #call(start: (callId: number) => void): Promise<void> {
    this.#check();
    const id = this.#mailbox.nextId();
    try {
      start(id);
      await this.#mailbox.ended(id);
    } catch (error) {
      throw this.#errorOf(error);
    }
  }

  async #declare(
    take: (record: NativeRecord) => void,
    start: (id: number) => void,
    drop?: (record: NativeRecord) => void,
  ): Promise<DriverDeclaration & { readonly id: number }> {
    this.#check();
    const id = this.#mailbox.nextId();
    this.#mailbox.receive(id, take, drop);
    try {
      const declared = this.#mailbox.ended(id);
      start(id);
      await declared;
    } catch (error) {
      this.#mailbox.forget(id);
      this.#session.forget(id);
      throw this.#errorOf(error);
    }
    let undeclaring: Promise<void> | undefined;
    return { id, undeclare: () => (undeclaring ??= this.#undeclare(id)) };
  }

  async #undeclare(id: number): Promise<void> {
    this.#mailbox.forget(id);
    if (this.#ended !== undefined) return;
    await settledWithin(
      this.#call((callId) => this.#session.end(callId, id)),
      UNDECLARE_LIMIT_MS,
    );
  }

  #ask(take: (record: NativeRecord) => void, start: (id: number) => void): DriverGet {
    this.#check();
    const id = this.#mailbox.nextId();
    this.#mailbox.receive(id, take);
    const ended = this.#mailbox.ended(id);
    ended.catch(() => undefined);
    try {
      start(id);
    } catch (error) {
      this.#mailbox.forget(id);
      throw this.#errorOf(error);
    }
    const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
    finished.catch(() => undefined);
    let isCancelled = false;
    ended
      .finally(() => {
        this.#mailbox.forget(id);
        if (!isCancelled) this.#session.forget(id);
      })
      .then(resolve, (error) => reject(this.#errorOf(error)));
    const cancel = () => {
      if (isCancelled) return;
      isCancelled = true;
      this.#mailbox.forget(id);
      resolve();
      if (this.#ended === undefined) this.#call((callId) => this.#session.end(callId, id)).catch(() => undefined);
    };
    return { finished, cancel };
  }
}

function bytesOf(payload: Payload): Uint8Array {
  if (typeof payload === 'string') return Buffer.from(payload);
  if (payload instanceof Uint8Array) return payload;
  // Another implementation's shared memory: copied, and used up all the same.
  const bytes = payload.data.slice();
  payload.release();
  return bytes;
}

/** One attempt, bounded, to one router, and nobody looked for. */
function configOf(endpoint: string, settings: DriverSettings): string {
  return JSON.stringify({
    mode: 'client',
    connect: {
      endpoints: [endpoint],
      timeout_ms: Math.max(1, Math.ceil(settings.connectTimeoutMs)),
      exit_on_failure: true,
      // Zenoh reads a first period of 0 as "do not retry".
      retry: { period_init_ms: 0 },
    },
    listen: { endpoints: [] },
    scouting: { multicast: { enabled: false }, gossip: { enabled: false } },
    transport: {
      shared_memory: {
        enabled: settings.shm,
        transport_optimization: { enabled: settings.shm, message_size_threshold: settings.shmThresholdBytes },
      },
    },
  });
}
