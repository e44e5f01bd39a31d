/**
 * How a viewer says what thumbnails it wants: a query on `…/{camera}/thumbnail/want` with the parameters `w`, `h` (the box
 * into which the picture is to fit, pixels) and `hz` (pictures a second), each of which may be left out. A wish holds for
 * {@link WISH_MS} and is renewed; the largest of several counts. The answer tells what will be sent, and what is wrong
 * where no thumbnails can be made. Who only subscribes (to a key
 * expression that ends in `thumbnail`: `**` is no wish for pictures) gets {@link DEFAULT_WISH}.
 */
import { encodeCbor } from './cbor-encode.ts';
import type { Decoded } from './decoded.ts';
import { decodeRecord } from './fields.ts';

export interface ThumbnailWish {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Pictures a second at most. */
  readonly rateHz: number;
}

export const DEFAULT_WISH: ThumbnailWish = { width: 320, height: 180, rateHz: 2 };
/** A robot's network and processor are not a viewer's to use up. */
export const LARGEST_WISH: ThumbnailWish = { width: 1_280, height: 720, rateHz: 15 };
const SMALLEST_WISH: ThumbnailWish = { width: 16, height: 16, rateHz: 0.1 };

export const WISH_MS = 15_000;

/** `w=320;h=180;hz=5`. */
export function formatWish({ width, height, rateHz }: ThumbnailWish): string {
  return `w=${Math.round(width)};h=${Math.round(height)};hz=${Number(rateHz.toFixed(2))}`;
}

/** Reads parameters of a query; what is missing or no number has its default, all is bounded. */
export function parseWish(parameters: string): ThumbnailWish {
  const given = new Map(parameters.split(';').map((pair) => [pair.split('=')[0], pair.split('=')[1]] as const));
  const read = (key: string, bound: keyof ThumbnailWish): number => {
    const value = Number.parseFloat(given.get(key) ?? '');
    const wanted = Number.isFinite(value) ? value : DEFAULT_WISH[bound];
    return Math.min(LARGEST_WISH[bound], Math.max(SMALLEST_WISH[bound], wanted));
  };
  return {
    width: Math.round(read('w', 'width')),
    height: Math.round(read('h', 'height')),
    rateHz: read('hz', 'rateHz'),
  };
}

/** What satisfies all of them. */
export function largestWish(wishes: Iterable<ThumbnailWish>): ThumbnailWish | undefined {
  let largest: ThumbnailWish | undefined;
  for (const wish of wishes) {
    largest = {
      width: Math.max(wish.width, largest?.width ?? 0),
      height: Math.max(wish.height, largest?.height ?? 0),
      rateHz: Math.max(wish.rateHz, largest?.rateHz ?? 0),
    };
  }
  return largest;
}

/** Answer to a wish. */
export interface ThumbnailGrant extends ThumbnailWish {
  /** Why there is no picture, for people. */
  readonly problem?: string | undefined;
}

export function encodeGrant({ width, height, rateHz, problem }: ThumbnailGrant): Uint8Array {
  return encodeCbor({ width, height, rate_hz: rateHz, problem });
}

export function decodeGrant(bytes: Uint8Array): Decoded<ThumbnailGrant> {
  return decodeRecord(bytes, (fields) => ({
    width: fields.integer('width'),
    height: fields.integer('height'),
    rateHz: fields.number('rate_hz'),
    problem: fields.has('problem') ? fields.text('problem') : undefined,
  }));
}
