import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Ffmpeg } from '../ffmpeg.ts';
import type { Pixels } from '../graphics/pixels.ts';
import { NAL, nalType, spsForKeyFrames } from '../wire/h264.ts';
import { plainText } from '../wire/plain-text.ts';
import { flvBegin, flvKeyFrame } from './flv-writer.ts';
import { PamReader } from './pam-reader.ts';

export interface KeyFrameDecoderOptions {
  readonly onPicture: (pixels: Pixels) => void;
  readonly onProblem: (problem: string) => void;
  readonly ffmpeg: Ffmpeg;
}

/** Times of the pictures only need to count up. */
const PERIOD_MS = 100;
/** Without a picture for so long the bytes were of no use. */
const ANSWER_MS = 3_000;

/** Makes pictures of key frames by an ffmpeg that stays while they come. */
export class KeyFrameDecoder {
  readonly #options: KeyFrameDecoderOptions;
  #child: ChildProcessWithoutNullStreams | undefined;
  /** What the running ffmpeg was started for: the box, and the sets of parameters. */
  #kind = '';
  #count = 0;
  #said = '';
  #waiting: NodeJS.Timeout | undefined;

  constructor(options: KeyFrameDecoderOptions) {
    this.#options = options;
  }

  /** Whether the one before is still being decoded; another would be left out. */
  get isBusy(): boolean {
    return this.#waiting !== undefined;
  }

  /** `units`: one key frame with its parameter sets. Left out while the one before is still being decoded. */
  decode(units: readonly Uint8Array[], box: { readonly maxWidth: number; readonly maxHeight: number }): void {
    const plain = units.map((unit) => (nalType(unit) === NAL.sps ? spsForKeyFrames(unit) : unit));
    const begin = flvBegin(plain);
    if (begin === undefined) {
      this.#fail('a key frame came without a usable SPS and PPS');
      return;
    }
    const size = { width: Math.max(2, Math.floor(box.maxWidth)), height: Math.max(2, Math.floor(box.maxHeight)) };
    const kind = `${size.width}x${size.height} ${Buffer.from(begin).toString('base64')}`;
    if (kind !== this.#kind) this.#end();
    this.#kind = kind;
    if (this.#waiting !== undefined) return;
    const { stdin } = this.#child ?? this.#start(size, begin);
    this.#said = '';
    this.#waiting = setTimeout(() => this.#fail(`the key frame gave no picture${this.#reason()}`), ANSWER_MS);
    this.#count += 1;
    stdin.write(flvKeyFrame(plain, this.#count * PERIOD_MS));
  }

  close(): void {
    this.#end();
  }

  #start(size: { readonly width: number; readonly height: number }, begin: Uint8Array): ChildProcessWithoutNullStreams {
    const words = [
      // One thread on either side: more of them would each hold a picture back.
      ...['-hide_banner', '-loglevel', 'error', '-threads', '1', '-probesize', '32', '-analyzeduration', '0'],
      ...['-f', 'flv', '-i', 'pipe:0', '-map', '0:v:0'],
      // Never larger than it is.
      ...['-vf', `scale='min(iw,${size.width})':'min(ih,${size.height})':force_original_aspect_ratio=decrease`],
      ...[
        '-threads',
        '1',
        ...this.#options.ffmpeg.passEachFrame,
        '-pix_fmt',
        'rgba',
        '-c:v',
        'pam',
        '-f',
        'image2pipe',
        'pipe:1',
      ],
    ];
    const child = spawn(this.#options.ffmpeg.program, words, { stdio: 'pipe' });
    this.#child = child;
    const reader = new PamReader();
    child.stdin.on('error', () => undefined);
    child.stdin.write(begin);
    this.#count = 0;
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
