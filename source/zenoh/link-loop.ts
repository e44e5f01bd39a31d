/** Opens drivers one after another: connects, waits for the loss, waits, connects again. */
import type { Driver, DriverFactory, DriverSettings } from './driver.ts';
import { asSessionError, Interrupts, limited, settledWithin } from './limits.ts';
import { type LinkState, SessionError } from './session.ts';

export interface RetrySettings {
  readonly initialMs: number;
  readonly maxMs: number;
}

/** What the loop needs of the declarations. */
export interface Establishing {
  /** Whether each declaration stands on `driver`. */
  isComplete(driver: Driver): boolean;
  /** Makes those that do not. */
  establish(driver: Driver): Promise<void>;
  /** The link under them is gone. */
  down(): void;
}

/** A link that stood for less is no success: the waits keep growing. */
const STABLE_AFTER_MS = 1_000;
/** Closing a driver in the background is given up after so long. */
const CLOSE_LIMIT_MS = 2_500;
const BACKOFF_FACTOR = 2;

export class LinkLoop {
  readonly #factory: DriverFactory;
  readonly #endpoint: string;
  readonly #settings: DriverSettings;
  readonly #retry: RetrySettings;
  readonly #declarations: Establishing;
  readonly #onChange: () => void;
  readonly #closing = new AbortController();
  readonly #closed = aborted(this.#closing.signal);
  /** Requests under way; told at the loss and at the close. */
  readonly interrupts = new Interrupts();
  #state: LinkState = { state: 'connecting', sinceMs: Date.now() };
  #driver: Driver | undefined;
  #zid = '';

  constructor(
    factory: DriverFactory,
    endpoint: string,
    settings: DriverSettings,
    retry: RetrySettings,
    declarations: Establishing,
    onChange: () => void,
  ) {
    this.#factory = factory;
    this.#endpoint = endpoint;
    this.#settings = settings;
    this.#retry = retry;
    this.#declarations = declarations;
    this.#onChange = onChange;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Of the last connection; empty before the first. */
  get zid(): string {
    return this.#zid;
  }

  /** Defined only while connected. */
  get driver(): Driver | undefined {
    return this.#driver;
  }

  /** The driver; throws `link-lost` or `closed` where there is none. */
  requireDriver(): Driver {
    if (this.#driver !== undefined) return this.#driver;
    throw this.noLinkError();
  }

  noLinkError(): SessionError {
    const state = this.#state;
    if (state.state === 'closed') return closedError();
    if (state.state === 'lost') return new SessionError('link-lost', `no link to ${this.#endpoint}: ${state.reason}`);
    return new SessionError('link-lost', `not yet connected to ${this.#endpoint}`);
  }

  /** Runs until {@link close}; never rejects. */
  async run(): Promise<void> {
    const { signal } = this.#closing;
    let lostSinceMs = Date.now();
    // The number of the attempt that is due or under way, since the loss.
    let attempt = 1;
    let delayMs = this.#retry.initialMs;
    while (!signal.aborted) {
      let reason: string;
      const driver = await this.#connect(signal).catch((error: unknown) => asSessionError(error));
      if (signal.aborted) return;
      if (driver instanceof SessionError) {
        reason = driver.message;
      } else {
        const connectedAtMs = Date.now();
        const lost = await this.#stand(driver, signal);
        if (lost === undefined) return;
        reason = lost;
        lostSinceMs = Date.now();
        attempt = 0;
        if (lostSinceMs - connectedAtMs >= STABLE_AFTER_MS) delayMs = this.#retry.initialMs;
      }
      attempt += 1;
      // Between three quarters and the whole, so that a fleet does not come back in one instant.
      const waitMs = Math.round(delayMs * (0.75 + 0.25 * Math.random()));
      delayMs = Math.min(delayMs * BACKOFF_FACTOR, this.#retry.maxMs);
      this.#down({ state: 'lost', sinceMs: lostSinceMs, retryAtMs: Date.now() + waitMs, attempt, reason });
      await sleep(waitMs, signal);
    }
  }

  /** One attempt: opens a driver and makes every declaration on it. */
  async #connect(signal: AbortSignal): Promise<Driver> {
    const { connectTimeoutMs } = this.#settings;
    const attempt = new AbortController();
    const abortAttempt = () => attempt.abort();
    signal.addEventListener('abort', abortAttempt, { once: true });
    let driver: Driver | undefined;
    try {
      const opening = this.#factory.open(this.#endpoint, this.#settings, attempt.signal);
      // A driver that opens after we gave up must not stay behind.
      opening.then(
        (late) => attempt.signal.aborted && discard(late),
        () => undefined,
      );
      driver = await limited(opening, { timeoutMs: connectTimeoutMs + 250, signal, what: 'connecting' });
      const declaring = new Interrupts();
      driver.lost.then((reason) => declaring.fire(new SessionError('link-lost', reason)));
      while (!this.#declarations.isComplete(driver)) {
        await limited(this.#declarations.establish(driver), {
          timeoutMs: connectTimeoutMs,
          signal,
          interrupts: declaring,
          what: 'declaring at the router',
        });
      }
      if (signal.aborted) throw closedError();
      // No await between the check above and here: a declaration made now finds the driver.
      this.#up(driver);
      return driver;
    } catch (error) {
      attempt.abort();
      if (driver !== undefined) discard(driver);
      throw error;
    } finally {
      signal.removeEventListener('abort', abortAttempt);
    }
  }

  /** Waits for the loss and returns its reason, undefined at the close. */
  async #stand(driver: Driver, signal: AbortSignal): Promise<string | undefined> {
    const reason = await Promise.race([driver.lost, this.#closed]);
    if (reason === undefined || signal.aborted) return undefined;
    discard(driver);
    return reason;
  }

  #up(driver: Driver): void {
    this.#driver = driver;
    this.#zid = driver.zid;
    const routerZid = driver.routerZid;
    this.#change({
      state: 'connected',
      sinceMs: Date.now(),
      zid: driver.zid,
      ...(routerZid === undefined ? {} : { routerZid }),
    });
  }

  #down(state: LinkState & { state: 'lost' }): void {
    this.#driver = undefined;
    this.#state = state;
    this.interrupts.fire(this.noLinkError());
    this.#onChange();
    this.#declarations.down();
  }

  #change(state: LinkState): void {
    this.#state = state;
    this.#onChange();
  }

  /** Ends the loop and closes the driver, within 3 s. */
  async close(): Promise<void> {
    if (this.#state.state === 'closed') return;
    const driver = this.#driver;
    this.#driver = undefined;
    this.#closing.abort();
    this.#state = { state: 'closed', sinceMs: Date.now() };
    this.interrupts.fire(closedError());
    this.#onChange();
    if (driver !== undefined) await settledWithin(driver.close(), CLOSE_LIMIT_MS);
  }
}

export function closedError(): SessionError {
  return new SessionError('closed', 'the session is closed');
}

function discard(driver: Driver): void {
  settledWithin(driver.close(), CLOSE_LIMIT_MS);
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
