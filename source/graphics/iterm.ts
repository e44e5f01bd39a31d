/** https://iterm2.com/documentation-images.html, which WezTerm and others read, too. */
import { base64Of } from './base64.ts';
import type { PictureEncoder } from './picture-encoder.ts';
import type { Pixels } from './pixels.ts';
import { encodePalettePng } from './png.ts';
import { Quantiser } from './quantiser.ts';

const NOTHING = new Uint8Array(0);

/** Pictures as PNG with a palette, kept over frames as for sixels. */
export class ItermEncoder implements PictureEncoder {
  readonly protocol = 'iterm';
  readonly #quantiser: Quantiser;

  constructor(colours: number) {
    this.#quantiser = new Quantiser(colours);
  }

  encode(pixels: Pixels): Uint8Array {
    const { width, height } = pixels;
    this.#quantiser.take(pixels);
    const { indices, palette, clear } = this.#quantiser;
    const png = encodePalettePng(indices, width, height, palette, clear);
    const keys = `inline=1;size=${png.length};width=${width}px;height=${height}px;preserveAspectRatio=0;doNotMoveCursor=1`;
    return Buffer.concat([
      Buffer.from(`\x1b]1337;File=${keys}:`, 'latin1'),
      base64Of(png),
      Buffer.from('\x07', 'latin1'),
    ]);
  }

  erase(): Uint8Array {
    return NOTHING;
  }
}
