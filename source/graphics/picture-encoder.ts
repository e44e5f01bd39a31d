import type { Pixels } from './pixels.ts';

/** A way to put a picture on a terminal. */
export type ImageProtocol = 'sixel' | 'kitty' | 'iterm' | 'blocks';

/** How many colours half blocks may use; `none` draws with shades. */
export type ColourDepth = 'true-colour' | '256' | '16' | 'none';

/** Half blocks show two pixels a cell; quadrants four, in two colours. Every font has half blocks. */
export type BlockSymbols = 'half' | 'quadrant';

export interface EncoderOptions {
  readonly protocol: ImageProtocol;
  /** All but blocks: size of the palette, 2 to 256. */
  readonly colours: number;
  /** Kitty only: the picture's own colours in place of a palette, in several times the bytes. */
  readonly isExact?: boolean;
  /** Blocks only. */
  readonly colourDepth: ColourDepth;
  /** Blocks only; half blocks where absent. With quadrants a picture has two pixels a cell across, too. */
  readonly symbols?: BlockSymbols;
  /** Blocks: two pictures' pixels a cell, one above the other. The others: the picture as it is, one pixel a pixel. */
  readonly cell: { readonly widthPx: number; readonly heightPx: number };
}

/** Turns the pictures of one tile, one after the other, into bytes for the terminal. Keeps palette and buffers. */
export interface PictureEncoder {
  readonly protocol: ImageProtocol;
  /**
   * What draws `pixels` with its top left corner at the cursor. Leaves the cursor anywhere, and does not save it. The
   * bytes are valid until the next call. Blocks must not reach into the terminal's last column. Throws RangeError where
   * the size does not fit the bytes.
   */
  encode(pixels: Pixels): Uint8Array;
  /** What removes the picture from the terminal where overwriting its cells with text does not (kitty); else empty. */
  erase(): Uint8Array;
}
