/** The output of all nodes, out of the journal and into their logs, with the time and stream it has there. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OutputSink } from '../backend.ts';
import { decodeEntry } from './journal-entry.ts';
import { journalName } from './unit.ts';

export interface JournalOptions {
  /** The program journalctl. */
  readonly program: string;
  /** The program systemd-cat. */
  readonly catProgram: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly say: (message: string) => void;
}

/** Where a log ends: it has `count` lines of that millisecond. */
export interface LogEnd {
  readonly atMs: number;
  readonly count: number;
}

interface Reader {
  readonly output: OutputSink;
  /** What the log has already, until a line comes that it has not. */
  known: { readonly atMs: number; left: number } | undefined;
  /** It runs. What comes later is taken all the same. */
  isLive: boolean;
}

const AGAIN_MS = 1_000;
/** Nodes that are started together are looked for together. */
const GATHER_MS = 20;
/** Nobody runs: one journalctl less. */
const IDLE_MS = 10_000;
/** What a node wrote before its end takes its way through journald; a mark of ours that is written after it has to come. */
const MARK_NAME = 'bubbaloop.mark';
const MARK_LIMIT_MS = 2_000;
const NEWLINE = 0x0a;

/** One journalctl for all nodes, while any runs. */
export class Journal {
  readonly #options: JournalOptions;
  /** By journal name. */
  readonly #readers = new Map<string, Reader>();
  /** Journal names that the child looks for: all that were ever read, so that it is seldom begun anew. */
  readonly #names = new Set<string>([MARK_NAME]);
  readonly #marks = new Map<string, () => void>();
  /** One for all that end at about the same time. */
  #nextMark: Promise<void> | undefined;
  #child: ChildProcess | undefined;
  #timer: NodeJS.Timeout | undefined;
  #cursor: string | undefined;
  /** Where reading begins, as long as there is no cursor. */
  #sinceMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** From now on lines of the unit go to `output`; with `end`, from the end of the log on that it has. */
  attach(unit: string, output: OutputSink, end?: LogEnd): void {
    // What an earlier start wrote is no news, where reading begins now.
    const begin = end ?? (this.#child === undefined ? { atMs: Date.now(), count: 0 } : undefined);
    const known = begin === undefined ? undefined : { atMs: begin.atMs, left: begin.count };
    const name = journalName(unit);
    this.#readers.set(name, { output, known, isLive: true });
    this.#sinceMs = Math.min(this.#sinceMs, begin?.atMs ?? Date.now());
    if (!this.#names.has(name)) {
      this.#names.add(name);
      // Begun again with that name, too, where it was left.
      this.#child?.kill('SIGTERM');
    }
    this.#later(GATHER_MS);
  }

  /** Resolves when what the unit wrote before its end has come, as far as can be told. */
  async detach(unit: string): Promise<void> {
    const reader = this.#readers.get(journalName(unit));
    if (reader === undefined) return;
    await this.#mark();
    reader.output.end();
    reader.isLive = false;
    if (!this.#isAnyLive()) this.#later(IDLE_MS);
  }

  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#child?.kill('SIGTERM');
    this.#readers.clear();
  }

  #isAnyLive(): boolean {
    return [...this.#readers.values()].some(({ isLive }) => isLive);
  }

  #mark(): Promise<void> {
    this.#nextMark ??= sleep(GATHER_MS).then(() => {
      this.#nextMark = undefined;
      return this.#writeMark();
    });
    return this.#nextMark;
  }

  async #writeMark(): Promise<void> {
    const id = randomUUID();
    const mark = new Promise<void>((resolve) => this.#marks.set(id, resolve));
    const { catProgram, env } = this.#options;
    const child = spawn(catProgram, ['-t', MARK_NAME], { stdio: ['pipe', 'ignore', 'ignore'], env, detached: true });
    // Without it the wait is as long as the limit, which is all that is lost.
    child.once('error', () => undefined);
    child.stdin.once('error', () => undefined);
    child.stdin.end(`${id}\n`);
    await Promise.race([mark, sleep(MARK_LIMIT_MS, undefined, { ref: false })]);
    this.#marks.delete(id);
  }

  /** Starts or ends the child, as is due then. One that ends although someone wants it again is followed by another. */
  #later(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.#isClosed) return;
      if (this.#isAnyLive()) this.#open();
      else this.#child?.kill('SIGTERM');
    }, delayMs).unref();
  }

  #open(): void {
    if (this.#child !== undefined) return;
    const from = this.#cursor === undefined ? `--since=@${seconds(this.#sinceMs)}` : `--after-cursor=${this.#cursor}`;
    const fields = '--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER';
    // Any of the names, and this user: others may write under such a name, too.
    const match = [...this.#names].map((name) => `SYSLOG_IDENTIFIER=${name}`);
    match.push(`_UID=${process.getuid?.() ?? 0}`);
    const words = ['--follow', '--no-tail', '--all', '--quiet', '--output=json', fields, from, ...match];
    // Detached: a Ctrl-C for the daemon does not reach it, and the nodes' last output is still read.
    const child = spawn(this.#options.program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: this.#options.env,
      detached: true,
    });
    this.#child = child;
    let said = '';
    child.stderr.on('data', (data: Buffer) => {
      said = `${said}${data}`.slice(-500);
    });
    let isOver = false;
    const end = (reason: string): void => {
      if (isOver) return;
      isOver = true;
      this.#child = undefined;
      if (this.#isClosed) return;
      if (!this.#isAnyLive()) {
        // Begun anew when someone runs again.
        this.#readers.clear();
        this.#cursor = undefined;
        this.#sinceMs = Number.POSITIVE_INFINITY;
        return;
      }
      // Told to end a moment before somebody ran again.
      const isWanted = !child.killed;
      if (isWanted) {
        const why = said === '' ? reason : `${reason}: ${said.trim()}`;
        this.#options.say(`journalctl ended (${why}); it is started again.`);
      }
      this.#later(isWanted ? AGAIN_MS : GATHER_MS);
    };
    child.once('error', (error) => end(error.message));
    child.once('close', (code, signal) => end(signal ?? `exit ${code}`));
    this.#read(child);
  }

  #read(child: ChildProcess): void {
    const { stdout } = child;
    let rest: Buffer = Buffer.alloc(0);
    stdout?.on('data', (chunk: Buffer) => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
        const wait = this.#take(bytes.toString('utf8', start, end));
        start = end + 1;
        if (wait === undefined) continue;
        stdout.pause();
        void wait.then(() => stdout.resume());
      }
      rest = Buffer.from(bytes.subarray(start));
    });
  }

  /** A promise where reading has to wait. */
  #take(line: string): Promise<void> | undefined {
    const entry = decodeEntry(line);
    if (entry === undefined) return undefined;
    this.#cursor = entry.cursor;
    if (entry.name === MARK_NAME) {
      this.#marks.get(entry.text.toString().trimEnd())?.();
      return undefined;
    }
    const reader = this.#readers.get(entry.name);
    if (reader === undefined) return undefined;
    if (isKnown(reader, entry.atMs)) return undefined;
    const isReady = reader.output.write(entry.stream, entry.text, entry.atMs);
    return isReady ? undefined : reader.output.whenReady();
  }
}

function isKnown(reader: Reader, atMs: number): boolean {
  const { known } = reader;
  if (known === undefined) return false;
  if (atMs < known.atMs) return true;
  if (atMs === known.atMs && known.left > 0) {
    known.left -= 1;
    return true;
  }
  // A clock that is set back later hides nothing.
  reader.known = undefined;
  return false;
}

function seconds(ms: number): string {
  return (Math.max(0, ms) / 1_000).toFixed(3);
}
