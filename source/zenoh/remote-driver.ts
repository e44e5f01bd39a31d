/** A driver over the router's remote_api plugin, by zenoh-ts: for hosts without the native addon. */
import type * as zenohTs from '@eclipse-zenoh/zenoh-ts';
import { DeliveryQueue } from './delivery-queue.ts';
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
import { asSessionError, settledWithin } from './limits.ts';
import { CopiedFrame, consolidationOf, replyFrom, sampleFrom, targetOf } from './remote-convert.ts';
import { type LibrarySession, loadZenohTs, openLibrarySession, type ZenohTs } from './remote-library.ts';
import { MAX_MESSAGE_BYTES, openRemoteSocket, type RemoteSocket } from './remote-socket.ts';
import { type Channel, type Frame, type Payload, type Reply, type Sample, SessionError } from './session.ts';

export const remoteDrivers: DriverFactory = {
  kind: 'remote',
  async open(endpoint: string, settings: DriverSettings, signal: AbortSignal): Promise<Driver> {
    const loading = loadZenohTs();
    loading.catch(() => undefined);
    const socket = await openRemoteSocket(endpoint, settings.connectTimeoutMs, signal);
    try {
      const zenoh = await loading;
      const library = await openLibrarySession(zenoh, socket, endpoint);
      const info = await library.session.info();
      if (!socket.isOpen || signal.aborted) throw new SessionError('link-lost', 'the router closed the connection');
      return new RemoteDriver(zenoh, socket, library, info.zid().toString());
    } catch (error) {
      socket.close();
      throw asSessionError(error);
    }
  },
  async createShmProvider() {
    throw new SessionError('unsupported', 'there is no shared memory over a WebSocket: use a tcp/… endpoint');
  },
};

/** Where nothing came in for so long, a round trip is asked for… */
const HEARTBEAT_MS = 1_500;
/** …and after so many beats without any message the router counts as gone. Beats, not a time: a suspended laptop wakes up. */
const SILENT_BEATS = 5;
const UNDECLARE_LIMIT_MS = 2_000;
/** Room for the header, the key expression and the encoding. */
const MAX_PAYLOAD_BYTES = MAX_MESSAGE_BYTES - 64 * 1024;

class RemoteDriver implements Driver {
  readonly zid: string;
  readonly routerZid: string;
  readonly lost: Promise<string>;
  readonly #zenoh: ZenohTs;
  readonly #socket: RemoteSocket;
  readonly #session: zenohTs.Session;
  readonly #defer: LibrarySession['defer'];
  readonly #queues = new Set<DeliveryQueue<Sample>>();
  readonly #gets = new Set<(error: SessionError) => void>();
  readonly #heartbeat: NodeJS.Timeout;
  #isClosed = false;

  constructor(zenoh: ZenohTs, socket: RemoteSocket, library: LibrarySession, zid: string) {
    this.#zenoh = zenoh;
    this.#socket = socket;
    this.#session = library.session;
    this.#defer = library.defer;
    // The plugin opens our session on the router's own runtime, so it has the router's id.
    this.zid = zid;
    this.routerZid = zid;
    this.lost = socket.lost;
    this.#heartbeat = this.#startHeartbeat();
    this.lost.then(() => this.#end());
  }

  #startHeartbeat(): NodeJS.Timeout {
    let seenCount = this.#socket.receivedCount;
    let silentBeats = 0;
    const timer = setInterval(() => {
      const { receivedCount } = this.#socket;
      const isSilent = receivedCount === seenCount;
      seenCount = receivedCount;
      silentBeats = isSilent ? silentBeats + 1 : 0;
      if (silentBeats >= SILENT_BEATS) {
        this.#socket.lose(`the router has not answered for ${(SILENT_BEATS * HEARTBEAT_MS) / 1000} s`);
      } else if (isSilent) {
        this.#session.info().catch(() => undefined);
      }
    }, HEARTBEAT_MS);
    return timer.unref();
  }

  put(keyExpr: string, payload: Payload, settings: PutSettings): Promise<void> {
    return this.#send(payload, settings.attachment, settings.congestion, (bytes) =>
      this.#session.put(keyExpr, bytes, {
        ...sendOptions(settings),
        congestionControl: this.#congestionOf(settings),
        express: settings.express,
      }),
    );
  }

  delete(keyExpr: string): Promise<void> {
    return this.#send('', undefined, 'block', () => this.#session.delete(keyExpr));
  }

  /** zenoh-ts would queue without end; here `drop` drops and `block` waits its turn. */
  async #send(
    payload: Payload,
    attachment: Uint8Array | undefined,
    congestion: PutSettings['congestion'],
    send: (bytes: Uint8Array) => Promise<void>,
  ): Promise<void> {
    const bytes = consume(payload);
    this.#check();
    checkSize(bytes, attachment);
    if (this.#socket.isCongested) {
      if (congestion === 'drop') return;
      await this.#socket.drained();
      this.#check();
    }
    await this.#guard(send(bytes));
  }

  get(selector: string, settings: GetSettings, onReply: (reply: Reply) => void): DriverGet {
    const mark = selector.indexOf('?');
    const keyExpr = mark < 0 ? selector : selector.slice(0, mark);
    const parameters = mark < 0 ? '' : selector.slice(mark + 1);
    const { payload, attachment, encoding } = settings;
    const bytes = payload === undefined ? undefined : consume(payload);
    checkSize(bytes, attachment);
    return this.#ask(
      (handler, cancellationToken) =>
        this.#session.get(new this.#zenoh.Selector(keyExpr, parameters), {
          handler,
          cancellationToken,
          target: targetOf(this.#zenoh, settings.target),
          consolidation: consolidationOf(this.#zenoh, settings.consolidation),
          timeout: this.#zenoh.Duration.milliseconds.of(settings.timeoutMs),
          ...(bytes === undefined ? {} : { payload: bytes }),
          ...sendOptions({ encoding, attachment }),
        }),
      (reply) => onReply(replyFrom(this.#zenoh, reply)),
    );
  }

  getTokens(keyExpr: string, timeoutMs: number, onToken: (keyExpr: string) => void): DriverGet {
    return this.#ask(
      (handler, cancellationToken) =>
        this.#session.liveliness().get(keyExpr, {
          handler,
          cancellationToken,
          timeout: this.#zenoh.Duration.milliseconds.of(timeoutMs),
        }),
      (reply) => {
        const result = reply.result();
        if (result instanceof this.#zenoh.Sample) onToken(result.keyexpr().toString());
      },
    );
  }

  #ask(
    ask: (handler: [(reply: zenohTs.Reply) => void, () => void], token: zenohTs.CancellationToken) => Promise<unknown>,
    onReply: (reply: zenohTs.Reply) => void,
  ): DriverGet {
    this.#check();
    const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
    finished.catch(() => undefined);
    const token = new this.#zenoh.CancellationToken();
    let isEnded = false;
    const end = (error?: SessionError) => {
      isEnded = true;
      this.#gets.delete(end);
      if (error === undefined) resolve();
      else reject(error);
    };
    this.#gets.add(end);
    const take = (reply: zenohTs.Reply) =>
      this.#defer(() => {
        if (!isEnded) onReply(reply);
      });
    this.#guard(ask([take, () => this.#defer(() => end())], token)).catch(end);
    return {
      finished,
      cancel: () => {
        if (isEnded) return;
        end();
        token.cancel();
      },
    };
  }

  async declarePublisher(
    keyExpr: string,
    settings: PutSettings,
    onMatching: (matching: boolean) => void,
  ): Promise<DriverPublisher> {
    const publisher = await this.#request(() =>
      this.#session.declarePublisher(keyExpr, {
        ...sendOptions(settings),
        congestionControl: this.#congestionOf(settings),
        express: settings.express,
      }),
    );
    let isActive = true;
    let updates = 0;
    const report = (status: zenohTs.MatchingStatus) =>
      this.#defer(() => {
        updates += 1;
        if (isActive && !this.#isClosed) onMatching(status.matching());
      });
    const listener = await this.#request(() => publisher.matchingListener({ handler: report }));
    const status = await this.#request(() => publisher.matchingStatus());
    // An update that came meanwhile is at least as new.
    if (updates === 0) onMatching(status.matching());
    return {
      put: (payload, own) =>
        this.#send(payload, own.attachment, settings.congestion, (bytes) => publisher.put(bytes, sendOptions(own))),
      delete: () => this.#send('', undefined, 'block', () => publisher.delete()),
      undeclare: () => {
        isActive = false;
        return this.#undeclare(async () => {
          await listener.undeclare();
          await publisher.undeclare();
        });
      },
    };
  }

  declareSubscriber(keyExpr: string, channel: Channel, onSample: (sample: Sample) => void): Promise<DriverSubscriber> {
    return this.#subscribe(keyExpr, new DeliveryQueue<Sample>(channel, onSample));
  }

  declareFrameSubscriber(
    keyExpr: string,
    channel: Channel,
    onFrame: (frame: Frame) => void,
  ): Promise<DriverSubscriber> {
    return this.#subscribe(keyExpr, new DeliveryQueue<Sample>(channel, (sample) => onFrame(new CopiedFrame(sample))));
  }

  async #subscribe(keyExpr: string, queue: DeliveryQueue<Sample>): Promise<DriverSubscriber> {
    this.#queues.add(queue);
    const handler = (sample: zenohTs.Sample) => queue.push(sampleFrom(this.#zenoh, sample));
    const subscriber = await this.#request(() => this.#session.declareSubscriber(keyExpr, { handler }));
    return {
      get droppedCount() {
        return queue.droppedCount;
      },
      undeclare: () => {
        queue.close();
        this.#queues.delete(queue);
        return this.#undeclare(() => subscriber.undeclare());
      },
    };
  }

  async declareQueryable(keyExpr: string, onQuery: (query: DriverQuery) => void): Promise<DriverDeclaration> {
    const handler = (query: zenohTs.Query) => this.#defer(() => onQuery(this.#queryFrom(query)));
    const queryable = await this.#request(() => this.#session.declareQueryable(keyExpr, { handler, complete: false }));
    return { undeclare: () => this.#undeclare(() => queryable.undeclare()) };
  }

  #queryFrom(query: zenohTs.Query): DriverQuery {
    let isFinal = false;
    const answer = async (bytes: Uint8Array, attachment: Uint8Array | undefined, send: () => Promise<void>) => {
      this.#check();
      if (isFinal) throw new SessionError('failed', 'the query has ended');
      checkSize(bytes, attachment);
      await this.#guard(send());
    };
    return {
      keyExpr: query.keyExpr().toString(),
      parameters: query.parameters().toString(),
      payload: query.payload()?.toBytes(),
      encoding: query.encoding()?.toString(),
      attachment: query.attachment()?.toBytes(),
      reply: (keyExpr, payload, settings) => {
        const bytes = consume(payload);
        return answer(bytes, settings.attachment, () => query.reply(keyExpr, bytes, sendOptions(settings)));
      },
      replyError: (message) => {
        const bytes = consume(message);
        return answer(bytes, undefined, () => query.replyErr(bytes, { encoding: this.#zenoh.Encoding.TEXT_PLAIN }));
      },
      finalize: () => {
        if (isFinal) return;
        isFinal = true;
        if (this.#socket.isOpen) query.finalize().catch(() => undefined);
      },
    };
  }

  async declareToken(keyExpr: string): Promise<DriverDeclaration> {
    const token = await this.#request(() => this.#session.liveliness().declareToken(keyExpr));
    return { undeclare: () => this.#undeclare(() => token.undeclare()) };
  }

  async declareTokenSubscriber(
    keyExpr: string,
    history: boolean,
    onEvent: (keyExpr: string, alive: boolean) => void,
  ): Promise<DriverDeclaration> {
    let isActive = true;
    const handler = (sample: zenohTs.Sample) =>
      this.#defer(() => {
        if (isActive) onEvent(sample.keyexpr().toString(), sample.kind() === this.#zenoh.SampleKind.PUT);
      });
    const subscriber = await this.#request(() =>
      this.#session.liveliness().declareSubscriber(keyExpr, { handler, history }),
    );
    return {
      undeclare: () => {
        isActive = false;
        return this.#undeclare(() => subscriber.undeclare());
      },
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#end();
    // The router undeclares all when the connection ends.
    await this.#socket.close();
  }

  #end(): void {
    this.#isClosed = true;
    clearInterval(this.#heartbeat);
    for (const queue of this.#queues) queue.close();
    this.#queues.clear();
    for (const end of [...this.#gets]) end(goneError());
  }

  #check(): void {
    if (this.#isClosed || !this.#socket.isOpen) throw goneError();
  }

  /** A request that is answered: see RemoteSocket.pendingRequests. */
  async #request<T>(request: () => Promise<T>): Promise<T> {
    this.#check();
    this.#socket.pendingRequests += 1;
    try {
      return await this.#guard(request());
    } finally {
      this.#socket.pendingRequests -= 1;
    }
  }

  async #guard<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      if (this.#isClosed || !this.#socket.isOpen) throw goneError();
      throw asSessionError(error);
    }
  }

  async #undeclare(undeclare: () => Promise<void>): Promise<void> {
    if (this.#isClosed || !this.#socket.isOpen) return;
    await settledWithin(undeclare(), UNDECLARE_LIMIT_MS);
  }

  #congestionOf(settings: PutSettings): zenohTs.CongestionControl {
    const { CongestionControl } = this.#zenoh;
    return settings.congestion === 'block' ? CongestionControl.BLOCK : CongestionControl.DROP;
  }
}

function goneError(): SessionError {
  return new SessionError('link-lost', 'the link to the router is gone');
}

function sendOptions(settings: Pick<PutSettings, 'encoding' | 'attachment'>) {
  return {
    ...(settings.encoding === undefined ? {} : { encoding: settings.encoding }),
    ...(settings.attachment === undefined ? {} : { attachment: settings.attachment }),
  };
}

function checkSize(bytes: Uint8Array | undefined, attachment: Uint8Array | undefined): void {
  const sizeBytes = (bytes?.byteLength ?? 0) + (attachment?.byteLength ?? 0);
  if (sizeBytes <= MAX_PAYLOAD_BYTES) return;
  throw new SessionError(
    'unsupported',
    `${sizeBytes} bytes are too many for one message over a WebSocket (${MAX_PAYLOAD_BYTES} at most): use a tcp/… endpoint`,
  );
}

/** The payload's bytes; a buffer of shared memory is copied out and given back. */
function consume(payload: Payload): Uint8Array {
  if (typeof payload === 'string') return new TextEncoder().encode(payload);
  if (payload instanceof Uint8Array) return payload;
  const bytes = payload.data.slice();
  payload.release();
  return bytes;
}
