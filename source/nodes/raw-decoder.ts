import { type ChildProcess, spawn } from 'node:child_process';
import type { Ffmpeg } from '../ffmpeg.ts';
import { rawFramePrefix } from '../wire/camera.ts';
import type { ShmBuffer, ShmProvider } from '../zenoh/session.ts';
import { endChild } from './child-end.ts';
import { FLV_HEADER, type FlvItem } from './flv.ts';
import { nowNs } from './node-runtime.ts';
import type { RtspCameraConfig } from './rtsp-camera-config.ts';
import { decoderCall, keepErrors } from './rtsp-ffmpeg.ts';

export interface RawDecoderOptions {
  readonly config: Pick<RtspCameraConfig, 'rawWidth' | 'rawHeight' | 'maxRateHz' | 'hwAccel'>;
  readonly ffmpeg: Ffmpeg;
  readonly provider: ShmProvider;
  readonly machineId: string;
  readonly frameId: string;
  /** The head and pixels of one frame, in shared memory; whoever takes it puts or releases it. */
  readonly onFrame: (frame: ShmBuffer) => void;
  readonly say: (message: string) => void;
}

const BYTES_PER_PIXEL = 4;
/** Video that waits for the decoder; more is left out up to the next key frame. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** A decoder that ends is started again, with the next key frame after so long. */
const RESTART_MS = 1_000;

/** Makes RGBA frames of a stream's pictures, in a child process, straight into shared memory. */
export class RawDecoder {
  readonly #options: RawDecoderOptions;
  readonly #frameBytes: number;
  #hwAccel: string | undefined;
  #child: ChildProcess | undefined;
  #configuration: Uint8Array | undefined;
  /** Pictures are left out until a key frame comes. */
  #isWaiting = true;
  #isClosed = false;
  #restartAtMs = 0;
  #sequence = 0;
  #frame: ShmBuffer | undefined;
  #prefixBytes = 0;
  #filled = 0;
  /** Frames left out because readers held all memory. */
  droppedCount = 0;

  constructor(options: RawDecoderOptions) {
    this.#options = options;
    this.#hwAccel = options.config.hwAccel;
    this.#frameBytes = options.config.rawWidth * options.config.rawHeight * BYTES_PER_PIXEL;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  push(item: FlvItem): void {
    if (this.#isClosed) return;
    if (item.kind === 'configuration') {
      // A new connection: the decoder begins anew, since times and sets of parameters do.
      if (this.#configuration !== undefined) this.#endChild();
      this.#configuration = item.tag;
    }
    if (item.kind !== 'picture') return;
    if (item.isKey) this.#isWaiting = false;
    if (this.#isWaiting) return;
    if (this.#child === undefined && !this.#start()) return;
    const stdin = this.#child?.stdin;
    if (stdin === undefined || stdin === null) return;
    if (stdin.writableLength > MAX_WAITING_BYTES) this.#isWaiting = true;
    else stdin.write(item.tag);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const child = this.#child;
    this.#endChild();
    if (child !== undefined) await endChild(child);
  }

  #start(): boolean {
    if (this.#configuration === undefined || performance.now() < this.#restartAtMs) {
      this.#isWaiting = true;
      return false;
    }
    const { config, ffmpeg, say } = this.#options;
    const child = spawn(ffmpeg.program, decoderCall(config, this.#hwAccel, ffmpeg), { stdio: 'pipe' });
    this.#child = child;
    const errors = keepErrors(child, (text) => text);
    const before = this.#sequence;
    child.stdin.on('error', () => undefined);
    child.stdin.write(FLV_HEADER);
    child.stdin.write(this.#configuration);
    child.stdout.on('data', (chunk: Buffer) => {
      if (child === this.#child) this.#fill(chunk);
    });
    const ended = (): void => {
      if (child !== this.#child) return;
      this.#endChild();
      this.#restartAtMs = performance.now() + RESTART_MS;
      if (this.#hwAccel !== undefined && this.#sequence === before) {
        say(
          `decoding by ${this.#hwAccel} does not work here (${errors.lines[0] ?? 'no reason given'}): the processor does it`,
        );
        this.#hwAccel = undefined;
      } else say(`the decoder ended: ${errors.lines[0] ?? 'no reason given'}`);
    };
    child.once('error', ended);
    child.once('close', ended);
    return true;
  }

  #endChild(): void {
    const child = this.#child;
    this.#child = undefined;
    this.#isWaiting = true;
    this.#frame?.release();
    this.#frame = undefined;
    this.#filled = 0;
    if (child !== undefined) void endChild(child);
  }

  #fill(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#filled === 0) this.#beginFrame();
      const count = Math.min(chunk.length - at, this.#frameBytes - this.#filled);
      this.#frame?.data.set(chunk.subarray(at, at + count), this.#prefixBytes + this.#filled);
      at += count;
      this.#filled += count;
      if (this.#filled < this.#frameBytes) continue;
      this.#filled = 0;
      const frame = this.#frame;
      this.#frame = undefined;
      if (frame !== undefined) this.#options.onFrame(frame);
    }
  }

  /** Without room in shared memory the frame's bytes are read and forgotten. */
  #beginFrame(): void {
    const { config, provider, machineId, frameId } = this.#options;
    const timeNs = nowNs();
    const header = { acqTimeNs: timeNs, pubTimeNs: timeNs, sequence: this.#sequence, frameId, machineId };
    const { rawWidth: width, rawHeight: height } = config;
    const step = width * BYTES_PER_PIXEL;
    const prefix = rawFramePrefix({ header, width, height, encoding: 'rgba8', step }, this.#frameBytes);
    this.#sequence += 1;
    this.#frame = provider.alloc(prefix.length + this.#frameBytes);
    this.#prefixBytes = prefix.length;
    if (this.#frame === undefined) this.droppedCount += 1;
    else this.#frame.data.set(prefix);
  }
}
