/** What one implementation of `Session` brings to the contract suite. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Publisher, Session, SessionKind, SessionOptions } from '../../source/zenoh/session.ts';

export interface Rig {
  readonly kind: SessionKind;
  /** A session at the rig's router. */
  open(options?: SessionOptions): Session;
  /** A session of the other kind at the same router, so that both understand each other. */
  openOther(options?: SessionOptions): Session;
  /** A session whose puts go out while the event loop is blocked. */
  openSender(options?: SessionOptions): Session;
  /** A session at a port where nothing listens. */
  openNowhere(options?: SessionOptions): Session;
  /** A session at another port of this machine; undefined where the implementation has no network. */
  openAtPort(port: number, options?: SessionOptions): Session | undefined;
  /** `kill -9`. */
  killRouter(): Promise<void>;
  restartRouter(): Promise<void>;
  /** The router hangs, its connections stand. */
  suspendRouter(): Promise<void>;
  resumeRouter(): void;
  stop(): Promise<void>;
}

/** Ends with the test whatever it opened, and gives each test keys of its own. */
export class Bench {
  readonly rig: Rig;
  readonly #sessions: Session[] = [];
  #keyCount = 0;

  constructor(rig: Rig) {
    this.rig = rig;
  }

  /** A key expression nobody else uses. */
  key(suffix = 'key'): string {
    this.#keyCount += 1;
    return `test/${process.pid}/${this.#keyCount}/${suffix}`;
  }

  async session(options?: SessionOptions): Promise<Session> {
    return this.connected(this.rig.open(options));
  }

  async other(options?: SessionOptions): Promise<Session> {
    return this.connected(this.rig.openOther(options));
  }

  async sender(options?: SessionOptions): Promise<Session> {
    return this.connected(this.rig.openSender(options));
  }

  async connected(session: Session): Promise<Session> {
    this.track(session);
    await session.connected({ timeoutMs: 15_000 });
    return session;
  }

  track(session: Session): Session {
    this.#sessions.push(session);
    return session;
  }

  async end(): Promise<void> {
    await Promise.all(this.#sessions.splice(0).map((session) => session.close()));
  }
}

/** Waits until `isTrue`; throws with `what` after a limit that only a hang reaches. */
export async function until(isTrue: () => boolean | Promise<boolean>, what: string, limitMs = 20_000): Promise<void> {
  const endMs = Date.now() + limitMs;
  while (!(await isTrue())) {
    if (Date.now() > endMs) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await sleep(5);
  }
}

/** A publisher that the router has told of its subscriber: what it puts arrives. */
export async function matchedPublisher(session: Session, keyExpr: string): Promise<Publisher> {
  // Under load zenoh may drop what may be dropped.
  const publisher = await session.declarePublisher(keyExpr, { congestion: 'block' });
  await until(() => publisher.matching, `a subscriber of ${keyExpr}`);
  return publisher;
}

/** Milliseconds without a turn of the event loop. */
export function blockThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
