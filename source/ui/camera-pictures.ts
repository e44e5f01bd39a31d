/**
 * The cameras that are on the screen: opens their feeds when their boxes appear and closes them when they go, and sends each
 * new picture when line, processor and budget allow. Nothing is queued: what cannot be sent now is left out.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CameraFeed, CameraId, CameraWish } from '../camera/camera-feed.ts';
import { Pace } from '../graphics/pace.ts';
import type { Pixels } from '../graphics/pixels.ts';
import { SIGN_OF_LIFE_QUESTION, type TerminalAnswer } from '../graphics/terminal-answers.ts';
import type { TerminalInquiry } from '../graphics/terminal-inquiry.ts';
import type { CameraTile, PicturePlace } from '../view/camera-tile.ts';
import type { PicturesView } from '../view/camera-wall.ts';
import { CameraList, cameraKey } from './camera-list.ts';
import { type ImageLayer, PLAIN_ROUTE } from './image-layer.ts';
import { ASKED_HZ, PictureSpending } from './picture-spending.ts';
import { type EncoderMaker, PictureTile, type PictureWay, pictureCell } from './picture-tile.ts';
import type { TerminalOutput } from './terminal-output.ts';

/** The fleet's cameras. */
export interface CameraDoor {
  list(): Promise<readonly CameraId[]>;
  watch(camera: CameraId, wish: CameraWish): CameraFeed;
  /** No camera is looked at any more: what was opened for them can go. */
  rest(): void;
}

export interface CameraPicturesOptions {
  readonly layer: ImageLayer;
  readonly output: TerminalOutput;
  readonly inquiry: TerminalInquiry;
  readonly cameras: CameraDoor;
  readonly makeEncoder: EncoderMaker;
  /** Writes a picture into a file; the path. */
  savePhoto(camera: CameraId, pixels: Pixels): Promise<string>;
  /** Bytes a second to the terminal; undefined is no limit. */
  readonly budgetBytesPerSecond?: number;
}

/** More tiles than anybody looks at; a terminal may allow fewer. */
const MAX_TILES = 24;
const SAMPLE_MS = 1_000;
/** Through tmux pictures are sent again from time to time: tmux may have drawn over them, and says nothing. */
const REPEAT_MS = 2_000;
const PHOTO_LIMIT_MS = 2_000;
/** A picture as large as any camera's. */
const WHOLE = { maxWidth: 8_192, maxHeight: 8_192 } as const;

export class CameraPictures {
  readonly #options: CameraPicturesOptions;
  readonly #tiles = new Map<string, PictureTile>();
  readonly #stops = new Map<string, () => void>();
  readonly #listeners = new Set<() => void>();
  readonly #pace: Pace;
  readonly #spending: PictureSpending;
  readonly #list: CameraList;
  #timer: NodeJS.Timeout | undefined;
  #sampler: NodeJS.Timeout | undefined;
  #repeater: NodeJS.Timeout | undefined;
  #isClosed = false;
  #isQuiet = false;
  /** Keys of the tiles whose boxes are free for pictures. */
  #open: ReadonlySet<string> = new Set();

  constructor(options: CameraPicturesOptions) {
    this.#options = options;
    const { inquiry, output } = options;
    this.#pace = new Pace({ isAnswering: inquiry.isAnswered });
    this.#spending = new PictureSpending({ ...options, pace: this.#pace });
    this.#list = new CameraList({
      list: () => options.cameras.list(),
      rest: () => options.cameras.rest(),
      onChange: () => this.#tell(),
    });
    inquiry.onChange(() => this.#terminalChanged());
    output.onWrite = ({ bytes, tookMs }) => this.#pace.wrote(bytes, tookMs);
    output.onDrain(() => this.#run());
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What the screen says of cameras and pictures. */
  view(): PicturesView {
    const { pictures, isSettled } = this.#options.inquiry;
    return {
      cameras: this.#list.cameras.map(({ machine, node }): CameraTile => {
        const key = cameraKey({ machine, node });
        return { key, machine, node, sight: this.#tiles.get(key)?.state };
      }),
      isLooked: this.#list.isLooked,
      cell: pictureCell(pictures),
      maxTiles: Math.min(MAX_TILES, pictures.maxPictures),
      offReason: pictures.protocol !== 'off' ? undefined : isSettled ? pictures.reason : 'the terminal is being asked',
      status: this.#spending.status,
    };
  }

  /** The boxes on the screen now. `isLooking`: something on it may show cameras, so the fleet is asked which there are. */
  show(places: readonly PicturePlace[], isLooking: boolean): void {
    if (this.#isClosed) return;
    this.#list.look(isLooking);
    const { layer, cameras, makeEncoder } = this.#options;
    const wanted = new Set(places.map(({ key }) => key));
    // Other cameras cost something else: what was right for those before says nothing of them.
    if (places.some(({ key }) => !this.#tiles.has(key))) this.#spending.restart();
    const way = this.#way();
    for (const [key, tile] of this.#tiles) if (!wanted.has(key)) this.#drop(key, tile);
    for (const { key, rect } of places) {
      const tile = this.#tiles.get(key);
      const camera = this.#list.find(key);
      if (tile !== undefined) tile.change(rect, way);
      else if (camera !== undefined) {
        const opened = new PictureTile({
          key,
          camera,
          rect,
          way,
          makeEncoder,
          watch: (...words) => cameras.watch(...words),
        });
        this.#tiles.set(key, opened);
        this.#stops.set(key, this.#follow(opened));
      }
    }
    const open = places.filter(({ isCovered }) => !isCovered);
    this.#open = new Set(open.map(({ key }) => key));
    layer.place(open.map(({ key, rect }) => ({ id: key, rect })));
    this.#keepTimers();
    this.#run();
  }

  /** Signs of life that the terminal gave. */
  take(answers: readonly TerminalAnswer[]): void {
    let isAlive = false;
    for (const { kind } of answers) {
      if (kind !== 'alive') continue;
      isAlive = true;
      this.#pace.alive(performance.now());
    }
    if (isAlive) this.#run();
  }

  /**
   * Sends nothing more, until {@link redraw}, and waits for the answers that the terminal owes, at most `limitMs`: whoever
   * reads the terminal next would take them for keys.
   */
  async quiet(limitMs: number): Promise<void> {
    this.#isQuiet = true;
    const deadlineMs = performance.now() + limitMs;
    const { inquiry } = this.#options;
    while ((this.#pace.isWaiting || inquiry.isOwed) && performance.now() < deadlineMs) await sleep(5);
  }

  /** After the terminal was somebody else's: every picture is drawn again. */
  redraw(): void {
    this.#isQuiet = false;
    for (const tile of this.#tiles.values()) tile.forget();
    this.#run();
  }

  /** Takes a whole picture of a camera that is on the screen. Never rejects. */
  async photo(camera: CameraId): Promise<{ readonly ok: boolean; readonly message: string }> {
    const tile = this.#tiles.get(cameraKey(camera));
    if (tile?.state.pixels === undefined) return { ok: false, message: 'There is no picture of it to save yet.' };
    const pixels = (await this.#wholePicture(tile)) ?? tile.state.pixels;
    if (pixels === undefined) return { ok: false, message: 'There is no picture of it to save any more.' };
    try {
      const path = await this.#options.savePhoto(camera, pixels);
      return { ok: true, message: `${pixels.width}x${pixels.height} in ${path}` };
    } catch (error) {
      return { ok: false, message: error instanceof Error ? error.message : String(error) };
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.show([], false);
    this.#isClosed = true;
    this.#listeners.clear();
    clearTimeout(this.#timer);
  }

  #follow(tile: PictureTile): () => void {
    let before = wordsOf(tile);
    return tile.feed.onChange(() => {
      this.#run();
      const now = wordsOf(tile);
      if (now !== before) this.#tell();
      before = now;
    });
  }

  #drop(key: string, tile: PictureTile): void {
    this.#stops.get(key)?.();
    this.#stops.delete(key);
    this.#tiles.delete(key);
    void tile.feed.close();
  }

  #way(): PictureWay {
    return { pictures: this.#options.inquiry.pictures, level: this.#spending.level };
  }

  #terminalChanged(): void {
    const { layer, inquiry } = this.#options;
    this.#pace.isAnswering = inquiry.isAnswered;
    const { passthrough } = inquiry.pictures;
    layer.route = passthrough === undefined ? PLAIN_ROUTE : { ...passthrough, isWrapped: true };
    this.#spending.restart();
    for (const tile of this.#tiles.values()) {
      layer.clear(tile.key);
      tile.forget();
    }
    this.#tell();
  }

  #keepTimers(): void {
    if (this.#tiles.size === 0) {
      clearInterval(this.#sampler);
      clearInterval(this.#repeater);
      clearTimeout(this.#timer);
      this.#sampler = undefined;
      this.#spending.end();
      return;
    }
    if (this.#sampler !== undefined) return;
    this.#spending.begin();
    this.#sampler = setInterval(() => this.#sample(), SAMPLE_MS);
    this.#repeater = setInterval(() => {
      const { inquiry, layer } = this.#options;
      if (inquiry.pictures.passthrough === undefined) return;
      void inquiry.refreshTmux();
      layer.redraw();
    }, REPEAT_MS);
  }

  /** Sends what is new and may be sent. Called when any of that may have changed. */
  #run(): void {
    clearTimeout(this.#timer);
    if (this.#isClosed || this.#isQuiet || this.#tiles.size === 0 || this.#options.inquiry.pictures.protocol === 'off')
      return;
    if (this.#pace.shouldProbe(performance.now())) this.#askForLife(0);
    const { rateHz } = this.#spending.level;
    let waitMs = Number.POSITIVE_INFINITY;
    const waiting = [...this.#tiles.values()]
      .filter((tile) => tile.isNew && this.#open.has(tile.key))
      .sort((a, b) => a.dueAtMs - b.dueAtMs);
    for (const tile of waiting) {
      const nowMs = performance.now();
      const notBeforeMs = Math.max(tile.dueAtMs, this.#spending.notBeforeMs);
      if (notBeforeMs > nowMs) {
        waitMs = Math.min(waitMs, notBeforeMs - nowMs);
        continue;
      }
      // The terminal still has to take what it was given, and calls back then; a silent one is asked again soon.
      if (this.#options.output.pendingBytes > 0) break;
      if (!this.#pace.maySend(nowMs)) {
        waitMs = Math.min(waitMs, 20);
        break;
      }
      if (!this.#send(tile, nowMs)) continue;
      const periodMs = 1_000 / rateHz;
      // From the last due time on, so that a camera of that very rate loses no picture to a late timer.
      tile.dueAtMs = nowMs - tile.dueAtMs < periodMs ? tile.dueAtMs + periodMs : nowMs + periodMs * 0.9;
    }
    if (Number.isFinite(waitMs)) this.#timer = setTimeout(() => this.#run(), Math.max(1, waitMs));
  }

  #send(tile: PictureTile, nowMs: number): boolean {
    const { layer, inquiry } = this.#options;
    const picture = tile.encode();
    if (picture === undefined) return false;
    const { length } = picture.bytes;
    // Too large for what lies in between: the budget makes the next ones smaller.
    const isSent = length <= inquiry.pictures.maxPictureBytes;
    this.#spending.spent(nowMs, length, isSent);
    if (!isSent) return false;
    layer.draw(picture);
    this.#askForLife(length);
    return true;
  }

  #askForLife(bytes: number): void {
    this.#pace.sent(performance.now(), bytes);
    if (this.#pace.isAnswering) this.#options.output.send(Buffer.from(SIGN_OF_LIFE_QUESTION));
  }

  #sample(): void {
    const isOther = this.#spending.sample([...this.#tiles.values()].map(({ state }) => state.rateHz));
    if (isOther) {
      const way = this.#way();
      for (const tile of this.#tiles.values()) tile.change(tile.rect, way);
      this.#tell();
    }
    this.#run();
  }

  /** The next picture in the camera's own size, where one comes in time. */
  async #wholePicture(tile: PictureTile): Promise<Pixels | undefined> {
    const { state } = tile;
    if ((state.width ?? 0) <= (state.pixels?.width ?? 0)) return undefined;
    const larger = Promise.withResolvers<Pixels | undefined>();
    const stop = tile.feed.onChange(() => {
      const { pixels, width } = tile.state;
      if (pixels !== undefined && pixels.width >= (width ?? 0)) larger.resolve(pixels);
    });
    tile.feed.want({ ...WHOLE, maxRateHz: ASKED_HZ });
    const pixels = await Promise.race([larger.promise, sleep(PHOTO_LIMIT_MS, undefined)]);
    stop();
    tile.feed.want(tile.wish());
    return pixels;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** What of a camera is worth a new screen at once; figures wait for the next one. */
function wordsOf({ state }: PictureTile): string {
  const { flag, problem, source, width, height, pixels } = state;
  return JSON.stringify([flag, problem, source, width, height, pixels === undefined]);
}
