import { type Session, SessionError } from '../zenoh/session.ts';
import type { CameraFeed, CameraFlag, CameraId, CameraSource, CameraState, CameraWish } from './camera-feed.ts';
import type {
  Arrival,
  CameraSourceHandle,
  OpenCameraSource,
  Picture,
  ScaleFrame,
  SourceContext,
} from './camera-source.ts';
import { openCompressedSource } from './compressed-source.ts';
import type { CameraOutput } from './discover-cameras.ts';
import { RateMeter } from './pace.ts';
import { PictureJudge } from './picture-judge.ts';
import { openRawSource } from './raw-source.ts';
import { scaleFrame } from './scale.ts';
import { openThumbnailSource } from './thumbnail-source.ts';

export interface WatchCameraOptions extends CameraWish {
  /** This machine's id: on it raw frames are read from shared memory. Undefined: it is not one of the fleet. */
  readonly machineId?: string | undefined;
  /** What the camera sends, as discoverCameras found it; undefined: all is tried. */
  readonly outputs?: readonly CameraOutput[] | undefined;
  /** Default: the addon's. */
  readonly scale?: ScaleFrame | undefined;
  /** Default `ffmpeg`. */
  readonly ffmpeg?: string | undefined;
  /** How long a way is waited for before the next is tried; default 8 s, 12 s for what is sent compressed. */
  readonly patienceMs?: number | undefined;
}

type Way = 'raw' | 'thumbnail' | 'compressed';

const PATIENCE_MS: Readonly<Record<Way, number>> = { raw: 8_000, thumbnail: 8_000, compressed: 12_000 };
const LOOK_MS = 500;
/** Without a picture for so long, or three times as long as usual, a camera is stale. */
const STALE_MS: Readonly<Record<Way, number>> = { raw: 3_000, thumbnail: 3_000, compressed: 10_000 };
const STALE_PERIODS = 3;
/** A latency beyond this tells of two clocks that differ. */
const MAX_LATENCY_MS = 60_000;

/**
 * Watches one camera: by raw frames in shared memory where it is on this machine, else by its daemon's thumbnails, else
 * by what it sends compressed. What gives no picture in time gives way to the next. Nothing is queued: the newest
 * picture counts.
 */
export function watchCamera(session: Session, camera: CameraId, options: WatchCameraOptions): CameraFeed {
  return new Watch(session, camera, options);
}

class Watch implements CameraFeed {
  readonly #session: Session;
  readonly #options: WatchCameraOptions;
  readonly #ways: readonly Way[];
  readonly #listeners = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  #wish: CameraWish;
  #state: CameraState;
  #turn = 0;
  #source: Promise<CameraSourceHandle | undefined> = Promise.resolve(undefined);
  #handle: CameraSourceHandle | undefined;
  #kind: CameraSource | undefined;
  /** `performance.now()` of the last picture, or of the opening of this way. */
  #aliveAtMs = performance.now();
  #periodMs = 0;
  #judge = new PictureJudge();
  #meter = new RateMeter();
  #problem: string | undefined;
  #isClosed = false;

  constructor(session: Session, camera: CameraId, options: WatchCameraOptions) {
    this.#session = session;
    this.#options = options;
    this.#wish = checkedWish(options);
    this.#state = { camera: { machine: camera.machine, node: camera.node }, version: 0 };
    this.#ways = waysTo(session, camera, options);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    if (this.#ways.length === 0) this.#setProblem('it sends nothing that can be watched from here');
    else this.#open();
  }

  get state(): CameraState {
    return this.#state;
  }

  onChange(listener: () => void): () => void {
    const own = (): void => listener();
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  want(wish: CameraWish): void {
    const next = checkedWish(wish);
    const before = this.#wish;
    if (
      next.maxWidth === before.maxWidth &&
      next.maxHeight === before.maxHeight &&
      next.maxRateHz === before.maxRateHz
    ) {
      return;
    }
    this.#wish = next;
    this.#handle?.refresh?.();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    this.#listeners.clear();
    await (await this.#source)?.close();
  }

  get #way(): Way {
    return this.#ways[this.#turn % this.#ways.length] ?? 'compressed';
  }

  /** The way before is closed first: a camera must not work for two of them. */
  #open(): void {
    const turn = this.#turn;
    const way = this.#way;
    const isCurrent = (): boolean => turn === this.#turn && !this.#isClosed;
    const before = this.#source;
    this.#handle = undefined;
    this.#kind = way === 'raw' ? 'shm' : way === 'thumbnail' ? 'thumbnail' : undefined;
    this.#aliveAtMs = performance.now();
    this.#meter = new RateMeter();
    const context: SourceContext = {
      session: this.#session,
      camera: this.#state.camera,
      wish: () => this.#wish,
      scale: this.#options.scale ?? scaleFrame,
      ffmpeg: this.#options.ffmpeg,
      onArrival: (arrival) => isCurrent() && this.#takeArrival(arrival),
      onPicture: (picture) => isCurrent() && this.#takePicture(picture),
      onProblem: (problem) => isCurrent() && this.#setProblem(problem),
    };
    const opened = async (): Promise<CameraSourceHandle | undefined> => {
      await (await before)?.close();
      if (!isCurrent()) return undefined;
      try {
        const handle = await this.#opener(way)(context);
        if (isCurrent()) this.#handle = handle;
        return handle;
      } catch (error) {
        if (!(error instanceof SessionError)) throw error;
        // Said by the session's link, or tried again at the next turn.
        if (isCurrent()) this.#setProblem(error.message);
        return undefined;
      }
    };
    this.#source = opened();
  }

  #opener(way: Way): OpenCameraSource {
    if (way === 'raw') return openRawSource;
    if (way === 'thumbnail') return openThumbnailSource;
    return (context) =>
      openCompressedSource(context, {
        onFormat: (format) => {
          this.#kind = format;
        },
      });
  }

  #takeArrival({ sequence }: Arrival): void {
    this.#meter.count(sequence, performance.now());
  }

  #takePicture(picture: Picture): void {
    const nowMs = performance.now();
    const isNew = this.#judge.take(picture.pixels, nowMs);
    this.#periodMs = Math.max(nowMs - this.#aliveAtMs, this.#periodMs * 0.9);
    this.#aliveAtMs = nowMs;
    this.#problem = undefined;
    const { rateHz } = this.#meter;
    const latencyMs = picture.acqTimeNs === 0n ? Number.NaN : Date.now() - Number(picture.acqTimeNs / 1_000_000n);
    this.#change({
      source: this.#kind,
      // The same pixels stay the same object, too: nobody need look at them again.
      pixels: isNew ? picture.pixels : this.#state.pixels,
      version: this.#state.version + (isNew ? 1 : 0),
      width: picture.width,
      height: picture.height,
      rateHz,
      latencyMs: latencyMs >= 0 && latencyMs <= MAX_LATENCY_MS ? latencyMs : undefined,
      receivedAtMs: Date.now(),
    });
  }

  #setProblem(problem: string): void {
    if (problem === this.#problem && this.#state.flag === 'broken') return;
    this.#problem = problem;
    this.#change({});
  }

  #look(): void {
    const quietMs = performance.now() - this.#aliveAtMs;
    const patienceMs = this.#options.patienceMs ?? PATIENCE_MS[this.#way];
    // Thumbnails that cannot be made, or frames that cannot be read: the next way may do better.
    if (this.#ways.length > 1 && quietMs > Math.max(patienceMs, this.#periodMs * STALE_PERIODS)) {
      this.#turn += 1;
      this.#periodMs = 0;
      this.#open();
    }
    if (this.#flag() !== this.#state.flag) this.#change({});
  }

  #flag(): CameraFlag | undefined {
    if (this.#problem !== undefined) return 'broken';
    const nowMs = performance.now();
    const received = this.#state.receivedAtMs;
    const quietMs = received === undefined ? nowMs - this.#aliveAtMs : Date.now() - received;
    if (quietMs > Math.max(STALE_MS[this.#way], this.#periodMs * STALE_PERIODS)) return 'stale';
    return received === undefined ? undefined : this.#judge.flag(nowMs);
  }

  #change(changes: Partial<CameraState>): void {
    const flag = this.#flag();
    const flaggedSinceMs =
      flag === undefined ? undefined : flag === this.#state.flag ? this.#state.flaggedSinceMs : Date.now();
    const problem = this.#problem ?? (flag === 'stale' ? this.#staleReason() : undefined);
    this.#state = { ...this.#state, ...changes, flag, flaggedSinceMs, problem };
    for (const listener of [...this.#listeners]) listener();
  }

  #staleReason(): string {
    if (this.#session.link.state !== 'connected') return 'the link to the router is lost';
    return this.#state.receivedAtMs === undefined ? 'no picture has come yet' : 'no picture comes any more';
  }
}

function waysTo(session: Session, camera: CameraId, options: WatchCameraOptions): readonly Way[] {
  const { outputs, machineId } = options;
  const sends = (output: CameraOutput): boolean => outputs === undefined || outputs.includes(output);
  const ways: Way[] = [];
  if (sends('raw') && session.kind === 'native' && camera.machine === machineId) ways.push('raw');
  if (sends('raw') || sends('thumbnail')) ways.push('thumbnail');
  if (sends('compressed')) ways.push('compressed');
  return ways;
}

/** A wish of nothing would divide by zero further on. */
function checkedWish({ maxWidth, maxHeight, maxRateHz }: CameraWish): CameraWish {
  return {
    maxWidth: Math.max(1, Math.floor(maxWidth)),
    maxHeight: Math.max(1, Math.floor(maxHeight)),
    maxRateHz: Math.max(0.01, maxRateHz),
  };
}
