import type { FramePixels } from '../graphics/fast-pictures.ts';
import type { Pixels } from '../graphics/pixels.ts';
import { scaleFrame as scaleInTypeScript } from '../graphics/scale.ts';
import { nativePictures } from '../zenoh/native-pictures.ts';

/** Largest size with the proportions of the source inside the box; never larger than the source. */
export function fitInto(
  source: { readonly width: number; readonly height: number },
  box: { readonly maxWidth: number; readonly maxHeight: number },
): { readonly width: number; readonly height: number } {
  const ratio = Math.min(1, box.maxWidth / source.width, box.maxHeight / source.height);
  return {
    width: Math.max(1, Math.round(source.width * ratio)),
    height: Math.max(1, Math.round(source.height * ratio)),
  };
}

let chosen: ((frame: FramePixels, width: number, height: number) => Pixels) | undefined;

/**
 * The frame scaled to exactly `width` by `height`, opaque, read where it lies: by the addon where it is built, with the
 * same bytes in TypeScript. The result is the caller's own memory: the frame can be released.
 */
export function scaleFrame(frame: FramePixels, width: number, height: number): Pixels {
  chosen ??= nativePictures()?.scaleFrame ?? scaleInTypeScript;
  return chosen(frame, width, height);
}
