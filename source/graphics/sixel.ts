import type { SixelStream } from './fast-pictures.ts';
import type { Pixels } from './pixels.ts';
import { Quantiser } from './quantiser.ts';
import { BandWriter } from './sixel-bands.ts';

/** One stream of pictures as sixels: the palette is kept while it fits. */
export class SixelCoder implements SixelStream {
  readonly #quantiser: Quantiser;
  readonly #writer = new BandWriter();

  /** `colours`: 2 to 256. */
  constructor(colours: number) {
    this.#quantiser = new Quantiser(colours);
  }

  get isFresh(): boolean {
    return this.#quantiser.isFresh;
  }

  reset(): void {
    this.#quantiser.reset();
  }

  encode(pixels: Pixels): Uint8Array {
    const { width, height } = pixels;
    const quantiser = this.#quantiser;
    quantiser.take(pixels);
    const { size, percents } = quantiser.palette;
    const writer = this.#writer;
    writer.begin();
    // P2=1: pixels that no sixel sets stay as they are. Then width and height of the picture, so that it is not cut.
    writer.text(`\x1bP0;1;0q"1;1;${width};${height}`);
    for (let colour = 0; colour < size; colour += 1) {
      const [red = 0, green = 0, blue = 0] = percents.subarray(colour * 3, colour * 3 + 3);
      writer.define(colour, red, green, blue);
    }
    writer.bands(quantiser.indices, width, height, quantiser.clear);
    writer.text('\x1b\\');
    return writer.out.subarray(0, writer.length);
  }
}
