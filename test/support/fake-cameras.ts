/** Cameras without a fleet, and encoders that say what they were given: stand-ins for tests of the wall. */
import type { CameraFeed, CameraId, CameraState, CameraWish } from '../../source/camera/camera-feed.ts';
import type { EncoderOptions, PictureEncoder } from '../../source/graphics/picture-encoder.ts';
import type { CameraDoor } from '../../source/ui/camera-pictures.ts';

export class FakeFeed implements CameraFeed {
  state: CameraState;
  wish: CameraWish;
  readonly wishes: CameraWish[] = [];
  isClosed = false;
  readonly #listeners = new Set<() => void>();

  constructor(camera: CameraId, wish: CameraWish) {
    this.state = { camera, version: 0 };
    this.wish = wish;
    this.wishes.push(wish);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  want(wish: CameraWish): void {
    this.wish = wish;
    this.wishes.push(wish);
  }

  /** A new picture of a camera of 1600x900, all in one shade. */
  show(shade: number, change: Partial<CameraState> = {}): void {
    const ratio = Math.min(1, this.wish.maxWidth / 1600, this.wish.maxHeight / 900);
    const width = Math.max(1, Math.round(1600 * ratio));
    const height = Math.max(1, Math.round(900 * ratio));
    this.change({
      pixels: { width, height, data: new Uint8Array(width * height * 4).fill(shade) },
      version: this.state.version + 1,
      source: 'shm',
      width: 1600,
      height: 900,
      rateHz: 15,
      latencyMs: 30,
      receivedAtMs: Date.now(),
      ...change,
    });
  }

  change(change: Partial<CameraState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.#listeners) listener();
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

export class FakeCameras implements CameraDoor {
  readonly cameras: CameraId[];
  readonly feeds: FakeFeed[] = [];
  restCount = 0;

  constructor(...nodes: readonly string[]) {
    this.cameras = nodes.map((node) => ({ machine: 'robot_1', node }));
  }

  list(): Promise<readonly CameraId[]> {
    return Promise.resolve(this.cameras);
  }

  watch(camera: CameraId, wish: CameraWish): FakeFeed {
    const feed = new FakeFeed(camera, wish);
    this.feeds.push(feed);
    return feed;
  }

  rest(): void {
    this.restCount += 1;
  }

  get open(): readonly FakeFeed[] {
    return this.feeds.filter(({ isClosed }) => !isClosed);
  }
}

/** Draws a picture as letters, two pixels a cell: `a` for shade 0, `b` for 1 and so on. */
export function letterEncoder(options: EncoderOptions): PictureEncoder {
  return {
    protocol: options.protocol,
    encode({ width, height, data }) {
      const line = String.fromCharCode(97 + (data[0] ?? 0)).repeat(width);
      return Buffer.from(Array.from({ length: Math.ceil(height / 2) }, () => line).join(`\x1b[B\x1b[${width}D`));
    },
    erase: () => new Uint8Array(0),
  };
}
