/**
 * Nodes' logs over zenoh. A query on a node's log key is answered with its newest lines; and each node has a publisher
 * there, whose matching status starts and stops the reading of its file: nobody follows, nothing is read.
 */
import { CBOR_ENCODING } from '../wire/cbor.ts';
import { logKey, parseKey } from '../wire/keys.ts';
import { encodeLogChunk } from '../wire/log-chunk.ts';
import { plainText } from '../wire/plain-text.ts';
import type { Declaration, Publisher, Query, Session } from '../zenoh/session.ts';
import { messageOf } from './home.ts';
import { type LogPart, LogTail, readHistory } from './log-reader.ts';

export interface LogGatewayOptions {
  readonly session: Session;
  readonly machineId: string;
  /** Log file of a node that is registered, else undefined. */
  readonly fileOf: (node: string) => string | undefined;
  readonly say: (message: string) => void;
}

const LOOK_MS = 200;
/** A follower is told at least so often where the end is: so it knows that it is heard, and misses nothing. */
const POSITION_MS = 1_000;
const DEFAULT_LINES = 200;
const MAX_LINES = 100_000;
const MAX_BYTES = 4 * 1024 * 1024;

export class LogGateway {
  readonly #options: LogGatewayOptions;
  #queryable: Declaration | undefined;
  readonly #followed = new Map<string, FollowedLog>();
  /** One change of the nodes after the other. */
  #work: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(options: LogGatewayOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { session, machineId } = this.#options;
    this.#queryable = await session.declareQueryable(logKey(machineId, '*'), (query) => this.#answer(query));
  }

  /** Nodes whose files are read now. */
  get readCount(): number {
    return [...this.#followed.values()].filter((log) => log.isReading).length;
  }

  /** Declares a publisher for each node, and takes back those of nodes that are gone. */
  setNodes(names: readonly string[]): void {
    this.#work = this.#work
      .then(() => this.#setNodes(names))
      .catch((error) => {
        this.#options.say(`Logs cannot be followed over zenoh: ${messageOf(error)}.`);
      });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#work;
    await this.#queryable?.undeclare();
    await Promise.all([...this.#followed.values()].map((log) => log.close()));
    this.#followed.clear();
  }

  async #setNodes(names: readonly string[]): Promise<void> {
    for (const [name, log] of this.#followed) {
      if (names.includes(name)) continue;
      this.#followed.delete(name);
      await log.close();
    }
    for (const name of names) {
      const file = this.#options.fileOf(name);
      if (this.#isClosed || file === undefined || this.#followed.has(name)) continue;
      const { session, machineId, say } = this.#options;
      // Dropped where the link is slow: the follower sees the gap, and the daemon waits for nobody.
      const publisher = await session.declarePublisher(logKey(machineId, name), {
        encoding: CBOR_ENCODING,
        congestion: 'drop',
      });
      const send = (part: LogPart) => publisher.put(toChunk(machineId, name, part));
      this.#followed.set(name, new FollowedLog(publisher, new LogTail(file), send, say));
    }
  }

  async #answer(query: Query): Promise<void> {
    const { machineId, fileOf } = this.#options;
    const key = parseKey(query.keyExpr);
    if (key.kind !== 'daemon-log') return query.replyError('Ask for the log of one node, without wildcards.');
    const file = fileOf(key.node);
    if (file === undefined) {
      return query.replyError(`There is no node ${JSON.stringify(plainText(key.node).slice(0, 200))} on ${machineId}.`);
    }
    const parameters = new URLSearchParams(query.parameters.replaceAll(';', '&'));
    const part = await readHistory(file, {
      maxLines: Math.min(MAX_LINES, wholeNumber(parameters.get('lines')) ?? DEFAULT_LINES),
      sinceMs: wholeNumber(parameters.get('since_ms')),
      maxBytes: MAX_BYTES,
    });
    await query.reply(logKey(machineId, key.node), toChunk(machineId, key.node, part), { encoding: CBOR_ENCODING });
  }
}

/** The publisher of one node's log, and the reading of its file while someone listens. */
class FollowedLog {
  readonly #publisher: Publisher;
  readonly #tail: LogTail;
  readonly #send: (part: LogPart) => Promise<void>;
  readonly #say: (message: string) => void;
  readonly #stopListening: () => void;
  #reading: Promise<void> | undefined;
  #isClosed = false;

  constructor(
    publisher: Publisher,
    tail: LogTail,
    send: (part: LogPart) => Promise<void>,
    say: (message: string) => void,
  ) {
    this.#publisher = publisher;
    this.#tail = tail;
    this.#send = send;
    this.#say = say;
    this.#stopListening = publisher.onMatching(() => this.#look());
    this.#look();
  }

  get isReading(): boolean {
    return this.#reading !== undefined;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopListening();
    await this.#reading;
    await this.#publisher.undeclare();
  }

  #look(): void {
    if (!this.#isWanted() || this.#reading !== undefined) return;
    this.#reading = this.#read()
      .catch((error) => this.#say(`A log cannot be followed: ${messageOf(error)}.`))
      .finally(() => {
        this.#reading = undefined;
        this.#look();
      });
  }

  #isWanted(): boolean {
    return !this.#isClosed && this.#publisher.matching;
  }

  async #read(): Promise<void> {
    try {
      await this.#tail.begin();
      let toldMs = Number.NEGATIVE_INFINITY;
      while (this.#isWanted()) {
        const part = await this.#tail.read();
        const isDue = performance.now() - toldMs >= POSITION_MS;
        if (part !== undefined || isDue) {
          const { position } = this.#tail;
          await this.#send(part ?? { text: '', start: position, end: position, isCut: false });
          toldMs = performance.now();
        }
        if (part === undefined) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    } catch (error) {
      // The link went: matching says when there is someone again.
      if (this.#isWanted()) {
        await new Promise((resolve) => setTimeout(resolve, POSITION_MS));
        throw error;
      }
    } finally {
      await this.#tail.close();
    }
  }
}

function toChunk(machineId: string, node: string, part: LogPart): Uint8Array {
  const { start, end, text, isCut } = part;
  return encodeLogChunk({ machineId, node, file: end.file, start: start.offset, end: end.offset, text, isCut });
}

function wholeNumber(text: string | null): number | undefined {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
