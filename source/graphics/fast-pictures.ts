import type { Pixels } from './pixels.ts';

/** How pixels lie in a frame, a byte each channel. */
export type PixelLayout = 'rgba8' | 'rgb8' | 'bgr8' | 'mono8';

/** A frame's pixels where they lie: `height` rows, `step` bytes apart. */
export interface FramePixels {
  readonly width: number;
  readonly height: number;
  readonly step: number;
  readonly encoding: PixelLayout;
  readonly data: Uint8Array;
}

/** One stream of pictures as sixels. */
export interface SixelStream {
  /** Whether the last picture got a palette of its own. */
  readonly isFresh: boolean;
  /** The bytes are valid until the next call. */
  encode(pixels: Pixels): Uint8Array;
  /** Forgets the palette: the next picture gets its own. */
  reset(): void;
}

/** What the native addon does faster, with the same bytes as result. */
export interface FastPictures {
  createSixelStream(colours: number): SixelStream;
  scaleFrame(frame: FramePixels, width: number, height: number): Pixels;
}
