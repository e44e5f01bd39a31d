/** Picture files by sharp, which is loaded with the first picture: 15 MB that a daemon without viewers does without. */
import type { Sharp, SharpOptions } from 'sharp';
import type { Pixels } from '../graphics/pixels.ts';
import { fitInto } from './scale.ts';

type SharpFactory = (input: Uint8Array, options?: SharpOptions) => Sharp;

/** An 8K frame has 33 million; beyond that it is a decompression bomb. */
const MAX_PIXELS = 8_192 * 8_192;
const THUMBNAIL_QUALITY = 75;

let loading: Promise<SharpFactory> | undefined;

async function load(): Promise<SharpFactory> {
  const { default: sharp } = await import('sharp');
  // Small pictures, one after the other: more threads and a cache of operations only take memory.
  sharp.concurrency(1);
  sharp.cache(false);
  return sharp;
}

function loadSharp(): Promise<SharpFactory> {
  loading ??= load();
  return loading;
}

/** `quality` from 1 to 100. */
export async function encodeJpeg({ width, height, data }: Pixels, quality = THUMBNAIL_QUALITY): Promise<Uint8Array> {
  const sharp = await loadSharp();
  return sharp(data, { raw: { width, height, channels: 4 } })
    .jpeg({ quality })
    .toBuffer();
}

/** For a file, with all its detail. */
export async function encodePng({ width, height, data }: Pixels): Promise<Uint8Array> {
  const sharp = await loadSharp();
  return sharp(data, { raw: { width, height, channels: 4 } })
    .removeAlpha()
    .png()
    .toBuffer();
}

/** Decoded and scaled into the box; `width` and `height` are the source's. Rejects with the reason where it is damaged. */
export async function decodeJpeg(
  bytes: Uint8Array,
  box: { readonly maxWidth: number; readonly maxHeight: number },
): Promise<{ readonly pixels: Pixels; readonly width: number; readonly height: number }> {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) throw new Error('what came is no JPEG');
  const sharp = await loadSharp();
  const image = sharp(bytes, { limitInputPixels: MAX_PIXELS, failOn: 'truncated' });
  const source = await image.metadata();
  const target = fitInto(source, box);
  const { data, info } = await image
    .resize({ ...target, fit: 'fill' })
    .toColourspace('srgb')
    .ensureAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return {
    pixels: { width: info.width, height: info.height, data },
    width: source.width,
    height: source.height,
  };
}
