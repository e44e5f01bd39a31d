/**
 * Reading a node's log from its files alone: `NAME.log`, and `NAME.log.1` where it was moved when it had grown. Who
 * writes them does not matter, nor whether a daemon runs.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { isCode } from './home.ts';

export interface LogPosition {
  /** Inode number of the file; empty where there is none yet. */
  readonly file: string;
  readonly offset: number;
}

export interface LogPart {
  readonly text: string;
  readonly start: LogPosition;
  readonly end: LogPosition;
  readonly isCut: boolean;
}

export interface HistoryRequest {
  /** The newest lines, at most so many. */
  readonly maxLines: number;
  /** Only lines of this time or later, Unix milliseconds. */
  readonly sinceMs?: number | undefined;
  readonly maxBytes: number;
}

const NEWLINE = 0x0a;
/** Read in one go while following. */
const MAX_READ_BYTES = 256 * 1024;

/** The newest whole lines, from both files where one has too few. Rejects only where a file cannot be read. */
export async function readHistory(file: string, request: HistoryRequest): Promise<LogPart> {
  const newest = await readEnd(file, request.maxBytes);
  let { text } = newest;
  let { isCut } = newest;
  if (!isCut && countLines(text) < request.maxLines && !isBefore(text, request.sinceMs)) {
    const older = await readEnd(`${file}.1`, request.maxBytes - Buffer.byteLength(text));
    text = older.text + text;
    isCut = older.isCut;
  }
  let lines = text.split('\n').slice(0, -1);
  const { sinceMs } = request;
  if (sinceMs !== undefined) {
    const first = lines.findIndex((line) => lineTimeMs(line) >= sinceMs);
    // Lines before that time were read: none that was asked for is missing.
    if (first !== 0) isCut = false;
    lines = first < 0 ? [] : lines.slice(first);
  }
  if (lines.length > request.maxLines) {
    lines = lines.slice(lines.length - request.maxLines);
    isCut = false;
  }
  const kept = lines.map((line) => `${line}\n`).join('');
  return { text: kept, start: newest.start, end: newest.end, isCut };
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

/** Whether its first line is older than `sinceMs`: then the older file has nothing to add. */
function isBefore(text: string, sinceMs: number | undefined): boolean {
  return sinceMs !== undefined && lineTimeMs(text.slice(0, 30)) < sinceMs;
}

/** Of a line of a log; NaN where it has none. */
export function lineTimeMs(line: string): number {
  return Date.parse(line.slice(0, line.indexOf(' ')));
}

async function readEnd(file: string, maxBytes: number): Promise<LogPart> {
  const none: LogPosition = { file: '', offset: 0 };
  try {
    await using handle = await open(file, 'r');
    const stats = await handle.stat();
    const first = Math.max(0, stats.size - Math.max(0, maxBytes));
    const bytes = await readRange(handle, first, stats.size - first);
    const id = String(stats.ino);
    // Whole lines only: the last may just be written.
    const last = bytes.lastIndexOf(NEWLINE) + 1;
    const begin = first === 0 ? 0 : Math.min(bytes.indexOf(NEWLINE) + 1, last);
    return {
      text: bytes.toString('utf8', begin, last),
      start: { file: id, offset: first + begin },
      end: { file: id, offset: first + last },
      isCut: first > 0,
    };
  } catch (error) {
    if (isCode(error, 'ENOENT')) return { text: '', start: none, end: none, isCut: false };
    throw error;
  }
}

async function readRange(handle: FileHandle, start: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let size = 0;
  while (size < length) {
    const { bytesRead } = await handle.read(buffer, size, length - size, start + size);
    if (bytesRead === 0) break;
    size += bytesRead;
  }
  return buffer.subarray(0, size);
}

/**
 * Follows a log over rotation. It holds the file open: what was written before the file was moved is read to its end,
 * and its inode number cannot come again meanwhile.
 */
export class LogTail {
  readonly #file: string;
  #handle: FileHandle | undefined;
  #position: LogPosition = { file: '', offset: 0 };

  constructor(file: string) {
    this.#file = file;
  }

  get position(): LogPosition {
    return this.#position;
  }

  /** Begins at `from` where that file is still there, else (and by default) at the end of what is there now. */
  async begin(from?: LogPosition): Promise<void> {
    if (from !== undefined && from.file !== '') {
      for (const file of [this.#file, `${this.#file}.1`]) {
        if (await this.#open(file, from)) return;
      }
    }
    // No file yet: all that comes is new.
    if (!(await this.#open(this.#file))) return;
    const end = await readEnd(this.#file, MAX_READ_BYTES);
    this.#position = { ...this.#position, offset: end.end.file === this.#position.file ? end.end.offset : 0 };
  }

  /** What came since, at most 256 KB; undefined where nothing did. */
  async read(): Promise<LogPart | undefined> {
    if (this.#handle === undefined && !(await this.#open(this.#file))) return undefined;
    const part = await this.#readMore();
    if (part !== undefined) return part;
    if (!(await this.#isMoved())) return undefined;
    // Written between the last read and the move.
    const rest = await this.#readMore();
    if (rest !== undefined) return rest;
    await this.#goOn();
    return this.#readMore();
  }

  async close(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #readMore(): Promise<LogPart | undefined> {
    const handle = this.#handle;
    if (handle === undefined) return undefined;
    const { size } = await handle.stat();
    const start = this.#position;
    // Cut short by someone else: from its beginning again.
    if (size < start.offset) this.#position = { ...start, offset: 0 };
    const { offset } = this.#position;
    if (size === offset) return undefined;
    const bytes = await readRange(handle, offset, Math.min(size - offset, MAX_READ_BYTES));
    const last = bytes.lastIndexOf(NEWLINE) + 1;
    // A line longer than what is read in one go is none of ours: handed on as it is.
    const length = last === 0 && bytes.length === MAX_READ_BYTES ? bytes.length : last;
    if (length === 0) return undefined;
    const begin = this.#position;
    this.#position = { ...begin, offset: offset + length };
    return { text: bytes.toString('utf8', 0, length), start: begin, end: this.#position, isCut: false };
  }

  async #isMoved(): Promise<boolean> {
    const now = await inodeOf(this.#file);
    return now !== undefined && now !== this.#position.file;
  }

  /** The next file: `….1` where it was rotated twice meanwhile, else the newest. */
  async #goOn(): Promise<void> {
    const old = this.#position.file;
    const middle = await inodeOf(`${this.#file}.1`);
    const next = middle === undefined || middle === old ? this.#file : `${this.#file}.1`;
    const finished = this.#handle;
    this.#handle = undefined;
    // Closed after the next is open: the number of the old file is not given to the next one.
    await this.#open(next);
    await finished?.close();
  }

  /** False where the file is missing, or is not the one of `from`. */
  async #open(file: string, from?: LogPosition): Promise<boolean> {
    let handle: FileHandle;
    try {
      handle = await open(file, 'r');
    } catch (error) {
      if (isCode(error, 'ENOENT')) return false;
      throw error;
    }
    const id = String((await handle.stat()).ino);
    if (from !== undefined && from.file !== id) {
      await handle.close();
      return false;
    }
    this.#handle = handle;
    this.#position = { file: id, offset: from?.offset ?? 0 };
    return true;
  }
}

async function inodeOf(file: string): Promise<string | undefined> {
  try {
    await using handle = await open(file, 'r');
    return String((await handle.stat()).ino);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
