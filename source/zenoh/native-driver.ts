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
import { type NativeAddon, type NativeSession, nativeAddon, nativeUnavailableReason } from './native-addon.ts';
import { NativeLink } from './native-link.ts';
import { frameFrom, type NativeRecord, nativeError, replyFrom, sampleFrom, TAG } from './native-records.ts';
import { createNativeShmProvider, NativeShmBuffer } from './native-shm.ts';
import { type Channel, type Frame, type Payload, type Reply, type Sample, SessionError } from './session.ts';

export const nativeDrivers: DriverFactory = {
  kind: 'native',
  async open(endpoint: string, settings: DriverSettings, signal: AbortSignal): Promise<Driver> {
    const reason = nativeUnavailableReason();
    if (reason !== undefined) throw new SessionError('unsupported', reason);
    const addon = nativeAddon();
    const link = new NativeLink(addon, endpoint, settings);
    const abandon = () => link.abandon();
    signal.addEventListener('abort', abandon, { once: true });
    try {
      await link.opened;
      if (signal.aborted) throw new SessionError('aborted', 'aborted by the caller');
      return new NativeDriver(addon, link);
    } catch (error) {
      link.abandon();
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
  readonly #addon: NativeAddon;
  readonly #link: NativeLink;
  readonly #session: NativeSession;

  constructor(addon: NativeAddon, link: NativeLink) {
    this.#addon = addon;
    this.#link = link;
    this.#session = link.session;
  }

  get zid(): string {
    return this.#link.zid;
  }

  get routerZid(): string | undefined {
    return this.#link.routerZid;
  }

  get lost(): Promise<string> {
    return this.#link.lost;
  }

  put(keyExpr: string, payload: Payload, settings: PutSettings): void | Promise<void> {
    const options = {
      encoding: settings.encoding,
      attachment: settings.attachment,
      isBlock: settings.congestion === 'block',
      express: settings.express,
    };
    if (payload instanceof NativeShmBuffer) {
      return this.#link.sendShm(payload, (id, leaseId, buffer) =>
        this.#session.putShm(id, keyExpr, leaseId, buffer, options),
      );
    }
    const bytes = bytesOf(payload);
    return this.#link.send((id) => this.#session.put(id, keyExpr, bytes, options));
  }

  delete(keyExpr: string): void | Promise<void> {
    return this.#link.send((id) => this.#session.delete(id, keyExpr));
  }

  get(selector: string, settings: GetSettings, onReply: (reply: Reply) => void): DriverGet {
    const { target, consolidation, payload, encoding, attachment, timeoutMs } = settings;
    const bytes = payload === undefined ? undefined : bytesOf(payload);
    return this.#link.ask(
      (record) => onReply(replyFrom(record)),
      (id) =>
        this.#session.get(id, selector, { target, consolidation, payload: bytes, encoding, attachment, timeoutMs }),
    );
  }

  getTokens(keyExpr: string, timeoutMs: number, onToken: (keyExpr: string) => void): DriverGet {
    return this.#link.ask(
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
    const { id, undeclare } = await this.#link.declare(take, (id) =>
      this.#session.declarePublisher(id, keyExpr, options),
    );
    return {
      undeclare,
      put: (payload, own) => {
        const attached = own.attachment ?? attachment;
        // The declared one is zenoh's already: to name it again costs a string and its parsing for each message.
        const ownEncoding = own.encoding === encoding ? undefined : own.encoding;
        if (payload instanceof NativeShmBuffer) {
          return this.#link.sendShm(payload, (callId, leaseId, buffer) =>
            this.#session.publisherPutShm(callId, id, leaseId, buffer, ownEncoding, attached),
          );
        }
        const bytes = bytesOf(payload);
        return this.#link.send((callId) => this.#session.publisherPut(callId, id, bytes, ownEncoding, attached));
      },
      delete: () => this.#link.send((callId) => this.#session.publisherDelete(callId, id)),
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
    const { id, undeclare } = await this.#link.declare(
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
    return this.#link.declare(
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
        this.#link.call((id) => this.#session.queryReply(id, queryId, keyExpr, bytesOf(payload), encoding, attachment)),
      replyError: (message) => this.#link.call((id) => this.#session.queryReplyError(id, queryId, message)),
      finalize: () => this.#session.queryFinalize(queryId),
    };
  }

  async declareToken(keyExpr: string): Promise<DriverDeclaration> {
    return this.#link.declare(
      () => undefined,
      (id) => this.#session.declareToken(id, keyExpr),
    );
  }

  async declareTokenSubscriber(
    keyExpr: string,
    history: boolean,
    onEvent: (keyExpr: string, alive: boolean) => void,
  ): Promise<DriverDeclaration> {
    return this.#link.declare(
      (record) => onEvent(record.keyExpr ?? '', record.tag === TAG.tokenAlive),
      (id) => this.#session.declareTokenSubscriber(id, keyExpr, history),
    );
  }

  close(): Promise<void> {
    return this.#link.close();
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
