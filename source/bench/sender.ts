/** The sending half of `bench shm`: a process of its own, told what to do over Node's IPC channel. */
import { openSession } from '../zenoh/open-session.ts';
import type { Publisher, Session, ShmProvider } from '../zenoh/session.ts';
import { type FromSender, frameKeyExpr, type Phase, providerBytes, type ToSender } from './plan.ts';
import { writeStamp } from './stamp.ts';

const CONNECT_LIMIT_MS = 10_000;
const MATCHING_LIMIT_MS = 10_000;
/** Above that a copying put waits for the link rather than drop parts of the frame. */
const BLOCK_FROM_BYTES = 64 * 1024;
/** No word from the receiver for so long: what is under way is lost. Zenoh invalidates shared memory that a machine too
 *  busy has not confirmed for 100 ms. */
const LOST_AFTER_MS = 1_000;

/** Runs until the channel closes, so it cannot outlive the process that started it. */
export function runSender(): Promise<void> {
  const sender = new Sender();
  process.on('message', (message: ToSender) => sender.take(message));
  return new Promise((resolve) => {
    process.once('disconnect', () => {
      sender.close().finally(resolve);
    });
  });
}

type Sent = Omit<Extract<FromSender, { kind: 'sent' }>, 'kind'>;

class Sender {
  readonly #sessions = new Map<string, Session>();
  #received = 0;
  #lost = 0;
  #onReceived: (() => void) | undefined;

  take(message: ToSender): void {
    if (message.kind === 'received') {
      this.#received = message.count;
      this.#onReceived?.();
      return;
    }
    this.#run(message.endpoint, message.phase).catch((error: unknown) =>
      tell({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
    );
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map((session) => session.close()));
  }

  async #run(endpoint: string, phase: Phase): Promise<void> {
    this.#received = 0;
    this.#lost = 0;
    const session = await this.#sessionAt(endpoint);
    const isCopy = phase.way !== 'native-zero-copy';
    const congestion = isCopy && phase.sizeBytes >= BLOCK_FROM_BYTES ? 'block' : 'drop';
    const publisher = await session.declarePublisher(frameKeyExpr(phase), { congestion });
    try {
      await matching(publisher);
      tell({ kind: 'ready' });
      const sent = isCopy
        ? await this.#sendAll(phase, this.#copying(publisher, phase))
        : await this.#sendLeased(session, publisher, phase);
      tell({ kind: 'sent', ...sent });
    } finally {
      await publisher.undeclare();
    }
  }

  #copying(publisher: Publisher, phase: Phase): () => Promise<void> {
    const frame = new Uint8Array(phase.sizeBytes).fill(0x55);
    return () => {
      writeStamp(frame);
      return publisher.put(frame);
    };
  }

  async #sendLeased(session: Session, publisher: Publisher, phase: Phase): Promise<Sent> {
    const provider: ShmProvider = await session.createShmProvider(providerBytes(phase));
    try {
      return await this.#sendAll(phase, async () => {
        let buffer = provider.alloc(phase.sizeBytes);
        while (buffer === undefined) {
          // The receiver has released it, and the word of that is under way.
          await new Promise((resolve) => setImmediate(resolve));
          buffer = provider.alloc(phase.sizeBytes);
        }
        writeStamp(buffer.data);
        await publisher.put(buffer);
      });
    } finally {
      provider.close();
    }
  }

  async #sendAll(phase: Phase, send: () => Promise<void>): Promise<Sent> {
    const endMs = performance.now() + phase.limitMs;
    let rssBefore = process.memoryUsage.rss();
    let count = 0;
    // However slow it is, some frames after the warm-up.
    while (count < phase.count && (performance.now() < endMs || count < phase.warmUp + 2)) {
      await this.#room(count, phase.window);
      await send();
      count += 1;
      if (count === phase.warmUp) rssBefore = process.memoryUsage.rss();
    }
    return { count, lost: this.#lost, rssBefore, rssAfter: process.memoryUsage.rss() };
  }

  /** Resolves when fewer than a window of frames are under way. */
  async #room(sent: number, window: number): Promise<void> {
    while (sent - this.#received - this.#lost >= window) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#onReceived = resolve;
      const timer = setTimeout(() => {
        this.#lost = sent - this.#received;
        resolve();
      }, LOST_AFTER_MS);
      await promise;
      clearTimeout(timer);
    }
  }

  async #sessionAt(endpoint: string): Promise<Session> {
    const known = this.#sessions.get(endpoint);
    if (known !== undefined) return known;
    const session = openSession(endpoint);
    this.#sessions.set(endpoint, session);
    await session.connected({ timeoutMs: CONNECT_LIMIT_MS });
    return session;
  }
}

function matching(publisher: Publisher): Promise<void> {
  return new Promise((resolve, reject) => {
    if (publisher.matching) return resolve();
    const end = publisher.onMatching((isMatching) => {
      if (!isMatching) return;
      end();
      clearTimeout(timer);
      resolve();
    });
    const timer = setTimeout(() => {
      end();
      reject(new Error(`no subscriber for ${publisher.keyExpr} within ${MATCHING_LIMIT_MS} ms`));
    }, MATCHING_LIMIT_MS);
  });
}

function tell(message: FromSender): void {
  process.send?.(message);
}
