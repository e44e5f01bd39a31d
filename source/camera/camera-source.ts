/** What the ways to a camera's pictures have in common. */
import type { FramePixels } from '../graphics/fast-pictures.ts';
import type { Pixels } from '../graphics/pixels.ts';
import type { Session } from '../zenoh/session.ts';
import type { CameraId, CameraWish } from './camera-feed.ts';

/** Scales a frame's pixels to exactly that size, opaque RGBA in memory of its own. */
export type ScaleFrame = (frame: FramePixels, width: number, height: number) => Pixels;

/** One that came, before anything is decoded. */
export interface Arrival {
  /** The camera's own count; 0 where it has none. */
  readonly sequence: number;
  /** When it was taken; Unix nanoseconds, 0 where unknown. */
  readonly acqTimeNs: bigint;
}

export interface Picture extends Arrival {
  readonly pixels: Pixels;
  /** Of the source. */
  readonly width: number;
  readonly height: number;
}

export interface SourceContext {
  readonly session: Session;
  readonly camera: CameraId;
  readonly wish: () => CameraWish;
  readonly scale: ScaleFrame;
  readonly ffmpeg: string | undefined;
  /** Every one that came, shown or not. */
  readonly onArrival: (arrival: Arrival) => void;
  readonly onPicture: (picture: Picture) => void;
  /** Why what came cannot be shown. Untrusted text where it quotes the sender. */
  readonly onProblem: (problem: string) => void;
}

/** An open way to the pictures. */
export interface CameraSourceHandle {
  /** The wish has changed. */
  refresh?(): void;
  close(): Promise<void>;
}

export type OpenCameraSource = (context: SourceContext) => Promise<CameraSourceHandle>;
