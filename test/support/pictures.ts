import type { Pixels } from '../../source/graphics/pixels.ts';
import { seededRandom } from './seeded-random.ts';

/** A picture of `kind`; the same for the same seed. */
export function makePicture(width: number, height: number, kind: PictureKind, seed = 1): Pixels {
  const random = seededRandom(seed);
  const data = new Uint8Array(width * height * 4);
  const flat = [random.below(256), random.below(256), random.below(256)];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) data.set(pixelOf(x, y), (y * width + x) * 4);
  }
  return { width, height, data };

  function pixelOf(x: number, y: number): readonly number[] {
    switch (kind) {
      case 'flat':
        return [...flat, 255];
      case 'noise':
        return [random.below(256), random.below(256), random.below(256), 255];
      case 'holes':
        return [x * 3, y * 5, seed * 40, random.below(3) === 0 ? 0 : 255];
      case 'clear':
        return [1, 2, 3, 0];
      case 'scene':
        return [
          128 + 100 * Math.sin((x + seed * 3) / 23) + random.below(8),
          128 + 90 * Math.cos((y + x / 3) / 17) + random.below(8),
          100 + ((x * y) % 97) + random.below(8),
          255,
        ];
    }
  }
}

export const pictureKinds = ['flat', 'noise', 'holes', 'clear', 'scene'] as const;
export type PictureKind = (typeof pictureKinds)[number];
