/** Calls on a native session: their ids, their ends, and their errors. */
import { credentialConfig, readCredentials } from './credentials.ts';
import type { DriverDeclaration, DriverGet, DriverSettings } from './driver.ts';
import { settledWithin } from './limits.ts';
import type { NativeAddon, NativeSession } from './native-addon.ts';
import { NativeMailbox } from './native-mailbox.ts';
import { type NativeRecord, nativeError } from './native-records.ts';
import type { NativeShmBuffer } from './native-shm.ts';
import { SessionError } from './session.ts';

const UNDECLARE_LIMIT_MS = 2_000;
const CLOSE_LIMIT_MS = 2_000;

/** The one native session of a driver: what every call on it has in common, until it is lost or closed. */
export class NativeLink {
  readonly lost: Promise<string>;
  readonly opened: Promise<void>;
  readonly #addon: NativeAddon;
  readonly session: NativeSession;
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
    this.session = new addon.NativeSession(id, configOf(endpoint, settings), endpoint, this.#mailbox.wake);
    this.#mailbox.attach(this.session);
    this.opened = this.#mailbox.ended(id).then(() => {
      this.#zid = this.session.zid;
      this.#routerZid = this.session.routerZid;
    });
    this.opened.catch(() => undefined);
  }

  get zid(): string {
    return this.#zid;
  }

  get routerZid(): string | undefined {
    return this.#routerZid;
  }

  close(): Promise<void> {
    return this.#end(new SessionError('link-lost', 'the session is closed'));
  }

  /** As {@link close}, but the event loop is not held up by what still opens. */
  abandon(): void {
    this.close();
    this.session.dispose();
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
      this.session.close(id);
      await settledWithin(closed, CLOSE_LIMIT_MS);
    } catch {
      // No thread could be started for it; the session ends with the process then.
    } finally {
      this.session.dispose();
    }
  }

  #check(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  /** Errors that come of the loss are `link-lost`, whatever zenoh calls them. */
  #errorOf(error: unknown): SessionError {
    return this.#ended ?? nativeError(error);
  }

  /** A put: done at once, or later; its outcome may be ignored. `start` says whether it is done. */
  send(start: (callId: number) => boolean): void | Promise<void> {
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

  /** As {@link send}, with a buffer that is used up whatever the outcome. */
  sendShm(
    payload: NativeShmBuffer,
    start: (callId: number, leaseId: number, buffer: ArrayBuffer) => boolean,
  ): void | Promise<void> {
    const { leaseId, buffer } = payload.take();
    try {
      return this.send((id) => start(id, leaseId, buffer));
    } finally {
      // Used up also where the call failed before it came to the memory.
      this.#addon.releaseLease(leaseId, buffer);
    }
  }

  /** A call that ends later; its outcome may be ignored. */
  call(start: (callId: number) => void): Promise<void> {
    const called = this.#run(start);
    // Who does not wait for it does not want to know.
    called.catch(() => undefined);
    return called;
  }

  async #run(start: (callId: number) => void): Promise<void> {
    this.#check();
    const id = this.#mailbox.nextId();
    try {
      start(id);
      await this.#mailbox.ended(id);
    } catch (error) {
      throw this.#errorOf(error);
    }
  }

  /** `drop` takes records that are not handed over any more. */
  async declare(
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
      this.session.forget(id);
      throw this.#errorOf(error);
    }
    let undeclaring: Promise<void> | undefined;
    return { id, undeclare: () => (undeclaring ??= this.#undeclare(id)) };
  }

  async #undeclare(id: number): Promise<void> {
    this.#mailbox.forget(id);
    if (this.#ended !== undefined) return;
    await settledWithin(
      this.call((callId) => this.session.end(callId, id)),
      UNDECLARE_LIMIT_MS,
    );
  }

  /** A get: `take` is given its replies. */
  ask(take: (record: NativeRecord) => void, start: (id: number) => void): DriverGet {
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
    /** Answered to its end, or given up before. */
    let isOver = false;
    ended
      .finally(() => {
        this.#mailbox.forget(id);
        if (!isOver) this.session.forget(id);
        isOver = true;
      })
      .then(resolve, (error) => reject(this.#errorOf(error)));
    const cancel = () => {
      if (isOver) return;
      isOver = true;
      this.#mailbox.forget(id);
      resolve();
      if (this.#ended === undefined) this.call((callId) => this.session.end(callId, id));
    };
    return { finished, cancel };
  }
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
      ...credentialConfig(readCredentials()),
      shared_memory: {
        enabled: settings.shm,
        transport_optimization: { enabled: settings.shm, message_size_threshold: settings.shmThresholdBytes },
      },
    },
  });
}
