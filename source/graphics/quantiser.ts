import { BLUE_WEIGHT, CELL_COUNT, cellOf, GREEN_WEIGHT, type Palette, PaletteBuilder, RED_WEIGHT } from './palette.ts';
import type { Pixels } from './pixels.ts';

/** Alpha under this is not drawn. */
const OPAQUE = 128;
/** The index of pixels that are not drawn, in pictures that have any. */
const CLEAR = 255;
/** No colour was looked for yet. An entry is the colour's index and, above it, the squared error. */
const UNKNOWN = 0xffffffff;
/** A palette is used on while the mean squared error stays under this many times what it was, and a little. */
const MAX_GROWTH = 1.5;
const SPARE_ERROR = 24;
/** ... and while no more of the picture's colours are new than this part of those it was made from, and a few. */
const MAX_NEW_CELLS = 0.5;
const SPARE_CELLS = 256;
/**
 * A pixel takes the colour left of it, or above it, where that adds no more squared error than this: fewer and longer
 * stretches, so a fifth fewer bytes, for an SSIM that is lower by 0.01.
 */
const TOLERANCE = 120;
/** What unused colours are compared as: far from every colour, also where the clear index is taken for one. */
const NO_COLOUR = 10_000;

/**
 * Gives each pixel of a stream of pictures one of a few colours; the palette is kept while it fits.
 * source/native/src/pictures/sixel.rs is the same algorithm, operation by operation.
 */
export class Quantiser {
  /** Whether the last picture got a palette of its own. */
  isFresh = false;
  /** A colour's index for each pixel of the last picture, and maybe more. */
  indices = new Uint8Array(0);
  readonly #colours: number;
  readonly #builder = new PaletteBuilder();
  readonly #table = new Uint32Array(CELL_COUNT).fill(UNKNOWN);
  /** Red, green and blue of each colour as a terminal shows it, or `NO_COLOUR`. */
  readonly #shown = new Int32Array(256 * 3).fill(NO_COLOUR);
  /** Error a pixel when the palette was made; undefined before the first. */
  #freshError: number | undefined;
  #hasClear = false;
  #newCells = 0;

  /** `colours`: 2 to 256. */
  constructor(colours: number) {
    this.#colours = Math.min(256, Math.max(2, Math.trunc(colours)));
  }

  /** Forgets the palette. */
  reset(): void {
    this.#freshError = undefined;
  }

  get palette(): Palette {
    return this.#builder;
  }

  /** Index of the pixels that are not drawn, or -1 where there are none. */
  get clear(): number {
    return this.#hasClear ? CLEAR : -1;
  }

  /** Fills in `indices`. */
  take(pixels: Pixels): void {
    const { width, height, data } = pixels;
    const count = width * height;
    if (this.indices.length < count) this.indices = new Uint8Array(count);
    const hasClear = hasClearPixels(data, count);
    if (hasClear !== this.#hasClear) this.reset();
    this.#hasClear = hasClear;
    this.isFresh = !this.#reuse(pixels);
    if (this.isFresh) this.#renew(pixels);
  }

  #reuse({ data, width, height }: Pixels): boolean {
    if (this.#freshError === undefined) return false;
    const limit = this.#freshError * MAX_GROWTH + SPARE_ERROR;
    this.#newCells = Math.floor(this.#builder.cellCount * MAX_NEW_CELLS) + SPARE_CELLS;
    const error = this.#map(data, width, height);
    return error !== undefined && error <= limit * width * height;
  }

  #renew({ data, width, height }: Pixels): void {
    const builder = this.#builder;
    builder.build(data, width, height, this.#hasClear ? Math.min(CLEAR, this.#colours) : this.#colours);
    this.#shown.fill(NO_COLOUR).set(builder.shown.subarray(0, builder.size * 3));
    this.#table.fill(UNKNOWN);
    for (let colour = 0; colour < builder.size; colour += 1) {
      const end = builder.boxEnd[colour] as number;
      for (let at = builder.boxStart[colour] as number; at < end; at += 1) {
        const cell = builder.cells[at] as number;
        this.#table[cell] = colour | (this.#errorOf(cell, colour) << 8);
      }
    }
    this.#newCells = CELL_COUNT;
    const error = this.#map(data, width, height);
    this.#freshError = error === undefined || builder.size === 0 ? undefined : error / Math.max(1, width * height);
  }

  /** Fills in the pixels' colours; the result is the sum of squared errors, undefined where too many cells were new. */
  #map(data: Uint8Array, width: number, height: number): number | undefined {
    const table = this.#table;
    const indices = this.indices;
    const hasClear = this.#hasClear;
    let error = 0;
    let left = 0;
    for (let y = 0, at = 0; y < height; y += 1) {
      // The first row of a band has none above it that shares its sixels.
      const hasAbove = y % 6 !== 0;
      for (let x = 0; x < width; x += 1, at += 1) {
        const source = at * 4;
        if (hasClear && (data[source + 3] as number) < OPAQUE) {
          indices[at] = CLEAR;
          continue;
        }
        const cell = cellOf(data[source] as number, data[source + 1] as number, data[source + 2] as number);
        let entry = table[cell] as number;
        if (entry === UNKNOWN) {
          if (this.#newCells === 0) return undefined;
          this.#newCells -= 1;
          entry = this.#nearest(cell);
          table[cell] = entry;
        }
        const own = entry & 0xff;
        const ownError = entry >>> 8;
        error += ownError;
        const above = hasAbove ? (indices[at - width] as number) : own;
        const limit = ownError + TOLERANCE;
        if (this.#errorOf(cell, left) > limit) left = this.#errorOf(cell, above) <= limit ? above : own;
        indices[at] = left;
      }
    }
    return error;
  }

  #errorOf(cell: number, colour: number): number {
    const shown = this.#shown;
    const red = ((cell >> 11) << 3) + 4 - (shown[colour * 3] as number);
    const green = (((cell >> 5) & 63) << 2) + 2 - (shown[colour * 3 + 1] as number);
    const blue = ((cell & 31) << 3) + 4 - (shown[colour * 3 + 2] as number);
    return RED_WEIGHT * red * red + GREEN_WEIGHT * green * green + BLUE_WEIGHT * blue * blue;
  }

  /** The first of the colours that are nearest. */
  #nearest(cell: number): number {
    let best = 0;
    let bestError = this.#errorOf(cell, 0);
    for (let colour = 1; colour < this.#builder.size; colour += 1) {
      const error = this.#errorOf(cell, colour);
      if (error >= bestError) continue;
      best = colour;
      bestError = error;
    }
    return best | (bestError << 8);
  }
}

function hasClearPixels(data: Uint8Array, count: number): boolean {
  for (let at = 3; at < count * 4; at += 4) if ((data[at] as number) < OPAQUE) return true;
  return false;
}
