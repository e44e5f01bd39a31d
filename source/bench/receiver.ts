/** The receiving half of `bench shm`, and its conductor: tells the sender what to send and measures what comes. */
import type { ChildProcess } from 'node:child_process';
import { openSession } from '../zenoh/open-session.ts';
import type { Session, Subscriber } from '../zenoh/session.ts';
import { type FromSender, frameKeyExpr, type Phase, type ToSender } from './plan.ts';
import { sinceStampMs } from './stamp.ts';

const CONNECT_LIMIT_MS = 10_000;
/** Frames still under way when the sender is done have so long. */
const LAST_LIMIT_MS = 2_000;
/** No frame for so long: something is lost, and waiting on would be for ever. */
const STALL_LIMIT_MS = 15_000;

export interface Measured {
  /** Frames that counted. */
  readonly count: number;
  /** Frames that were sent and did not come. */
  readonly lost: number;
  readonly framesPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** By how much this process and the sender have grown since the warm-up. */
  readonly growthBytes: number;
  readonly senderGrowthBytes: number;
}

/** One run. Rejects with a reason where the sender fails, ends or falls silent. */
export async function measure(sender: ChildProcess, endpoint: string, phase: Phase): Promise<Measured> {
  const session = openSession(endpoint);
  try {
    await session.connected({ timeoutMs: CONNECT_LIMIT_MS });
    return await new Run(sender, phase).measure(session, endpoint);
  } finally {
    await session.close();
  }
}

type Sent = Extract<FromSender, { kind: 'sent' }>;

class Run {
  readonly #sender: ChildProcess;
  readonly #phase: Phase;
  readonly #latenciesMs: number[] = [];
  readonly #outcome = Promise.withResolvers<Measured>();
  #count = 0;
  #startMs = 0;
  #lastMs = 0;
  #rssBefore = 0;
  #sent: Sent | undefined;

  constructor(sender: ChildProcess, phase: Phase) {
    this.#sender = sender;
    this.#phase = phase;
  }

  async measure(session: Session, endpoint: string): Promise<Measured> {
    const subscriber = await this.#subscribe(session);
    const onMessage = (message: FromSender) => this.#take(message);
    const onExit = () => this.#outcome.reject(new Error('the sending process ended'));
    let seen = -1;
    const stall = setInterval(() => {
      if (seen === this.#count) {
        const lost = subscriber.droppedCount;
        this.#outcome.reject(new Error(`no frame for ${STALL_LIMIT_MS / 1000} s, after ${seen} (${lost} dropped)`));
      }
      seen = this.#count;
    }, STALL_LIMIT_MS);
    this.#sender.on('message', onMessage);
    this.#sender.once('exit', onExit);
    try {
      this.#tell({ kind: 'run', endpoint, phase: this.#phase });
      return await this.#outcome.promise;
    } finally {
      clearInterval(stall);
      this.#sender.off('message', onMessage);
      this.#sender.off('exit', onExit);
      await subscriber.undeclare();
    }
  }

  #subscribe(session: Session): Promise<Subscriber> {
    const keyExpr = frameKeyExpr(this.#phase);
    const channel = { kind: 'fifo', capacity: this.#phase.window + 1 } as const;
    if (this.#phase.way !== 'native-zero-copy') {
      return session.declareSubscriber(keyExpr, (sample) => this.#received(sample.payload), { channel });
    }
    return session.declareFrameSubscriber(
      keyExpr,
      (frame) => {
        const { payload } = frame;
        this.#received(payload);
        frame.release();
      },
      { channel },
    );
  }

  #received(payload: Uint8Array): void {
    const latencyMs = sinceStampMs(payload);
    this.#count += 1;
    if (this.#count > this.#phase.warmUp) {
      this.#latenciesMs.push(latencyMs);
    } else if (this.#count === this.#phase.warmUp) {
      this.#startMs = performance.now();
      this.#rssBefore = process.memoryUsage.rss();
    }
    this.#lastMs = performance.now();
    // Word for every frame would cost more than a small frame.
    if (this.#count % Math.ceil(this.#phase.window / 4) === 0) this.#tell({ kind: 'received', count: this.#count });
    const sent = this.#sent;
    if (sent !== undefined && this.#count + sent.lost >= sent.count) this.#finish(sent);
  }

  #take(message: FromSender): void {
    if (message.kind === 'failed') this.#outcome.reject(new Error(message.message));
    if (message.kind !== 'sent') return;
    this.#sent = message;
    if (this.#count + message.lost >= message.count) this.#finish(message);
    else setTimeout(() => this.#finish(message), LAST_LIMIT_MS);
  }

  #finish(sent: Sent): void {
    if (this.#latenciesMs.length === 0) {
      this.#outcome.reject(new Error(`of ${sent.count} frames only ${this.#count} came`));
      return;
    }
    const sorted = Float64Array.from(this.#latenciesMs).sort();
    const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
    this.#outcome.resolve({
      count: sorted.length,
      lost: Math.max(0, sent.count - this.#count),
      framesPerSecond: (sorted.length * 1000) / (this.#lastMs - this.#startMs),
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      growthBytes: process.memoryUsage.rss() - this.#rssBefore,
      senderGrowthBytes: sent.rssAfter - sent.rssBefore,
    });
  }

  #tell(message: ToSender): void {
    if (this.#sender.connected) this.#sender.send(message);
  }
}
