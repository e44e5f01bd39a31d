import type { Pixels } from './pixels.ts';

/** A way to put a picture on a terminal. */
export type ImageProtocol = 'sixel' | 'kitty' | 'iterm' | 'blocks';

/** How many colours half blocks may use; `none` draws with shades. */
export type ColourDepth = 'true-colour' | '256' | '16' | 'none';

export interface EncoderOptions {
  readonly protocol: ImageProtocol;
  /** Sixel: size of the palette, 2 to 256. */
  readonly colours: number;
  /** Blocks only. */
  readonly colourDepth: ColourDepth;
  /** Blocks: two pictures' pixels a cell, one above the other. The others: the picture as it is, one pixel a pixel. */
  readonly cell: { readonly widthPx: number; readonly heightPx: number };
}

/** Turns the pictures of one tile, one after the other, into bytes for the terminal. Keeps palette and buffers. */
export interface PictureEncoder {
  readonly protocol: ImageProtocol;
  /**
   * What draws `pixels` with its top left corner at the cursor. Leaves the cursor anywhere. The bytes are valid until the
   * next call.
   */
  encode(pixels: Pixels): Uint8Array;
  /** What removes the picture from the terminal where overwriting its cells with text does not (kitty); else empty. */
  erase(): Uint8Array;
}
