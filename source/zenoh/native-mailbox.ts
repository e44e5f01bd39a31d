/** Takes records out of a native session and gives them to whom they belong, a little at a time. */
import { MAX_BATCH, MAX_BATCH_MS } from './driver.ts';
import type { NativeSession } from './native-addon.ts';
import { errorOf, type NativeRecord, recordAt, STRIDE, TAG } from './native-records.ts';
import type { SessionError } from './session.ts';

/** The session's own records: the link, and the ends of calls. */
const SESSION_SOURCE = 0;
/** A handler that takes longer gets fewer records at a time, so that those it has not come to stay in their ring. */
const SLOW_CHUNK_MS = 1;

interface Receiver {
  readonly take: (record: NativeRecord) => void;
  /** For records taken out but not handed over. */
  readonly drop: ((record: NativeRecord) => void) | undefined;
  chunk: number;
}

interface Call {
  readonly resolve: () => void;
  readonly reject: (error: SessionError) => void;
}

export class NativeMailbox {
  readonly #receivers = new Map<number, Receiver>();
  readonly #calls = new Map<number, Call>();
  readonly #onLost: (reason: string) => void;
  #session: NativeSession | undefined;
  #ready: number[] = [];
  #lastId = SESSION_SOURCE;
  #isTurnOpen = false;
  #turnUntilMs = 0;
  #turnCount = 0;

  constructor(onLost: (reason: string) => void) {
    this.#onLost = onLost;
    this.receive(SESSION_SOURCE, (record) => {
      if (record.tag === TAG.lost) this.#onLost(record.keyExpr ?? '');
    });
  }

  attach(session: NativeSession): void {
    this.#session = session;
  }

  nextId(): number {
    this.#lastId += 1;
    return this.#lastId;
  }

  receive(id: number, take: (record: NativeRecord) => void, drop?: (record: NativeRecord) => void): void {
    this.#receivers.set(id, { take, drop, chunk: 1 });
  }

  /** Nothing more is handed over, nor does the end of that call settle anything. */
  forget(id: number): void {
    this.#receivers.delete(id);
    this.#calls.delete(id);
  }

  /** Settles with the end of call `id`. */
  ended(id: number): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#calls.set(id, { resolve, reject });
    return promise;
  }

  /** Nothing is handed over any more, and every call that waits has failed. */
  end(error: SessionError): void {
    this.#receivers.clear();
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.reject(error);
  }

  /** The wake-up. Node may call it many times without turning its event loop, so the limits hold for a turn. */
  readonly wake = (): void => {
    if (!this.#isTurnOpen) {
      this.#isTurnOpen = true;
      this.#turnUntilMs = performance.now() + MAX_BATCH_MS;
      this.#turnCount = 0;
      setImmediate(this.#endTurn);
    }
    this.#pump();
  };

  readonly #endTurn = (): void => {
    this.#isTurnOpen = false;
    if (this.#ready.length > 0) this.wake();
  };

  #pump(): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#ready.push(...session.takeReady());
    while (this.#ready.length > 0 && this.#turnCount < MAX_BATCH && performance.now() < this.#turnUntilMs) {
      const id = this.#ready.shift() ?? SESSION_SOURCE;
      if (this.#pumpSource(session, id)) this.#ready.push(id);
    }
  }

  /** Whether there may be more. */
  #pumpSource(session: NativeSession, id: number): boolean {
    const receiver = this.#receivers.get(id);
    // Ended: what waits there is dropped inside the addon, where a lease costs nothing yet.
    if (receiver === undefined && id !== SESSION_SOURCE) return false;
    const most = Math.min(receiver?.chunk ?? MAX_BATCH, MAX_BATCH - this.#turnCount);
    const values = session.drain(id, most);
    if (values === null) return false;
    const startMs = performance.now();
    for (let at = 0; at < values.length; at += STRIDE) {
      this.#turnCount += 1;
      const record = recordAt(values, at);
      if (record.tag === TAG.done) this.#settle(record);
      // Looked up anew: the handler before may have ended this declaration.
      else if (receiver !== undefined && this.#receivers.get(id) === receiver) receiver.take(record);
      else receiver?.drop?.(record);
    }
    if (receiver !== undefined) {
      const isSlow = performance.now() - startMs > SLOW_CHUNK_MS;
      receiver.chunk = isSlow ? Math.max(1, receiver.chunk >> 1) : Math.min(MAX_BATCH, receiver.chunk * 2);
    }
    return values.length === most * STRIDE;
  }

  #settle(record: NativeRecord): void {
    const id = record.extra as number;
    const call = this.#calls.get(id);
    if (call === undefined) return;
    this.#calls.delete(id);
    const error = errorOf(record);
    if (error === undefined) call.resolve();
    else call.reject(error);
  }
}
