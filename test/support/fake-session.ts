/**
 * Zenoh in memory, for unit tests: a {@link FakeNetwork} is the router, its sessions are the real supervisor over
 * {@link FakeDriver}s, so loss, retries and time limits behave as they do in the program. test/contract holds it to the
 * same promises as the real ones.
 *
 *     const network = new FakeNetwork();
 *     const robot = await network.connect();
 *     const screen = await network.connect();
 *     await robot.declareQueryable('a/b', (query) => query.reply('a/b', 'hello'));
 *     network.cut('router killed');   // every link is lost, new ones are refused
 *     network.restore();              // the sessions come back by themselves
 */
import type { Driver, DriverFactory, DriverSettings } from '../../source/zenoh/driver.ts';
import {
  type LinkState,
  type Session,
  SessionError,
  type SessionKind,
  type SessionOptions,
  type ShmProvider,
} from '../../source/zenoh/session.ts';
import { superviseSession } from '../../source/zenoh/supervisor.ts';
import { FakeDriver } from './fake-driver.ts';
import { createFakeShmProvider } from './fake-shm.ts';

export const FAKE_ENDPOINT = 'tcp/127.0.0.1:7447';

/** Quick, so that tests need not wait for the program's own backoff. */
const FAST_RETRY = { initialMs: 5, maxMs: 20 };

export interface FakeNetworkOptions {
  /** Default `native`. A remote one has no shared memory. */
  readonly kind?: SessionKind;
  readonly routerZid?: string;
}

export class FakeNetwork implements DriverFactory {
  readonly kind: SessionKind;
  readonly routerZid: string;
  readonly #drivers = new Set<FakeDriver>();
  #refusal: string | undefined;
  #isStalled = false;
  #zidCount = 0;
  /** Attempts to connect so far. */
  openCount = 0;

  constructor(options: FakeNetworkOptions = {}) {
    this.kind = options.kind ?? 'native';
    this.routerZid = options.routerZid ?? 'f00d';
  }

  /** A session that is connecting. */
  session(options: SessionOptions = {}): Session {
    return superviseSession(this, FAKE_ENDPOINT, { retry: FAST_RETRY, ...options });
  }

  /** A session that is connected. */
  async connect(options: SessionOptions = {}): Promise<Session> {
    const session = this.session(options);
    await session.connected();
    return session;
  }

  /** The router goes: every link is lost and new ones are refused until {@link restore}. */
  cut(reason = 'the router closed the connection'): void {
    this.#refusal = 'connection refused';
    for (const driver of [...this.#drivers]) driver.lose(reason);
    this.#drivers.clear();
  }

  restore(): void {
    this.#refusal = undefined;
    this.#isStalled = false;
  }

  /** The router hangs: links stand, nothing is delivered or answered, until {@link restore} or {@link cut}. */
  stall(): void {
    this.#isStalled = true;
  }

  /** What is declared at the router now, `{kind} {keyExpr}` sorted: to prove that nothing leaks or doubles. */
  declarations(): string[] {
    return [...this.#drivers].flatMap((driver) => driver.declarations()).sort();
  }

  async open(_endpoint: string, _settings: DriverSettings, signal: AbortSignal): Promise<Driver> {
    this.openCount += 1;
    await Promise.resolve();
    if (this.#isStalled) await new Promise(() => undefined);
    if (this.#refusal !== undefined) throw new SessionError('link-lost', this.#refusal);
    if (signal.aborted) throw new SessionError('aborted', 'aborted');
    this.#zidCount += 1;
    const driver = new FakeDriver(this.#zidCount.toString(16).padStart(4, 'a'), {
      routerZid: this.routerZid,
      peers: () => [...this.#drivers],
      isStalled: () => this.#isStalled,
      leave: (leaving) => this.#drivers.delete(leaving),
    });
    this.#drivers.add(driver);
    return driver;
  }

  async createShmProvider(sizeBytes: number): Promise<ShmProvider> {
    if (this.kind === 'remote') throw new SessionError('unsupported', 'no shared memory over a WebSocket');
    return createFakeShmProvider(sizeBytes);
  }
}

/** Resolves when `session.link` is in `state`; rejects after 5 s. */
export async function linkReaches<S extends LinkState['state']>(
  session: Session,
  state: S,
  timeoutMs = 5_000,
): Promise<Extract<LinkState, { state: S }>> {
  const isWanted = (link: LinkState): link is Extract<LinkState, { state: S }> => link.state === state;
  const { link } = session;
  if (isWanted(link)) return link;
  return new Promise((resolve, reject) => {
    const stop = session.onLink((next) => {
      if (!isWanted(next)) return;
      clearTimeout(timer);
      stop();
      resolve(next);
    });
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`the link stayed ${session.link.state} for ${timeoutMs} ms, wanted ${state}`));
    }, timeoutMs);
  });
}
