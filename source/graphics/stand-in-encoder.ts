/** Half blocks in true colour, until the encoders are here. */
import type { EncoderOptions, PictureEncoder } from './picture-encoder.ts';
import type { Pixels } from './pixels.ts';

export function createPictureEncoder(_options: EncoderOptions): PictureEncoder {
  const erase = () => new Uint8Array(0);
  return {
    protocol: 'blocks',
    erase,
    encode({ width, height, data }: Pixels) {
      const at = (x: number, y: number) =>
        [0, 1, 2].map((c) => data[(Math.min(height - 1, y) * width + x) * 4 + c]).join(';');
      let out = '';
      for (let y = 0; y < height; y += 2) {
        for (let x = 0; x < width; x += 1) out += `\x1b[38;2;${at(x, y)};48;2;${at(x, y + 1)}m▀`;
        out += `\x1b[0m\x1b[B\x1b[${width}D`;
      }
      return Buffer.from(out);
    },
  };
}
