import { appendFile, open, rename, stat } from 'node:fs/promises';
import type { OutputSink } from './backend.ts';
import { isCode, messageOf } from './home.ts';

/** Bounds of one node's log; each can be set smaller in tests. */
export interface LogLimits {
  /** The file is moved to `….1` when it has grown to this, and what was there before is dropped. */
  readonly fileBytes: number;
  /** Longest line; the rest of it is cut and counted. */
  readonly lineBytes: number;
  /** Written per second; lines beyond are dropped and counted, so that a flood cannot fill the disk's queue. */
  readonly writeBytesPerSecond: number;
  /** Read per second; beyond, the node waits at its pipe, so that a flood cannot take the daemon's core. */
  readonly readBytesPerSecond: number;
}

const DEFAULT_LIMITS: LogLimits = {
  fileBytes: 8 * 1024 * 1024,
  lineBytes: 8 * 1024,
  writeBytesPerSecond: 1024 * 1024,
  readBytesPerSecond: 16 * 1024 * 1024,
};

/** Waiting for the disk; beyond, the node waits. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024;
const LAST_LINES = 5;
const LAST_LINE_CHARACTERS = 500;
const NEWLINE = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** What a line costs to handle, as bytes read: a flood of empty lines is a flood. */
const LINE_COST_BYTES = 100;

type Stream = 'out' | 'err' | 'daemon';

/**
 * The log file of one node. A line is `{ISO time} {out|err|daemon} {text}`, its text as the node wrote it: untrusted,
 * with escape sequences if there were any.
 */
export class NodeLog implements OutputSink {
  readonly file: string;
  readonly #limits: LogLimits;
  readonly #assemblers = { out: new LineAssembler(), err: new LineAssembler() };
  #lastLines: string[] = [];
  #pending: string[] = [];
  #pendingLength = 0;
  #writing: Promise<void> | undefined;
  #fileBytes: number | undefined;
  /** Monotonic: a clock that is set back must not hold up a node. */
  #window = { startMs: Number.NEGATIVE_INFINITY, readBytes: 0, writtenBytes: 0, droppedLines: 0 };
  /** The disk refuses; said once until it works again. */
  #failure: string | undefined;
  readonly #onFailure: (reason: string) => void;

  constructor(file: string, options: { limits?: Partial<LogLimits>; onFailure?: (reason: string) => void } = {}) {
    this.file = file;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#onFailure = options.onFailure ?? (() => undefined);
  }

  /** The newest lines of the node itself since it was last started, cut to 500 characters each, oldest first. */
  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  /** A line of ours between those of the node: it was started, it ended. A start forgets {@link lastLines}. */
  note(text: string, options: { readonly isStart?: boolean } = {}): void {
    if (options.isStart === true) this.#lastLines = [];
    this.#append(`${lineHead('daemon')}${text}\n`);
  }

  write(stream: 'out' | 'err', chunk: Uint8Array, atMs?: number): boolean {
    this.#turnWindow();
    const isFlooded = this.#window.writtenBytes >= this.#limits.writeBytesPerSecond;
    const assembler = this.#assemblers[stream];
    // Of a flood only the end is made into text: the rest would be dropped, and costs a hundred megabytes of heap.
    const skipped = isFlooded ? assembler.skip(chunk, LAST_LINES) : { lineCount: 0, rest: chunk };
    const lines = assembler.push(skipped.rest, this.#limits.lineBytes);
    this.#window.readBytes += chunk.length + (skipped.lineCount + lines.length) * LINE_COST_BYTES;
    this.#window.droppedLines += skipped.lineCount;
    this.#lines(stream, lines, atMs);
    return this.#window.readBytes < this.#limits.readBytesPerSecond && this.#pendingLength < MAX_PENDING_BYTES;
  }

  async whenReady(): Promise<void> {
    while (this.#pendingLength >= MAX_PENDING_BYTES && this.#writing !== undefined) await this.#writing;
    const restMs = this.#window.startMs + 1_000 - performance.now();
    if (this.#window.readBytes >= this.#limits.readBytesPerSecond && restMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
  }

  end(): void {
    for (const stream of ['out', 'err'] as const) {
      this.#lines(stream, this.#assemblers[stream].finish());
    }
    this.#sayDropped();
  }

  /** Resolves when all is in the file. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  /** The last `maxLines` lines in at most `maxBytes`, whole lines only. */
  async tail(maxLines: number, maxBytes: number): Promise<string> {
    await this.flush();
    let text = await readEnd(this.file, maxBytes);
    if (text.length < maxBytes && text.split('\n').length <= maxLines) {
      text = (await readEnd(`${this.file}.1`, maxBytes - text.length)) + text;
    }
    return text
      .split('\n')
      .slice(-maxLines - 1)
      .join('\n');
  }

  #lines(stream: 'out' | 'err', lines: readonly string[], atMs?: number): void {
    if (lines.length === 0) return;
    this.#lastLines = [
      ...this.#lastLines,
      ...lines.slice(-LAST_LINES).map((line) => line.slice(0, LAST_LINE_CHARACTERS)),
    ];
    this.#lastLines = this.#lastLines.slice(-LAST_LINES);
    // One text for all lines of a chunk: piece by piece they would live long enough to grow the heap.
    const head = lineHead(stream, atMs);
    let text = '';
    for (const [index, line] of lines.entries()) {
      if (this.#window.writtenBytes >= this.#limits.writeBytesPerSecond) {
        this.#window.droppedLines += lines.length - index;
        break;
      }
      text += `${head}${line}\n`;
      this.#window.writtenBytes += head.length + line.length;
    }
    if (text !== '') this.#append(text);
  }

  #turnWindow(): void {
    const nowMs = performance.now();
    if (nowMs - this.#window.startMs < 1_000) return;
    this.#sayDropped();
    this.#window = { startMs: nowMs, readBytes: 0, writtenBytes: 0, droppedLines: 0 };
  }

  #sayDropped(): void {
    const { droppedLines } = this.#window;
    if (droppedLines === 0) return;
    this.#window.droppedLines = 0;
    this.note(`dropped ${droppedLines} lines: more than ${this.#limits.writeBytesPerSecond} bytes in a second`);
  }

  #append(text: string): void {
    this.#pending.push(text);
    this.#pendingLength += text.length;
    this.#writing ??= this.#drain().finally(() => {
      this.#writing = undefined;
    });
  }

  async #drain(): Promise<void> {
    // One turn of the event loop later: many lines go in one write.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending.length > 0) {
      const text = this.#pending.join('');
      this.#pending = [];
      this.#pendingLength = 0;
      try {
        await this.#store(text);
        this.#failure = undefined;
      } catch (error) {
        // A full disk must not end the daemon: the node runs on, its lines are lost, and that is said once.
        const reason = messageOf(error);
        if (this.#failure !== reason) this.#onFailure(`${this.file}: ${reason}`);
        this.#failure = reason;
      }
    }
  }

  async #store(text: string): Promise<void> {
    this.#fileBytes ??= await sizeOf(this.file);
    if (this.#fileBytes >= this.#limits.fileBytes) {
      await rename(this.file, `${this.file}.1`);
      this.#fileBytes = 0;
    }
    await appendFile(this.file, text, { mode: 0o600 });
    this.#fileBytes += Buffer.byteLength(text);
  }
}

/** Time and origin before a line. */
function lineHead(stream: Stream, atMs = Date.now()): string {
  return `${new Date(atMs).toISOString()} ${stream} `;
}

/** Cuts a stream of bytes into lines; of a line that is too long it keeps the beginning and counts the rest. */
class LineAssembler {
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #cutBytes = 0;

  /** Counts the lines that end in `chunk`, all but the last `keepCount`, and forgets them. */
  skip(chunk: Uint8Array, keepCount: number): { readonly lineCount: number; readonly rest: Uint8Array } {
    const ends: number[] = [];
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, end + 1)) ends.push(end);
    const lineCount = Math.max(0, ends.length - keepCount);
    const lastEnd = ends[lineCount - 1];
    if (lastEnd === undefined) return { lineCount: 0, rest: chunk };
    this.#reset();
    return { lineCount, rest: chunk.subarray(lastEnd + 1) };
  }

  push(chunk: Uint8Array, maxBytes: number): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      lines.push(this.#line(chunk.subarray(start, end), maxBytes));
      start = end + 1;
    }
    this.#keep(chunk.subarray(start), maxBytes);
    return lines;
  }

  finish(): string[] {
    return this.#keptBytes > 0 ? [this.#take()] : [];
  }

  #line(part: Uint8Array, maxBytes: number): string {
    // Nearly always a whole line in one chunk: no copy.
    if (this.#keptBytes === 0 && this.#cutBytes === 0 && part.length <= maxBytes) return textOf(part);
    this.#keep(part, maxBytes);
    return this.#take();
  }

  #keep(part: Uint8Array, maxBytes: number): void {
    const room = Math.max(0, maxBytes - this.#keptBytes);
    this.#cutBytes += Math.max(0, part.length - room);
    if (room === 0 || part.length === 0) return;
    // A copy: the chunk belongs to the stream's pool.
    const kept = Uint8Array.from(part.subarray(0, room));
    this.#kept.push(kept);
    this.#keptBytes += kept.length;
  }

  #take(): string {
    const text = textOf(Buffer.concat(this.#kept));
    const line = this.#cutBytes > 0 ? `${text} … [${this.#cutBytes} more bytes of this line cut]` : text;
    this.#reset();
    return line;
  }

  #reset(): void {
    this.#kept = [];
    this.#keptBytes = 0;
    this.#cutBytes = 0;
  }
}

function textOf(line: Uint8Array): string {
  const end = line.at(-1) === CARRIAGE_RETURN ? line.length - 1 : line.length;
  return Buffer.from(line.buffer, line.byteOffset, end).toString('utf8');
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return 0;
    throw error;
  }
}

/** The last whole lines of a file in at most `maxBytes`; empty where there is no file. */
async function readEnd(file: string, maxBytes: number): Promise<string> {
  if (maxBytes <= 0) return '';
  try {
    await using handle = await open(file, 'r');
    const { size } = await handle.stat();
    const start = Math.max(0, size - maxBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    const text = buffer.toString('utf8', 0, bytesRead);
    return start === 0 ? text : text.slice(text.indexOf('\n') + 1);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return '';
    throw error;
  }
}
