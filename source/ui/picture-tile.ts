/** One camera that is being shown: its feed, the encoder of its pictures, and when the next one is due. */
import type { CameraFeed, CameraId, CameraState, CameraWish } from '../camera/camera-feed.ts';
import type { BudgetLevel } from '../graphics/budget.ts';
import type { ColourDepth, EncoderOptions, PictureEncoder } from '../graphics/picture-encoder.ts';
import type { Pixels } from '../graphics/pixels.ts';
import type { TerminalPictures } from '../graphics/terminal-pictures.ts';
import type { Rect } from '../view/layout.ts';
import type { DrawnPicture } from './image-layer.ts';

export type EncoderMaker = (options: EncoderOptions) => PictureEncoder;

/** How pictures are to be made now. */
export interface PictureWay {
  readonly pictures: TerminalPictures;
  readonly level: BudgetLevel;
}

export class PictureTile {
  readonly key: string;
  readonly camera: CameraId;
  readonly feed: CameraFeed;
  rect: Rect;
  /** When its next picture may be sent, `performance.now()`. */
  dueAtMs = 0;
  #way: PictureWay;
  #encoder: PictureEncoder | undefined;
  #encoderKey = '';
  #drawnVersion = -1;
  readonly #makeEncoder: EncoderMaker;

  constructor(options: {
    readonly key: string;
    readonly camera: CameraId;
    readonly rect: Rect;
    readonly way: PictureWay;
    readonly makeEncoder: EncoderMaker;
    readonly watch: (camera: CameraId, wish: CameraWish) => CameraFeed;
  }) {
    this.key = options.key;
    this.camera = options.camera;
    this.rect = options.rect;
    this.#way = options.way;
    this.#makeEncoder = options.makeEncoder;
    this.feed = options.watch(options.camera, this.wish());
  }

  get state(): CameraState {
    return this.feed.state;
  }

  /** Whether there is a picture that has not been sent in the way it is wanted now. */
  get isNew(): boolean {
    const { pixels, version } = this.feed.state;
    return pixels !== undefined && version !== this.#drawnVersion;
  }

  /** Another place, or another way of making pictures. Asks the camera for what that needs. */
  change(rect: Rect, way: PictureWay): void {
    const before = JSON.stringify(this.wish());
    const isOtherWay =
      way.level.colours !== this.#way.level.colours || way.pictures.protocol !== this.#way.pictures.protocol;
    if (isOtherWay || JSON.stringify(rect) !== JSON.stringify(this.rect)) this.#drawnVersion = -1;
    this.rect = rect;
    this.#way = way;
    const wish = this.wish();
    if (JSON.stringify(wish) !== before) this.feed.want(wish);
  }

  wish(): CameraWish {
    const { pictures, level } = this.#way;
    const { widthPx, heightPx } = pictureCell(pictures);
    const side = (cells: number, px: number): number => Math.max(1, Math.floor(cells * px * level.scale));
    return {
      maxWidth: side(this.rect.width, widthPx),
      maxHeight: side(this.rect.height, heightPx),
      maxRateHz: level.rateHz,
    };
  }

  /** The newest picture as bytes for its box; undefined where there is none, or it is larger than the box. */
  encode(): DrawnPicture | undefined {
    const { pixels, version } = this.feed.state;
    if (pixels === undefined) return undefined;
    const cell = pictureCell(this.#way.pictures);
    const columns = Math.ceil(pixels.width / cell.widthPx);
    const rows = Math.ceil(pixels.height / cell.heightPx);
    // A picture of the old size, after the box has become smaller: the right one is on its way.
    if (columns > this.rect.width || rows > this.rect.height) return undefined;
    this.#drawnVersion = version;
    const encoder = this.#currentEncoder();
    const bytes = encodeSafely(encoder, pixels);
    if (bytes === undefined) return undefined;
    return {
      id: this.key,
      rect: this.rect,
      bytes,
      erase: Uint8Array.from(encoder.erase()),
      widthPx: pixels.width,
      heightPx: pixels.height,
      inset: { x: Math.floor((this.rect.width - columns) / 2), y: Math.floor((this.rect.height - rows) / 2) },
    };
  }

  /** The picture has to be sent again though it is the same. */
  forget(): void {
    this.#drawnVersion = -1;
  }

  #currentEncoder(): PictureEncoder {
    const { pictures, level } = this.#way;
    const protocol = pictures.protocol === 'off' ? 'blocks' : pictures.protocol;
    const options: EncoderOptions = {
      protocol,
      colours: Math.min(pictures.colours, level.colours),
      colourDepth: shallower(pictures.colourDepth, level.colours),
      cell: pictures.cell,
    };
    const key = JSON.stringify(options);
    if (this.#encoder === undefined || key !== this.#encoderKey) {
      this.#encoder = this.#makeEncoder(options);
      this.#encoderKey = key;
    }
    return this.#encoder;
  }
}

/** Pixels of a picture in one cell: half blocks have two, one above the other. */
export function pictureCell(pictures: TerminalPictures): { readonly widthPx: number; readonly heightPx: number } {
  return pictures.protocol === 'blocks' || pictures.protocol === 'off' ? { widthPx: 1, heightPx: 2 } : pictures.cell;
}

/** Bytes of their own: the encoder's buffer is good until its next picture only. Undefined for pixels that are none. */
function encodeSafely(encoder: PictureEncoder, pixels: Pixels): Uint8Array | undefined {
  try {
    return Uint8Array.from(encoder.encode(pixels));
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const DEPTHS: readonly ColourDepth[] = ['none', '16', '256', 'true-colour'];

function shallower(depth: ColourDepth, colours: number): ColourDepth {
  const most: ColourDepth = colours >= 256 ? 'true-colour' : colours > 16 ? '256' : '16';
  return DEPTHS[Math.min(DEPTHS.indexOf(depth), DEPTHS.indexOf(most))] ?? depth;
}
