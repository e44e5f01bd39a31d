import { execFileSync } from 'node:child_process';
import sharp from 'sharp';
import type { Pixels } from '../../source/graphics/pixels.ts';

/** The picture that libsixel makes of sixels; Debian package libsixel-bin. */
export async function decodeSixels(bytes: Uint8Array): Promise<Pixels> {
  const png = execFileSync('sixel2png', ['-i', '-', '-o', '-'], { input: bytes, maxBuffer: 1 << 28 });
  return decodePicture(png);
}

export async function decodePicture(file: Uint8Array): Promise<Pixels> {
  const { data, info } = await sharp(file).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data };
}
