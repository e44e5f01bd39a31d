import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import type { Pixels } from '../graphics/pixels.ts';
import { plainText } from '../wire/plain-text.ts';
import { PamReader } from './pam-reader.ts';

export interface KeyFrameDecoderOptions {
  readonly onPicture: (pixels: Pixels) => void;
  readonly onProblem: (problem: string) => void;
  /** Default `ffmpeg`. */
  readonly program?: string | undefined;
}

/** What makes the parser give out a picture without waiting for the next: a delimiter (H.264 7.3.2.4) and filler. */
const END_OF_PICTURE = Uint8Array.of(0, 0, 0, 1, 0x09, 0x10, 0, 0, 0, 1, 0x0c, 0xff, 0xff, 0x80);
/** Without a picture for so long the bytes were of no use. */
const ANSWER_MS = 3_000;
const VERSION_LIMIT_MS = 5_000;

/** Makes pictures of key frames by an ffmpeg that stays while they come. */
export class KeyFrameDecoder {
  readonly #options: KeyFrameDecoderOptions;
  #child: ChildProcessWithoutNullStreams | undefined;
  #box = '';
  #said = '';
  #waiting: NodeJS.Timeout | undefined;

  constructor(options: KeyFrameDecoderOptions) {
    this.#options = options;
  }

  /** `bytes`: one key frame in Annex B with its parameter sets. Left out while the one before is still being decoded. */
  decode(bytes: Uint8Array, box: { readonly maxWidth: number; readonly maxHeight: number }): void {
    const size = `${Math.max(2, Math.floor(box.maxWidth))}:${Math.max(2, Math.floor(box.maxHeight))}`;
    if (size !== this.#box) this.#end();
    this.#box = size;
    if (this.#waiting !== undefined) return;
    const isFirst = this.#child === undefined;
    const { stdin } = this.#child ?? this.#start(size);
    this.#said = '';
    this.#waiting = setTimeout(() => this.#fail(`the key frame gave no picture${this.#reason()}`), ANSWER_MS);
    // The first is used up by ffmpeg's look at what it is about to read.
    for (let count = isFirst ? 2 : 1; count > 0; count -= 1) {
      stdin.write(bytes);
      stdin.write(END_OF_PICTURE);
    }
  }

  close(): void {
    this.#end();
  }

  #start(size: string): ChildProcessWithoutNullStreams {
    const words = [
      ...['-hide_banner', '-loglevel', 'error', '-threads', '1', '-flags', 'low_delay'],
      ...['-fflags', 'nobuffer', '-probesize', '32', '-analyzeduration', '0', '-f', 'h264', '-i', 'pipe:0'],
      // Never larger than it is.
      ...[
        '-vf',
        `scale='min(iw,${size.split(':')[0]})':'min(ih,${size.split(':')[1]})':force_original_aspect_ratio=decrease`,
      ],
      ...['-vsync', 'passthrough', '-pix_fmt', 'rgba', '-c:v', 'pam', '-f', 'image2pipe', 'pipe:1'],
    ];
    const child = spawn(this.#options.program ?? 'ffmpeg', words, { stdio: 'pipe' });
    this.#child = child;
    const reader = new PamReader();
    child.stdin.on('error', () => undefined);
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#said = `${this.#said}${text}`.slice(0, 2_000);
    });
    child.stdout.on('data', (chunk: Buffer) => {
      if (child === this.#child) this.#read(reader, chunk);
    });
    const ended = (why: string): void => {
      if (child === this.#child) this.#fail(why);
    };
    child.once('error', (error) => ended(`ffmpeg does not start: ${error.message}`));
    child.once('close', () => ended(`ffmpeg ended${this.#reason()}`));
    return child;
  }

  #read(reader: PamReader, chunk: Buffer): void {
    try {
      const newest = reader.push(chunk).at(-1);
      if (newest === undefined) return;
      clearTimeout(this.#waiting);
      this.#waiting = undefined;
      this.#options.onPicture(newest);
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  #fail(problem: string): void {
    this.#end();
    this.#options.onProblem(problem);
  }

  #end(): void {
    clearTimeout(this.#waiting);
    this.#waiting = undefined;
    const child = this.#child;
    this.#child = undefined;
    child?.kill('SIGKILL');
  }

  #reason(): string {
    const line = this.#said.split('\n').find((text) => text.trim() !== '');
    return line === undefined ? '' : `: ${plainText(line.replace(/^\[[^\]]*\]\s*/, '')).slice(0, 200)}`;
  }
}

/** Whether that program runs on this machine. Asked once. */
export function hasFfmpeg(program = 'ffmpeg'): Promise<boolean> {
  const known = answers.get(program);
  if (known !== undefined) return known;
  const answer = new Promise<boolean>((resolve) => {
    execFile(program, ['-version'], { timeout: VERSION_LIMIT_MS }, (error) => resolve(error === null));
  });
  answers.set(program, answer);
  return answer;
}

const answers = new Map<string, Promise<boolean>>();
