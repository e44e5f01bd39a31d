/**
 * How much flows on keys, by subscribing to them: to those alone that are on the screen, and within a budget. A key that takes
 * too much is let go and looked at again for a moment now and then. Payloads are counted, never read.
 */
import { type Frame, type Session, SessionError, type Subscriber } from '../zenoh/session.ts';
import type { TopicFigures } from './topics.ts';

export interface MeterOptions {
  /** Bytes a second that all subscriptions together may take, on average. */
  readonly budgetBytesPerSecond: number;
  /** Subscriptions at once. */
  readonly maxKeys: number;
}

/** Figures are the mean of so long, so that a key of one message in five seconds has a rate, too. */
const WINDOW_MS = 10_000;
const TICK_MS = 1_000;
/** A key that was let go is looked at again after so long, or longer where it took more. */
const MIN_REST_MS = 15_000;
const MAX_REST_MS = 120_000;
/** Of a burst no more is waiting than this; the rest is counted as dropped. */
const CHANNEL = { kind: 'ring', capacity: 8 } as const;

/** What had come at a tick. */
interface Mark {
  readonly at: number;
  readonly count: number;
  readonly bytes: number;
  /** When the last message before it came. */
  readonly arrivedAt?: number;
}

/** One key that is or was subscribed to. */
interface Meter {
  readonly key: string;
  subscriber?: Subscriber;
  isOpen: boolean;
  sinceMs: number;
  /** Of the monotonic clock. */
  openedAt: number;
  lastAtMs?: number;
  /** Since it was opened. */
  count: number;
  bytes: number;
  droppedSeen: number;
  /** Totals at earlier ticks, oldest first. */
  marks: Mark[];
  /** Of the monotonic clock, since it was opened. */
  arrivedAt?: number;
  firstAt?: number;
  rateHz?: number;
  bytesPerSecond?: number;
  messageBytes?: number;
  isCostly: boolean;
  /** Of the monotonic clock; it is not opened again before. */
  restUntil: number;
}

export class TopicMeter {
  readonly #session: Session;
  readonly #options: MeterOptions;
  readonly #meters = new Map<string, Meter>();
  readonly #onTick: () => void;
  #wanted: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #spentBytesPerSecond = 0;
  #heldBackCount = 0;

  constructor(session: Session, options: MeterOptions, onTick: () => void) {
    this.#session = session;
    this.#options = options;
    this.#onTick = onTick;
  }

  get spentBytesPerSecond(): number {
    return this.#spentBytesPerSecond;
  }

  /** Keys that are wanted and not subscribed to now. */
  get heldBackCount(): number {
    return this.#heldBackCount;
  }

  /** Keys on the screen; none ends every subscription. */
  want(keys: readonly string[]): void {
    if (keys.length === this.#wanted.length && keys.every((key, index) => key === this.#wanted[index])) return;
    this.#wanted = keys;
    const wanted = new Set(keys);
    for (const meter of this.#meters.values()) if (meter.isOpen && !wanted.has(meter.key)) this.#end(meter);
    this.#forget(wanted);
    this.#openSome();
    if (keys.length === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#spentBytesPerSecond = 0;
    } else {
      this.#timer ??= setTimeout(() => this.#tick(performance.now()), TICK_MS);
    }
  }

  figures(key: string): TopicFigures | undefined {
    const meter = this.#meters.get(key);
    if (meter === undefined) return undefined;
    const { isOpen, rateHz, bytesPerSecond, messageBytes, lastAtMs, sinceMs, isCostly } = meter;
    return { isLive: isOpen, rateHz, bytesPerSecond, messageBytes, lastAtMs, sinceMs, isCostly };
  }

  close(): void {
    this.want([]);
  }

  #openSome(): void {
    const now = performance.now();
    const { budgetBytesPerSecond, maxKeys } = this.#options;
    let open = 0;
    let expected = 0;
    for (const meter of this.#meters.values()) {
      if (!meter.isOpen) continue;
      open += 1;
      expected += meter.bytesPerSecond ?? 0;
    }
    this.#heldBackCount = 0;
    for (const key of this.#wanted) {
      const meter = this.#meters.get(key);
      if (meter?.isOpen === true) continue;
      const mayOpen =
        open < maxKeys && (meter === undefined || now >= meter.restUntil) && expected <= budgetBytesPerSecond;
      if (!mayOpen) {
        this.#heldBackCount += 1;
        continue;
      }
      open += 1;
      expected += meter?.isCostly === true ? (meter.bytesPerSecond ?? budgetBytesPerSecond) : 0;
      this.#open(meter ?? this.#add(key));
    }
  }

  #add(key: string): Meter {
    const meter: Meter = {
      key,
      isOpen: false,
      sinceMs: 0,
      openedAt: 0,
      count: 0,
      bytes: 0,
      droppedSeen: 0,
      marks: [],
      isCostly: false,
      restUntil: 0,
    };
    this.#meters.set(key, meter);
    return meter;
  }

  #open(meter: Meter): void {
    meter.isOpen = true;
    meter.sinceMs = Date.now();
    meter.openedAt = performance.now();
    meter.count = 0;
    meter.bytes = 0;
    meter.droppedSeen = 0;
    meter.marks = [{ at: meter.openedAt, count: 0, bytes: 0 }];
    meter.arrivedAt = undefined;
    meter.firstAt = undefined;
    const { openedAt } = meter;
    const isThisTime = (): boolean => meter.isOpen && meter.openedAt === openedAt;
    void this.#session
      .declareFrameSubscriber(
        meter.key,
        (frame) => {
          const sizeBytes = sizeAndRelease(frame);
          if (isThisTime()) this.#took(meter, sizeBytes);
        },
        { channel: CHANNEL },
      )
      .then(
        (subscriber) => {
          if (isThisTime()) meter.subscriber = subscriber;
          else void subscriber.undeclare();
        },
        (error: unknown) => {
          // A key that zenoh refuses, or a session that was closed: nothing is measured then.
          if (!(error instanceof SessionError)) throw error;
          if (isThisTime()) this.#rest(meter, MAX_REST_MS);
        },
      );
  }

  #took(meter: Meter, sizeBytes: number): void {
    meter.count += 1;
    meter.bytes += sizeBytes;
    meter.lastAtMs = Date.now();
    meter.arrivedAt = performance.now();
    meter.firstAt ??= meter.arrivedAt;
    // One key alone takes what all may: it is not kept until the second is over.
    const begin = meter.marks.at(-1);
    if (meter.bytes - (begin?.bytes ?? 0) > this.#options.budgetBytesPerSecond) this.#letGo(meter, performance.now());
  }

  /** Ends the subscription of a key that takes too much, for as long as its share of the budget lasts. */
  #letGo(meter: Meter, now: number): void {
    this.#measure(meter, now);
    meter.isCostly = true;
    const takenMs = (meter.bytes / this.#options.budgetBytesPerSecond) * 1000;
    this.#rest(meter, Math.min(MAX_REST_MS, Math.max(MIN_REST_MS, takenMs * 4)));
  }

  #rest(meter: Meter, forMs: number): void {
    this.#end(meter);
    meter.restUntil = performance.now() + forMs;
  }

  #end(meter: Meter): void {
    meter.isOpen = false;
    const { subscriber } = meter;
    meter.subscriber = undefined;
    void subscriber?.undeclare();
  }

  #tick(now: number): void {
    this.#timer = setTimeout(() => this.#tick(performance.now()), TICK_MS);
    const { budgetBytesPerSecond } = this.#options;
    const open = [...this.#meters.values()].filter((meter) => meter.isOpen);
    for (const meter of open) this.#measure(meter, now);
    // The most expensive goes first: one camera, rather than twenty sensors.
    let total = open.reduce((sum, meter) => sum + (meter.isOpen ? (meter.bytesPerSecond ?? 0) : 0), 0);
    for (const meter of open.sort((a, b) => (b.bytesPerSecond ?? 0) - (a.bytesPerSecond ?? 0))) {
      if (total <= budgetBytesPerSecond || !meter.isOpen) break;
      total -= meter.bytesPerSecond ?? 0;
      this.#letGo(meter, now);
    }
    this.#spentBytesPerSecond = Math.round(total);
    this.#openSome();
    this.#onTick();
  }

  #measure(meter: Meter, now: number): void {
    const dropped = meter.subscriber?.droppedCount ?? 0;
    if (dropped > meter.droppedSeen && meter.count > 0) {
      // Dropped ones came all the same, and were as large as the others.
      const mean = meter.bytes / meter.count;
      meter.count += dropped - meter.droppedSeen;
      meter.bytes += mean * (dropped - meter.droppedSeen);
    }
    meter.droppedSeen = dropped;
    while (meter.marks.length > 1 && now - (meter.marks[1]?.at ?? now) >= WINDOW_MS) meter.marks.shift();
    const begin = meter.marks[0] ?? { at: meter.openedAt, count: 0, bytes: 0 };
    const spanMs = now - begin.at;
    const count = meter.count - begin.count;
    const bytes = meter.bytes - begin.bytes;
    // A look too short says nothing of a rate, but it does of size.
    if (spanMs >= MIN_SPAN_MS && (count > 0 || spanMs >= WINDOW_MS)) {
      const rateHz = rateOf(meter, begin, now) ?? (count * 1000) / spanMs;
      meter.rateHz = steady(meter.rateHz, rateHz);
      meter.bytesPerSecond = steady(meter.bytesPerSecond, count === 0 ? 0 : (rateHz * bytes) / count);
    } else if (count > 0 && meter.bytesPerSecond === undefined) {
      meter.bytesPerSecond = (bytes * 1000) / Math.max(MIN_SPAN_MS, spanMs);
    }
    if (count > 0) meter.messageBytes = Math.round(bytes / count);
    meter.marks.push({ at: now, count: meter.count, bytes: meter.bytes, arrivedAt: meter.arrivedAt });
  }

  /** Figures of keys that went out of sight are kept, but not of more than a few screens. */
  #forget(wanted: ReadonlySet<string>): void {
    const most = this.#options.maxKeys * 8;
    for (const [key, meter] of this.#meters) {
      if (this.#meters.size <= most) return;
      if (!wanted.has(key) && !meter.isOpen) this.#meters.delete(key);
    }
  }
}

const MIN_SPAN_MS = 400;

/**
 * From message to message, which is exact for what is sent in time, however few there are. Undefined where they are too few, or
 * where they have stopped.
 */
function rateOf({ count, arrivedAt, firstAt }: Meter, begin: Mark, now: number): number | undefined {
  const from = begin.arrivedAt ?? firstAt;
  if (arrivedAt === undefined || from === undefined || arrivedAt <= from) return undefined;
  const gaps = count - (begin.arrivedAt === undefined ? 1 : begin.count);
  const meanMs = (arrivedAt - from) / gaps;
  return now - arrivedAt > Math.max(2 * meanMs, TICK_MS) ? undefined : 1000 / meanMs;
}

/** A figure that flickers tells nothing and costs a redraw: within a twentieth it is the same as before. */
function steady(before: number | undefined, now: number): number {
  if (before === undefined || (now === 0) !== (before === 0)) return now;
  return Math.abs(now - before) <= before * 0.05 ? before : now;
}

function sizeAndRelease(frame: Frame): number {
  const sizeBytes = frame.payload.length;
  frame.release();
  return sizeBytes;
}
