/**
 * A `Session` over a row of drivers. The link loop opens them, the declarations are made again on each, and every
 * request is bounded by its time limit, its AbortSignal, the loss of the link and the close.
 */

import { Declarations, type Declared, type Recipe } from './declarations.ts';
import type { Driver, DriverDeclaration, DriverFactory } from './driver.ts';
import { canonicalKeyExpr, formatSelector, parseSelector } from './key-expr.ts';
import { asSessionError, checkedTimeoutMs, limited } from './limits.ts';
import { closedError, LinkLoop } from './link-loop.ts';
import {
  checkedChannel,
  DEFAULT_CHANNEL,
  DEFAULT_FRAME_CHANNEL,
  driverSettings,
  getSettings,
  putSettings,
  retrySettings,
} from './options.ts';
import {
  type DropCount,
  frameSubscriberRecipe,
  guarded,
  queryableRecipe,
  subscriberRecipe,
  tokenChangeRecipe,
  tokenRecipe,
  tokenSubscriberRecipe,
} from './recipes.ts';
import { BACKSTOP_MS, streamReplies, timedOutReply } from './replies.ts';
import {
  DEFAULT_TIMEOUT_MS,
  type Declaration,
  type Frame,
  type GetOptions,
  type LinkState,
  type Liveliness,
  type LivelinessOptions,
  type Payload,
  type Publisher,
  type PutOptions,
  type Query,
  type Reply,
  type Sample,
  type Session,
  SessionError,
  type SessionKind,
  type SessionOptions,
  type ShmProvider,
  type Subscriber,
  type SubscriberOptions,
} from './session.ts';
import { supervisePublisher } from './supervised-publisher.ts';

/** Starts connecting at once; the session lives until it is closed. Throws `invalid-argument` on bad options. */
export function superviseSession(factory: DriverFactory, endpoint: string, options: SessionOptions = {}): Session {
  return new SupervisedSession(factory, endpoint, options);
}

class SupervisedSession implements Session {
  readonly kind: SessionKind;
  readonly endpoint: string;
  readonly liveliness: Liveliness;
  readonly #factory: DriverFactory;
  readonly #declarations = new Declarations();
  readonly #link: LinkLoop;
  readonly #linkListeners = new Set<(link: LinkState) => void>();
  readonly #onHandlerError: (error: unknown) => void;
  #closing: Promise<void> | undefined;

  constructor(factory: DriverFactory, endpoint: string, options: SessionOptions) {
    this.kind = factory.kind;
    this.endpoint = endpoint;
    this.#factory = factory;
    this.#onHandlerError = options.onHandlerError ?? throwLater;
    this.#link = new LinkLoop(
      factory,
      endpoint,
      driverSettings(options),
      retrySettings(options),
      this.#declarations,
      () => this.#announceLink(),
    );
    this.liveliness = {
      declareToken: (keyExpr) => this.#declareToken(keyExpr),
      get: (keyExpr, getOptions) => this.#getTokens(keyExpr, getOptions),
      declareSubscriber: (keyExpr, handler, subscriberOptions) =>
        this.#declareTokenSubscriber(keyExpr, handler, subscriberOptions?.history ?? false),
      declareChangeSubscriber: async (keyExpr, handler) => {
        const canonical = canonicalKeyExpr(keyExpr);
        return declaration(canonical, await this.#declare(tokenChangeRecipe(canonical, handler, this.#onHandlerError)));
      },
    };
    this.#link.run();
  }

  get zid(): string {
    return this.#link.zid;
  }

  get link(): LinkState {
    return this.#link.state;
  }

  onLink(listener: (link: LinkState) => void): () => void {
    const own = (link: LinkState) => listener(link);
    this.#linkListeners.add(own);
    return () => this.#linkListeners.delete(own);
  }

  #announceLink(): void {
    const { state } = this.#link;
    for (const listener of [...this.#linkListeners]) guarded(() => listener(state), this.#onHandlerError);
  }

  async connected(options: LivelinessOptions = {}): Promise<void> {
    const timeoutMs = checkedTimeoutMs(options.timeoutMs, DEFAULT_TIMEOUT_MS);
    const standing = Promise.withResolvers<void>();
    const look = (link: LinkState) => {
      if (link.state === 'connected') standing.resolve();
      else if (link.state === 'closed') standing.reject(closedError());
    };
    const stopLooking = this.onLink(look);
    look(this.link);
    try {
      await limited(standing.promise, { timeoutMs, signal: options.signal, what: 'connecting' });
    } catch (error) {
      const { link } = this;
      const isTimeout = error instanceof SessionError && error.code === 'timeout';
      if (!isTimeout || link.state !== 'lost') throw error;
      throw new SessionError('timeout', `no link to ${this.endpoint} within ${timeoutMs} ms: ${link.reason}`);
    } finally {
      stopLooking();
    }
  }

  async put(keyExpr: string, payload: Payload, options: PutOptions = {}): Promise<void> {
    await this.#send(payload, (driver) => driver.put(canonicalKeyExpr(keyExpr), payload, putSettings(options)));
  }

  async delete(keyExpr: string): Promise<void> {
    await this.#send(undefined, (driver) => driver.delete(canonicalKeyExpr(keyExpr)));
  }

  /** Most puts settle within the call: those cost no timer, and no promise of their own. */
  #send(payload: Payload | undefined, call: (driver: Driver) => void | Promise<void>): Promise<void> {
    let sending: void | Promise<void>;
    try {
      sending = call(this.#link.requireDriver());
    } catch (error) {
      if (payload !== undefined && typeof payload !== 'string' && 'release' in payload) payload.release();
      return Promise.reject(asSessionError(error));
    }
    if (sending === undefined) return SENT;
    return limited(sending, {
      timeoutMs: DEFAULT_TIMEOUT_MS,
      interrupts: this.#link.interrupts,
      what: 'sending',
    });
  }

  async *get(selector: string, options: GetOptions = {}): AsyncGenerator<Reply, void, void> {
    const parsed = formatSelector(parseSelector(selector));
    const timeoutMs = checkedTimeoutMs(options.timeoutMs, DEFAULT_TIMEOUT_MS);
    const settings = getSettings(options, timeoutMs);
    yield* streamReplies<Reply>(
      this.#link.requireDriver(),
      (driver, onReply) => driver.get(parsed, settings, onReply),
      { timeoutMs, signal: options.signal, interrupts: this.#link.interrupts },
      timedOutReply,
    );
  }

  async #getTokens(keyExpr: string, options: LivelinessOptions = {}): Promise<string[]> {
    const canonical = canonicalKeyExpr(keyExpr);
    const timeoutMs = checkedTimeoutMs(options.timeoutMs, DEFAULT_TIMEOUT_MS);
    const tokens = new Set<string>();
    const replies = streamReplies<string>(
      this.#link.requireDriver(),
      (driver, onToken) => driver.getTokens(canonical, timeoutMs + BACKSTOP_MS, onToken),
      { timeoutMs, signal: options.signal, interrupts: this.#link.interrupts },
      (error) => {
        // Half a list would look like a whole one.
        throw error;
      },
    );
    for await (const token of replies) tokens.add(token);
    return [...tokens];
  }

  async declarePublisher(keyExpr: string, options: PutOptions = {}): Promise<Publisher> {
    const canonical = canonicalKeyExpr(keyExpr);
    return supervisePublisher(canonical, putSettings(options), {
      declare: (recipe) => this.#declare(recipe),
      send: (payload, call) => this.#send(payload, call),
      onHandlerError: this.#onHandlerError,
    });
  }

  async declareSubscriber(
    keyExpr: string,
    handler: (sample: Sample) => void,
    options: SubscriberOptions = {},
  ): Promise<Subscriber> {
    const canonical = canonicalKeyExpr(keyExpr);
    const channel = checkedChannel(options.channel, DEFAULT_CHANNEL);
    const drops: DropCount = { earlier: 0 };
    const recipe = subscriberRecipe(canonical, channel, handler, drops, this.#onHandlerError);
    return subscriber(canonical, await this.#declare(recipe), drops);
  }

  async declareFrameSubscriber(
    keyExpr: string,
    handler: (frame: Frame) => void,
    options: SubscriberOptions = {},
  ): Promise<Subscriber> {
    const canonical = canonicalKeyExpr(keyExpr);
    const channel = checkedChannel(options.channel, DEFAULT_FRAME_CHANNEL);
    const drops: DropCount = { earlier: 0 };
    const recipe = frameSubscriberRecipe(canonical, channel, handler, drops, this.#onHandlerError);
    return subscriber(canonical, await this.#declare(recipe), drops);
  }

  async declareQueryable(keyExpr: string, handler: (query: Query) => void | Promise<void>): Promise<Declaration> {
    const canonical = canonicalKeyExpr(keyExpr);
    return declaration(canonical, await this.#declare(queryableRecipe(canonical, handler, this.#onHandlerError)));
  }

  async #declareToken(keyExpr: string): Promise<Declaration> {
    const canonical = canonicalKeyExpr(keyExpr);
    return declaration(canonical, await this.#declare(tokenRecipe(canonical)));
  }

  async #declareTokenSubscriber(
    keyExpr: string,
    handler: (event: { readonly keyExpr: string; readonly alive: boolean }) => void,
    history: boolean,
  ): Promise<Declaration> {
    const canonical = canonicalKeyExpr(keyExpr);
    const recipe = tokenSubscriberRecipe(canonical, handler, history, this.#onHandlerError);
    return declaration(canonical, await this.#declare(recipe));
  }

  #declare<H extends DriverDeclaration>(recipe: Recipe<H>): Promise<Declared<H>> {
    return this.#declarations.add(recipe, this.#link);
  }

  async createShmProvider(sizeBytes: number): Promise<ShmProvider> {
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < MIN_SHM_BYTES) {
      throw new SessionError(
        'invalid-argument',
        `shared memory must be at least ${MIN_SHM_BYTES} bytes, not ${sizeBytes}`,
      );
    }
    if (this.link.state === 'closed') throw closedError();
    return this.#factory.createShmProvider(sizeBytes);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#declarations.abandon();
    await this.#link.close();
  }
}

const MIN_SHM_BYTES = 4_096;
const SENT = Promise.resolve();

function declaration(keyExpr: string, declared: Declared): Declaration {
  return { keyExpr, undeclare: () => declared.undeclare() };
}

function subscriber(
  keyExpr: string,
  declared: Declared<DriverDeclaration & { readonly droppedCount: number }>,
  drops: DropCount,
): Subscriber {
  return {
    ...declaration(keyExpr, declared),
    get droppedCount() {
      return drops.earlier + (declared.handle?.droppedCount ?? 0);
    },
  };
}

/** As Node does with an EventTarget's listeners: nothing of ours breaks, and the bug is seen. */
function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
