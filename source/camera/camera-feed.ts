import type { Pixels } from '../graphics/pixels.ts';

/** One camera of the fleet: the node and the machine it runs on. */
export interface CameraId {
  readonly machine: string;
  readonly node: string;
}

/** Where its pictures come from: raw frames in this machine's shared memory, a daemon's thumbnails, its own video. */
export type CameraSource = 'shm' | 'thumbnail' | 'h264' | 'jpeg';

/** What is wrong with a camera's pictures. */
export type CameraFlag =
  /** Pictures come, and each is the same as the one before. */
  | 'frozen'
  /** Pictures come, and they are black. */
  | 'black'
  /** No picture has come for a while. */
  | 'stale'
  /** What comes cannot be shown; `problem` says why. */
  | 'broken';

/** What is known of a camera now. */
export interface CameraState {
  readonly camera: CameraId;
  readonly source?: CameraSource;
  /** Newest picture, scaled to fit what was asked for. Undefined before the first. */
  readonly pixels?: Pixels;
  /** Counts up with each new picture; the same number means the same pixels. */
  readonly version: number;
  /** Of the source. */
  readonly width?: number;
  readonly height?: number;
  /** Pictures a second that the camera sends, smoothed. */
  readonly rateHz?: number;
  /** Between the camera's sending and our reading, by both machines' clocks; undefined where they cannot be compared. */
  readonly latencyMs?: number;
  /** `Date.now()` when the newest picture came. */
  readonly receivedAtMs?: number;
  readonly flag?: CameraFlag;
  /** Since when the flag holds, `Date.now()`. */
  readonly flaggedSinceMs?: number;
  /** For people; untrusted text where it quotes a node. */
  readonly problem?: string;
}

/** What a viewer wants; a picture is scaled to fit into the box, its sides kept in proportion. */
export interface CameraWish {
  readonly maxWidth: number;
  readonly maxHeight: number;
  /** At most so many pictures a second, over 0. */
  readonly maxRateHz: number;
}

/** A camera being watched. While none exists for a camera nothing is subscribed and nothing is decoded. */
export interface CameraFeed {
  readonly state: CameraState;
  /** Calls `listener` when `state` changed; returns the function that ends it. */
  onChange(listener: () => void): () => void;
  /** Takes effect with the next picture. */
  want(wish: CameraWish): void;
  close(): Promise<void>;
}
