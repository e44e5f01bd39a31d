/**
 * Makes a machine's thumbnails. It runs in a process of its own that a daemon starts when somebody listens and ends
 * afterwards: shared memory and sharp would cost the daemon more memory than all else that it does.
 */

import { encodeCompressedFrame } from '../wire/camera.ts';
import { CBOR_ENCODING } from '../wire/cbor.ts';
import { nodeTokenKey, parseKey, thumbnailKey, thumbnailWishKey } from '../wire/keys.ts';
import {
  DEFAULT_WISH,
  encodeGrant,
  largestWish,
  parseWish,
  type ThumbnailGrant,
  type ThumbnailWish,
  WISH_MS,
} from '../wire/thumbnail-wish.ts';
import { type Publisher, type Query, type Session, SessionError } from '../zenoh/session.ts';
import type { CameraSourceHandle, Picture, ScaleFrame } from './camera-source.ts';
import { discoverCameras } from './discover-cameras.ts';
import { NewestOnly } from './newest.ts';
import { encodeJpeg } from './picture-files.ts';
import { openRawSource } from './raw-source.ts';
import { scaleFrame } from './scale.ts';
import { ThumbnailViewers } from './thumbnail-viewers.ts';

export interface ThumbnailerOptions {
  readonly session: Session;
  readonly machineId: string;
  readonly scale?: ScaleFrame;
}

/** Cameras whose nodes have no liveliness token are found by asking. */
const DISCOVERY_MS = 10_000;
/** A machine has some ten cameras; names from outside must not make publishers without end. */
const MAX_CAMERAS = 64;
/** A camera on the network may have to be connected to first, and then its next key frame waited for. */
const NO_FRAME_MS = 8_000;

/** Serves until closed. Cameras may come and go. */
export async function startThumbnailer(options: ThumbnailerOptions): Promise<{ close(): Promise<void> }> {
  const { session, machineId } = options;
  const cameras = new Map<string, Promise<Thumbnails>>();
  const turnAll = (): void => {
    for (const camera of cameras.values()) camera.then((opened) => opened.turn()).catch(ignoreSessionErrors);
  };
  const viewers = new ThumbnailViewers(session, turnAll);
  const cameraNamed = (name: string): Promise<Thumbnails> | undefined => {
    const known = cameras.get(name);
    if (known !== undefined || cameras.size >= MAX_CAMERAS) return known;
    const made = Thumbnails.open(options, viewers, name);
    cameras.set(name, made);
    // An odd name, or a link that went just now: it is tried again when it is asked for again.
    made.catch(() => cameras.delete(name));
    return made;
  };
  const answer = async (query: Query): Promise<void> => {
    const suffix = parseKey(query.keyExpr);
    if (suffix.kind !== 'data' || query.keyExpr.includes('*')) return;
    const name = suffix.source.replace(/\/thumbnail$/, '');
    const camera = await cameraNamed(name);
    if (camera === undefined) return query.replyError(`more than ${MAX_CAMERAS} cameras`);
    const grant = camera.wish(parseWish(query.parameters));
    // It may have come this moment.
    if (!camera.isWanted) void viewers.look();
    await query.reply(query.keyExpr, encodeGrant(grant), { encoding: CBOR_ENCODING });
  };
  const find = async (): Promise<void> => {
    const found = await discoverCameras(session, { machine: machineId, timeoutMs: 1_000 });
    for (const { node, outputs } of found) if (outputs.includes('raw')) cameraNamed(node)?.catch(ignoreSessionErrors);
  };
  const look = (): void => void find().catch(ignoreSessionErrors);
  const any = await session.declarePublisher(thumbnailKey(machineId, '**'));
  any.onMatching((isMatched) => viewers.match(isMatched));
  viewers.match(any.matching);
  const queryable = await session.declareQueryable(thumbnailWishKey(machineId, '**'), answer);
  const tokens = await session.liveliness.declareSubscriber(nodeTokenKey(machineId, '*'), ({ alive }) => {
    if (alive) look();
  });
  const timer = setInterval(look, DISCOVERY_MS);
  look();
  return {
    async close() {
      clearInterval(timer);
      viewers.close();
      await Promise.all([queryable.undeclare(), tokens.undeclare(), any.undeclare()]);
      const all = await Promise.allSettled(cameras.values());
      for (const camera of all) if (camera.status === 'fulfilled') await camera.value.close();
    },
  };
}

/** One camera's: raw frames are subscribed to while somebody listens to its thumbnails, and not otherwise. */
class Thumbnails {
  readonly #options: ThumbnailerOptions;
  readonly #viewers: ThumbnailViewers;
  readonly #name: string;
  readonly #publisher: Publisher;
  readonly #wishes = new Map<string, { readonly wish: ThumbnailWish; readonly untilMs: number }>();
  readonly #pictures: NewestOnly<Picture>;
  #source: Promise<CameraSourceHandle> | undefined;
  #problem: string | undefined;
  #frameAtMs = 0;

  static async open(options: ThumbnailerOptions, viewers: ThumbnailViewers, name: string): Promise<Thumbnails> {
    const key = thumbnailKey(options.machineId, name);
    const publisher = await options.session.declarePublisher(key, { encoding: CBOR_ENCODING });
    return new Thumbnails(options, viewers, name, publisher);
  }

  private constructor(options: ThumbnailerOptions, viewers: ThumbnailViewers, name: string, publisher: Publisher) {
    this.#options = options;
    this.#viewers = viewers;
    this.#name = name;
    this.#publisher = publisher;
    this.#pictures = new NewestOnly((picture) => this.#send(picture));
    publisher.onMatching(() => this.turn());
    this.turn();
  }

  get isWanted(): boolean {
    return this.#publisher.matching && this.#viewers.watch(this.#publisher.keyExpr);
  }

  /** Begins or ends, as viewers have come and gone. */
  turn(): void {
    this.#turn(this.isWanted);
  }

  /** Takes a viewer's wish; wishes of the same content need no more than one place. */
  wish(wish: ThumbnailWish): ThumbnailGrant {
    const nowMs = performance.now();
    this.#wishes.set(`${wish.width}x${wish.height}@${wish.rateHz}`, { wish, untilMs: nowMs + WISH_MS });
    const isQuiet = this.#source !== undefined && nowMs - this.#frameAtMs > NO_FRAME_MS;
    const problem = this.#problem ?? (isQuiet ? 'no raw frames come from it' : undefined);
    return { ...this.#granted(), problem };
  }

  async close(): Promise<void> {
    this.#pictures.close();
    this.#turn(false);
    await this.#publisher.undeclare();
  }

  #granted(): ThumbnailWish {
    const nowMs = performance.now();
    for (const [key, { untilMs }] of this.#wishes) if (untilMs < nowMs) this.#wishes.delete(key);
    return largestWish([...this.#wishes.values()].map(({ wish }) => wish)) ?? DEFAULT_WISH;
  }

  #turn(isWanted: boolean): void {
    if (isWanted === (this.#source !== undefined)) return;
    if (!isWanted) {
      void this.#source?.then((source) => source.close()).catch(ignoreSessionErrors);
      this.#source = undefined;
      return;
    }
    this.#frameAtMs = performance.now();
    this.#problem = undefined;
    const { session, machineId, scale = scaleFrame } = this.#options;
    this.#source = openRawSource({
      session,
      scale,
      camera: { machine: machineId, node: this.#name },
      ffmpeg: undefined,
      wish: () => {
        const { width, height, rateHz } = this.#granted();
        return { maxWidth: width, maxHeight: height, maxRateHz: rateHz };
      },
      onArrival: () => {
        this.#frameAtMs = performance.now();
      },
      onPicture: (picture) => {
        this.#problem = undefined;
        this.#pictures.offer(picture);
      },
      onProblem: (problem) => {
        this.#problem = problem;
      },
    });
    this.#source.catch(ignoreSessionErrors);
  }

  async #send({ pixels, width, height, sequence, acqTimeNs }: Picture): Promise<void> {
    const { machineId } = this.#options;
    const header = { sequence, acqTimeNs, pubTimeNs: BigInt(Date.now()) * 1_000_000n, frameId: this.#name, machineId };
    try {
      const data = await encodeJpeg(pixels);
      const size = { sourceWidth: width, sourceHeight: height };
      await this.#publisher.put(encodeCompressedFrame({ header, format: 'jpeg', data, ...size }));
    } catch (error) {
      // What finds no link now is of no use later.
      if (!(error instanceof SessionError)) this.#problem = error instanceof Error ? error.message : String(error);
    }
  }
}

function ignoreSessionErrors(error: unknown): void {
  if (!(error instanceof SessionError)) throw error;
}
