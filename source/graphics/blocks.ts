import { distanceOf, luminanceOf, nearestOf16, nearestOf256 } from './ansi-colours.ts';
import type { BlockSymbols, ColourDepth, PictureEncoder } from './picture-encoder.ts';
import type { Pixels } from './pixels.ts';

const NOTHING = new Uint8Array(0);
/** Nothing is drawn there. */
const CLEAR = -1;
const OPAQUE = 128;
/** From dark to light, in every font and encoding. */
const SHADES = ' .:-=+*#%@';
/** The quadrants that a sign fills: 1 top left, 2 top right, 4 bottom left, 8 bottom right. */
const QUADRANTS = [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'] as const;

/** A cell: the sign, and the two colours that it shows, or CLEAR. */
interface Cell {
  readonly sign: string;
  readonly front: number;
  readonly back: number;
}

/**
 * Pictures of character cells. The cursor goes from row to row relatively, by as many columns as were written; so a
 * picture must leave the terminal's last column free, where terminals hold the cursor back.
 */
export class BlockEncoder implements PictureEncoder {
  readonly protocol = 'blocks';
  readonly #depth: ColourDepth;
  readonly #symbols: BlockSymbols;
  /** Escape sequences by colour, kept from one picture to the next. */
  readonly #sequences = new Map<number, string>();

  constructor(depth: ColourDepth, symbols: BlockSymbols) {
    this.#depth = depth;
    this.#symbols = depth === 'none' ? 'half' : symbols;
  }

  encode(pixels: Pixels): Uint8Array {
    const across = this.#symbols === 'quadrant' ? 2 : 1;
    const columns = Math.ceil(pixels.width / across);
    let out = '';
    for (let y = 0; y < pixels.height; y += 2) {
      if (y > 0) out += `\x1b[B\x1b[${columns}D`;
      out += this.#row(pixels, y, columns);
    }
    return Buffer.from(out, 'utf8');
  }

  erase(): Uint8Array {
    return NOTHING;
  }

  #row(pixels: Pixels, y: number, columns: number): string {
    let out = '';
    let front: number | undefined;
    let back: number | undefined;
    for (let column = 0; column < columns; column += 1) {
      const cell = this.#cell(pixels, column, y);
      if (this.#depth !== 'none') {
        // A blank shows its back only, a full block its front only.
        if (cell.sign !== ' ' && cell.front !== front) {
          out += this.#sequence(cell.front, 38);
          front = cell.front;
        }
        if (cell.sign !== '█' && cell.back !== back) {
          out += this.#sequence(cell.back, 48);
          back = cell.back;
        }
      }
      out += cell.sign;
    }
    return this.#depth === 'none' ? out : `${out}\x1b[0m`;
  }

  #cell(pixels: Pixels, column: number, y: number): Cell {
    if (this.#symbols === 'quadrant') {
      const x = column * 2;
      return quadrants([
        this.#colour(pixels, x, y),
        this.#colour(pixels, x + 1, y),
        this.#colour(pixels, x, y + 1),
        this.#colour(pixels, x + 1, y + 1),
      ]);
    }
    const top = this.#colour(pixels, column, y);
    const bottom = this.#colour(pixels, column, y + 1);
    if (this.#depth === 'none') return { sign: shade(top, bottom), front: CLEAR, back: CLEAR };
    if (top === bottom) return { sign: ' ', front: CLEAR, back: top };
    return top === CLEAR ? { sign: '▄', front: bottom, back: CLEAR } : { sign: '▀', front: top, back: bottom };
  }

  /** CLEAR outside of the picture, too: an odd number of rows leaves half a cell. */
  #colour({ width, height, data }: Pixels, x: number, y: number): number {
    if (x >= width || y >= height) return CLEAR;
    const at = (y * width + x) * 4;
    if ((data[at + 3] ?? 0) < OPAQUE) return CLEAR;
    return ((data[at] ?? 0) << 16) | ((data[at + 1] ?? 0) << 8) | (data[at + 2] ?? 0);
  }

  /** `kind` is 38 for the front, 48 for the back: ECMA-48 SGR, ISO 8613-6 for the colours beyond eight. */
  #sequence(colour: number, kind: 38 | 48): string {
    if (colour === CLEAR) return `\x1b[${kind + 1}m`;
    if (this.#depth === 'true-colour') {
      return `\x1b[${kind};2;${colour >> 16};${(colour >> 8) & 255};${colour & 255}m`;
    }
    const key = kind === 38 ? colour : colour + 0x1000000;
    let sequence = this.#sequences.get(key);
    if (sequence === undefined) {
      sequence = this.#depth === '256' ? `\x1b[${kind};5;${nearestOf256(colour)}m` : sixteen(nearestOf16(colour), kind);
      if (this.#sequences.size > 50_000) this.#sequences.clear();
      this.#sequences.set(key, sequence);
    }
    return sequence;
  }
}

function sixteen(index: number, kind: 38 | 48): string {
  // 30 to 37 and 40 to 47; the bright ones from 90 and 100 on.
  return `\x1b[${(index < 8 ? kind - 8 : kind + 52) + (index & 7)}m`;
}

function shade(top: number, bottom: number): string {
  const lights = [top, bottom].filter((colour) => colour !== CLEAR).map(luminanceOf);
  if (lights.length === 0) return ' ';
  const mean = lights.reduce((sum, light) => sum + light, 0) / 2;
  return SHADES[Math.min(SHADES.length - 1, Math.floor((mean * SHADES.length) / 256))] ?? ' ';
}

/** The sign and two colours that come nearest to four pixels: top left, top right, bottom left, bottom right. */
function quadrants(colours: readonly [number, number, number, number]): Cell {
  const clear = colours.reduce((bits, colour, index) => (colour === CLEAR ? bits | (1 << index) : bits), 0);
  if (clear > 0) {
    const front = meanOf(colours, 15 & ~clear).colour;
    return { sign: QUADRANTS[15 & ~clear] ?? ' ', front, back: CLEAR };
  }
  if (colours.every((colour) => colour === colours[0])) return { sign: ' ', front: CLEAR, back: colours[0] };
  let best: Cell | undefined;
  let bestError = Number.POSITIVE_INFINITY;
  // The other eight are these with the colours changed over.
  for (let bits = 1; bits < 8; bits += 1) {
    const front = meanOf(colours, bits);
    const back = meanOf(colours, 15 & ~bits);
    if (front.error + back.error >= bestError) continue;
    bestError = front.error + back.error;
    best = { sign: QUADRANTS[bits] ?? ' ', front: front.colour, back: back.colour };
  }
  return best ?? { sign: ' ', front: CLEAR, back: colours[0] };
}

function meanOf(colours: readonly number[], bits: number): { readonly colour: number; readonly error: number } {
  const chosen = colours.filter((_colour, index) => (bits & (1 << index)) !== 0);
  if (chosen.length === 0) return { colour: CLEAR, error: 0 };
  const mean = (shift: number) =>
    Math.round(chosen.reduce((sum, colour) => sum + ((colour >> shift) & 255), 0) / chosen.length);
  const colour = (mean(16) << 16) | (mean(8) << 8) | mean(0);
  return { colour, error: chosen.reduce((sum, each) => sum + distanceOf(each, colour), 0) };
}
