/** A node's log on another machine, over zenoh. */
import { UserError } from '../errors.ts';
import { logKey } from '../wire/keys.ts';
import { decodeLogChunk, type LogChunk } from '../wire/log-chunk.ts';
import { plainText } from '../wire/plain-text.ts';
import type { Session } from '../zenoh/session.ts';

export interface LogTarget {
  readonly machine: string;
  readonly node: string;
}

const HISTORY_TIMEOUT_MS = 15_000;
/** A daemon that is followed says at least every second where the end is. */
const FIRST_CHUNK_MS = 3_000;
const SILENCE_MS = 6_000;

/** Its newest lines; undefined where nobody answers on the log key, as with daemons of the first generation. */
export async function askHistory(
  session: Session,
  target: LogTarget,
  request: { readonly lines: number; readonly sinceMs: number | undefined },
): Promise<LogChunk | undefined> {
  const since = request.sinceMs === undefined ? '' : `;since_ms=${Math.max(0, Math.floor(request.sinceMs))}`;
  const selector = `${logKey(target.machine, target.node)}?lines=${request.lines}${since}`;
  for await (const reply of session.get(selector, { timeoutMs: HISTORY_TIMEOUT_MS })) {
    if (!reply.ok) throw new UserError(`${plainText(reply.message)}`);
    const chunk = decodeLogChunk(reply.sample.payload);
    if (chunk.ok) return chunk.value;
    throw new UserError(`${target.machine} answered, but not with a log: ${plainText(chunk.reason)}.`);
  }
  return undefined;
}

/** Chunks as they come, from the moment that the daemon is known to read. `undefined` for a while of silence. */
export class RemoteFollower {
  readonly #waiting: LogChunk[] = [];
  #wake: () => void = () => undefined;
  readonly #stop: () => Promise<void>;

  private constructor(stop: () => Promise<void>) {
    this.#stop = stop;
  }

  static async open(session: Session, target: LogTarget): Promise<RemoteFollower> {
    let follower: RemoteFollower | undefined;
    const subscriber = await session.declareSubscriber(logKey(target.machine, target.node), (sample) => {
      const chunk = sample.kind === 'put' ? decodeLogChunk(sample.payload) : undefined;
      if (chunk?.ok === true) follower?.push(chunk.value);
    });
    follower = new RemoteFollower(() => subscriber.undeclare());
    return follower;
  }

  push(chunk: LogChunk): void {
    this.#waiting.push(chunk);
    this.#wake();
  }

  /** False where nobody publishes: no such node, or a daemon that cannot. */
  async isHeard(): Promise<boolean> {
    if (this.#waiting.length === 0) await this.#sleep(FIRST_CHUNK_MS);
    return this.#waiting.length > 0;
  }

  async next(signal: AbortSignal, silenceMs = SILENCE_MS): Promise<LogChunk | undefined> {
    if (this.#waiting.length === 0 && !signal.aborted) await this.#sleep(silenceMs, signal);
    return this.#waiting.shift();
  }

  /** Those that came already. */
  takeAll(): LogChunk[] {
    return this.#waiting.splice(0);
  }

  close(): Promise<void> {
    return this.#stop();
  }

  async #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      signal?.addEventListener('abort', this.#wake, { once: true });
    });
    signal?.removeEventListener('abort', this.#wake);
  }
}

/** Joins chunks to what was shown: nothing twice, and a gap is told. */
export class ChunkJoiner {
  #file: string;
  #end: number;
  /** Files that were read before the history was: older than it. */
  readonly #olderFiles: ReadonlySet<string>;

  constructor(history: LogChunk | undefined, early: readonly LogChunk[]) {
    this.#file = history?.file ?? '';
    this.#end = history?.end ?? 0;
    this.#olderFiles = new Set(early.map(({ file }) => file).filter((file) => file !== this.#file));
  }

  /** What of the chunk is new, and how many bytes are missing before it. */
  join(chunk: LogChunk): { readonly text: string; readonly missedBytes: number } {
    const nothing = { text: '', missedBytes: 0 };
    if (chunk.file !== this.#file) {
      if (chunk.file === '' || this.#olderFiles.has(chunk.file)) return nothing;
      const missedBytes = chunk.start;
      this.#file = chunk.file;
      this.#end = chunk.end;
      return { text: chunk.text, missedBytes };
    }
    // Cut short on its machine, and written anew.
    if (chunk.start === 0 && chunk.end < this.#end && chunk.text !== '') this.#end = 0;
    if (chunk.end <= this.#end) return nothing;
    const missedBytes = Math.max(0, chunk.start - this.#end);
    const shown = Math.max(0, this.#end - chunk.start);
    this.#end = chunk.end;
    const text = shown === 0 ? chunk.text : Buffer.from(chunk.text).subarray(shown).toString('utf8');
    return { text, missedBytes };
  }
}
