/** One session of a {@link FakeNetwork}: what it declares, and how samples and queries reach the others. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DeliveryQueue } from '../../source/zenoh/delivery-queue.ts';
import type {
  Driver,
  DriverDeclaration,
  DriverGet,
  DriverPublisher,
  DriverQuery,
  DriverSubscriber,
  GetSettings,
  PutSettings,
} from '../../source/zenoh/driver.ts';
import { keyExprIntersects, parseSelector } from '../../source/zenoh/key-expr.ts';
import {
  type Channel,
  type Frame,
  type Payload,
  type Reply,
  type Sample,
  SessionError,
} from '../../source/zenoh/session.ts';
import { FakeFrame } from './fake-frame.ts';
import { FakeShmBuffer, type FakeShmMemory } from './fake-shm.ts';

export interface FakeRouter {
  readonly routerZid: string;
  /** Everyone at this router, the asker among them. */
  peers(): FakeDriver[];
  isStalled(): boolean;
  leave(driver: FakeDriver): void;
}

interface PublisherEntry {
  readonly keyExpr: string;
  readonly onMatching: (matching: boolean) => void;
  isMatching: boolean;
}

interface SubscriberEntry {
  readonly keyExpr: string;
  readonly close: () => void;
  readonly droppedCount: () => number;
  deliver(sample: Sample, memory: FakeShmMemory | undefined): void;
}

interface QueryableEntry {
  readonly keyExpr: string;
  readonly onQuery: (query: DriverQuery) => void;
}

interface TokenSubscriberEntry {
  readonly keyExpr: string;
  readonly onEvent: (keyExpr: string, alive: boolean) => void;
}

const DEFAULT_ENCODING = 'zenoh/bytes';

export class FakeDriver implements Driver {
  readonly zid: string;
  readonly lost: Promise<string>;
  readonly #router: FakeRouter;
  readonly #lose: (reason: string) => void;
  readonly #publishers = new Set<PublisherEntry>();
  readonly #subscribers = new Set<SubscriberEntry>();
  readonly #queryables = new Set<QueryableEntry>();
  readonly #tokens = new Set<{ readonly keyExpr: string }>();
  readonly #tokenSubscribers = new Set<TokenSubscriberEntry>();
  #isGone = false;

  constructor(zid: string, router: FakeRouter) {
    this.zid = zid;
    this.#router = router;
    const { promise, resolve } = Promise.withResolvers<string>();
    this.lost = promise;
    this.#lose = resolve;
  }

  get routerZid(): string {
    return this.#router.routerZid;
  }

  lose(reason: string): void {
    this.#clear();
    this.#lose(reason);
  }

  declarations(): string[] {
    const list = (kind: string, entries: Iterable<{ readonly keyExpr: string }>) =>
      [...entries].map((entry) => `${kind} ${entry.keyExpr}`);
    return [
      ...list('publisher', this.#publishers),
      ...list('subscriber', this.#subscribers),
      ...list('queryable', this.#queryables),
      ...list('token', this.#tokens),
      ...list('token-subscriber', this.#tokenSubscribers),
    ];
  }

  put(keyExpr: string, payload: Payload, settings: PutSettings): void {
    const memory = payload instanceof FakeShmBuffer ? payload.take() : undefined;
    try {
      this.#check();
      const sample: Sample = {
        keyExpr,
        kind: 'put',
        payload: memory?.data ?? bytesOf(payload),
        encoding: settings.encoding ?? DEFAULT_ENCODING,
        ...(settings.attachment === undefined ? {} : { attachment: settings.attachment.slice() }),
        shm: memory !== undefined,
      };
      this.#send(sample, memory);
    } finally {
      memory?.letGo();
    }
  }

  delete(keyExpr: string): void {
    this.#check();
    this.#send({ keyExpr, kind: 'delete', payload: new Uint8Array(0), encoding: DEFAULT_ENCODING, shm: false });
  }

  #send(sample: Sample, memory?: FakeShmMemory): void {
    if (this.#router.isStalled()) return;
    for (const peer of this.#router.peers()) {
      for (const subscriber of peer.#subscribers) {
        if (keyExprIntersects(subscriber.keyExpr, sample.keyExpr)) {
          subscriber.deliver(sample, memory);
        }
      }
    }
  }

  get(selector: string, settings: GetSettings, onReply: (reply: Reply) => void): DriverGet {
    const { keyExpr, parameters } = parseSelector(selector);
    const { promise, resolve } = Promise.withResolvers<void>();
    let isCancelled = false;
    const run = async () => {
      this.#check();
      await nextTurn();
      if (this.#router.isStalled()) await new Promise(() => undefined);
      const found = this.#router
        .peers()
        .flatMap((peer) => [...peer.#queryables].map((queryable) => ({ peer, queryable })))
        .filter(({ queryable }) => keyExprIntersects(queryable.keyExpr, keyExpr));
      await Promise.all(
        found.map(({ peer, queryable }) =>
          ask(queryable, { keyExpr, parameters }, settings, (reply) => {
            if (!isCancelled) onReply({ ...reply, replierZid: peer.zid });
          }),
        ),
      );
    };
    const finished = Promise.race([run(), promise]);
    return {
      finished,
      cancel() {
        isCancelled = true;
        resolve();
      },
    };
  }

  async declarePublisher(
    keyExpr: string,
    settings: PutSettings,
    onMatching: (matching: boolean) => void,
  ): Promise<DriverPublisher> {
    const entry: PublisherEntry = { keyExpr, onMatching, isMatching: false };
    const declaration = await this.#declare(this.#publishers, entry);
    entry.isMatching = this.#hasSubscriber(keyExpr);
    onMatching(entry.isMatching);
    return {
      ...declaration,
      put: (payload, own) => this.put(keyExpr, payload, { ...settings, ...own }),
      delete: () => this.delete(keyExpr),
    };
  }

  async declareSubscriber(
    keyExpr: string,
    channel: Channel,
    onSample: (sample: Sample) => void,
  ): Promise<DriverSubscriber> {
    const queue = new DeliveryQueue<Sample>(channel, onSample);
    return this.#subscribe({
      keyExpr,
      close: () => queue.close(),
      droppedCount: () => queue.droppedCount,
      deliver: (sample) => queue.push({ ...sample, payload: sample.payload.slice() }),
    });
  }

  async declareFrameSubscriber(
    keyExpr: string,
    channel: Channel,
    onFrame: (frame: Frame) => void,
  ): Promise<DriverSubscriber> {
    const queue = new DeliveryQueue<Frame>(channel, onFrame, {
      onDrop: (frame) => frame.release(),
    });
    return this.#subscribe({
      keyExpr,
      close: () => queue.close(),
      droppedCount: () => queue.droppedCount,
      deliver: (sample, memory) => queue.push(new FakeFrame({ ...sample, payload: sample.payload.slice() }, memory)),
    });
  }

  async #subscribe(entry: SubscriberEntry): Promise<DriverSubscriber> {
    const declaration = await this.#declare(this.#subscribers, entry);
    this.#updateMatching();
    return {
      undeclare: async () => {
        entry.close();
        await declaration.undeclare();
        this.#updateMatching();
      },
      get droppedCount() {
        return entry.droppedCount();
      },
    };
  }

  declareQueryable(keyExpr: string, onQuery: (query: DriverQuery) => void): Promise<DriverDeclaration> {
    return this.#declare(this.#queryables, { keyExpr, onQuery });
  }

  async declareToken(keyExpr: string): Promise<DriverDeclaration> {
    const isNew = !this.#isTokenAlive(keyExpr);
    const declaration = await this.#declare(this.#tokens, { keyExpr });
    if (isNew) this.#announceToken(keyExpr, true);
    return {
      undeclare: async () => {
        const wasAlive = this.#isTokenAlive(keyExpr);
        await declaration.undeclare();
        if (wasAlive && !this.#isTokenAlive(keyExpr)) this.#announceToken(keyExpr, false);
      },
    };
  }

  getTokens(keyExpr: string, _timeoutMs: number, onToken: (keyExpr: string) => void): DriverGet {
    const { promise, resolve } = Promise.withResolvers<void>();
    const run = async () => {
      this.#check();
      await nextTurn();
      if (this.#router.isStalled()) await new Promise(() => undefined);
      for (const token of this.#aliveTokens(keyExpr)) onToken(token);
    };
    return { finished: Promise.race([run(), promise]), cancel: resolve };
  }

  async declareTokenSubscriber(
    keyExpr: string,
    history: boolean,
    onEvent: (keyExpr: string, alive: boolean) => void,
  ): Promise<DriverDeclaration> {
    const declaration = await this.#declare(this.#tokenSubscribers, { keyExpr, onEvent });
    if (history) for (const token of this.#aliveTokens(keyExpr)) onEvent(token, true);
    return declaration;
  }

  async close(): Promise<void> {
    this.#clear();
  }

  #check(): void {
    if (this.#isGone) throw new SessionError('link-lost', 'the link is gone');
  }

  async #declare<T>(set: Set<T>, entry: T): Promise<DriverDeclaration> {
    this.#check();
    await Promise.resolve();
    this.#check();
    if (this.#router.isStalled()) await new Promise(() => undefined);
    set.add(entry);
    return {
      undeclare: async () => {
        set.delete(entry);
      },
    };
  }

  #clear(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const tokens = new Set([...this.#tokens].map((token) => token.keyExpr));
    for (const subscriber of this.#subscribers) subscriber.close();
    this.#publishers.clear();
    this.#subscribers.clear();
    this.#queryables.clear();
    this.#tokens.clear();
    this.#tokenSubscribers.clear();
    this.#router.leave(this);
    for (const token of tokens) if (!this.#isTokenAlive(token)) this.#announceToken(token, false);
    this.#updateMatching();
  }

  #hasSubscriber(keyExpr: string): boolean {
    return this.#router
      .peers()
      .some((peer) => [...peer.#subscribers].some((subscriber) => keyExprIntersects(subscriber.keyExpr, keyExpr)));
  }

  #updateMatching(): void {
    for (const peer of this.#router.peers()) {
      for (const publisher of peer.#publishers) {
        const isMatching = peer.#hasSubscriber(publisher.keyExpr);
        if (isMatching === publisher.isMatching) continue;
        publisher.isMatching = isMatching;
        publisher.onMatching(isMatching);
      }
    }
  }

  #aliveTokens(keyExpr: string): Set<string> {
    const tokens = this.#router.peers().flatMap((peer) => [...peer.#tokens].map((token) => token.keyExpr));
    return new Set(tokens.filter((token) => keyExprIntersects(token, keyExpr)));
  }

  #isTokenAlive(keyExpr: string): boolean {
    return this.#router.peers().some((peer) => [...peer.#tokens].some((token) => token.keyExpr === keyExpr));
  }

  #announceToken(keyExpr: string, alive: boolean): void {
    for (const peer of this.#router.peers()) {
      for (const subscriber of peer.#tokenSubscribers) {
        if (keyExprIntersects(subscriber.keyExpr, keyExpr)) subscriber.onEvent(keyExpr, alive);
      }
    }
  }
}

/** Asks one queryable; resolves when it has finalised the query. */
function ask(
  queryable: QueryableEntry,
  selector: { readonly keyExpr: string; readonly parameters: string },
  settings: GetSettings,
  onReply: (reply: Reply) => void,
): Promise<void> {
  return new Promise((resolve) => {
    let isFinal = false;
    const check = () => {
      if (isFinal) throw new SessionError('failed', 'the query has ended');
    };
    queryable.onQuery({
      ...selector,
      payload: settings.payload === undefined ? undefined : bytesOf(settings.payload),
      encoding: settings.payload === undefined ? undefined : (settings.encoding ?? DEFAULT_ENCODING),
      attachment: settings.attachment,
      reply(keyExpr, payload, options) {
        check();
        if (!keyExprIntersects(keyExpr, selector.keyExpr)) {
          throw new SessionError('failed', `${keyExpr} does not intersect the query's ${selector.keyExpr}`);
        }
        const sample: Sample = {
          keyExpr,
          kind: 'put',
          payload: bytesOf(payload),
          encoding: options.encoding ?? DEFAULT_ENCODING,
          ...(options.attachment === undefined ? {} : { attachment: options.attachment }),
          shm: false,
        };
        onReply({ ok: true, sample });
      },
      replyError(message) {
        check();
        onReply({ ok: false, message, timedOut: false });
      },
      finalize() {
        isFinal = true;
        resolve();
      },
    });
  });
}

/** A copy of its own, as after a journey. */
function bytesOf(payload: Payload): Uint8Array {
  if (typeof payload === 'string') return new TextEncoder().encode(payload);
  if (payload instanceof Uint8Array) return payload.slice();
  throw new SessionError('invalid-argument', 'not a buffer of this network');
}
