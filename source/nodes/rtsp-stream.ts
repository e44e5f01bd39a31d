import { type ChildProcess, spawn } from 'node:child_process';
import type { Ffmpeg } from '../ffmpeg.ts';
import { endChild } from './child-end.ts';
import { type FlvItem, FlvReader } from './flv.ts';
import type { RtspCameraConfig } from './rtsp-camera-config.ts';
import { createRedactor, keepErrors, streamCall } from './rtsp-ffmpeg.ts';

export interface RtspStreamOptions {
  readonly config: RtspCameraConfig;
  readonly ffmpeg: Ffmpeg;
  readonly onItem: (item: FlvItem) => void;
  /** Why there is no video, once for each reason; undefined when it flows again. */
  readonly onProblem: (problem: string | undefined) => void;
  /** Default 500 ms to 10 s, factor 2, each a fifth more or less by chance. */
  readonly backoff?: { readonly initialMs: number; readonly maxMs: number };
  /** Without a picture for so long the connection is given up; default 10 s. */
  readonly stallMs?: number;
}

/** A camera's video while somebody wants it: connects, and again when the connection ends, stalls or says rubbish. */
export class RtspStream {
  readonly #options: RtspStreamOptions;
  readonly #redact: (text: string) => string;
  #child: ChildProcess | undefined;
  #retry: NodeJS.Timeout | undefined;
  #stall: NodeJS.Timeout | undefined;
  #failures = 0;
  #problem: string | undefined;
  /** Counts up with each start and stop: what an earlier child still says is not heard. */
  #round = 0;

  constructor(options: RtspStreamOptions) {
    this.#options = options;
    this.#redact = createRedactor(options.config.url);
  }

  get isRunning(): boolean {
    return this.#child !== undefined || this.#retry !== undefined;
  }

  /** Process id of the ffmpeg at work, undefined between attempts. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    if (this.isRunning) return;
    this.#failures = 0;
    this.#connect();
  }

  async stop(): Promise<void> {
    this.#round += 1;
    clearTimeout(this.#retry);
    clearTimeout(this.#stall);
    this.#retry = undefined;
    const child = this.#child;
    this.#child = undefined;
    if (child !== undefined) await endChild(child);
  }

  #connect(): void {
    this.#retry = undefined;
    this.#round += 1;
    const round = this.#round;
    const { config, ffmpeg, onItem, stallMs = 10_000 } = this.#options;
    const call = streamCall(config, ffmpeg);
    const child = spawn(ffmpeg.program, call.words, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    const errors = keepErrors(child, this.#redact);
    let hasPicture = false;
    const fail = (problem: string): void => {
      if (round !== this.#round) return;
      void this.stop();
      this.#fail(problem);
    };
    const watch = (): void => {
      clearTimeout(this.#stall);
      const what = hasPicture ? 'no picture came' : 'it gave no picture';
      this.#stall = setTimeout(() => fail(`${what} for ${stallMs / 1_000} s`), stallMs);
    };
    watch();
    const reader = new FlvReader();
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(call.stdin);
    child.stdout?.on('data', (chunk: Buffer) => {
      if (round !== this.#round) return;
      try {
        for (const item of reader.push(chunk)) {
          if (item.kind === 'other-codec') return fail(`it sends ${item.codec}, and only H.264 is understood`);
          if (item.kind === 'picture') {
            hasPicture = true;
            this.#failures = 0;
            this.#setProblem(undefined);
            watch();
          }
          onItem(item);
        }
      } catch (error) {
        fail(error instanceof Error ? error.message : String(error));
      }
    });
    child.once('error', (error) => fail(`ffmpeg does not start: ${error.message}`));
    // After all of stderr was read.
    child.once('close', (code) =>
      fail(explain(errors.lines) ?? `the connection ended${code === 0 ? '' : ` (${code})`}`),
    );
  }

  #fail(problem: string): void {
    this.#setProblem(problem);
    const { initialMs, maxMs } = this.#options.backoff ?? { initialMs: 500, maxMs: 10_000 };
    const delayMs = Math.min(maxMs, initialMs * 2 ** this.#failures) * (0.8 + 0.4 * Math.random());
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#connect(), delayMs);
  }

  #setProblem(problem: string | undefined): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#options.onProblem(problem);
  }
}

/** What ffmpeg said, in one line: its first words name the cause, what follows from it comes later. */
function explain(lines: readonly string[]): string | undefined {
  const telling = lines.find((line) =>
    /40[0-9]|refused|timed? ?out|No route|Name or service|not compatible/i.test(line),
  );
  if (telling === undefined) return lines[0];
  if (/\b401\b/.test(telling)) return 'it refuses the name or the password (401)';
  if (/\b403\b/.test(telling)) return 'it forbids access (403)';
  if (/\b404\b/.test(telling)) return 'it has no such path (404)';
  if (/not compatible/.test(telling)) return 'it sends something else than H.264';
  return telling;
}
