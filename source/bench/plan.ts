/** What `bubbaloop bench shm` measures: three ways to move a frame from one process to another through a router. */

/**
 * - `native-zero-copy`: the sender writes into a buffer of its SHM provider and puts that; the receiver's frame points
 *   into the same memory and is released at once. Nothing of the payload is copied.
 * - `native-copy`: what a program does that takes no thought. The sender puts a plain Uint8Array on a session with its
 *   defaults, which copies it (from 3072 bytes up into shared memory, if there is room, else into the link); the
 *   receiver's ordinary subscriber copies it into a buffer of its own.
 * - `zenoh-ts`: the sender puts a plain Uint8Array, and the receiver subscribes, over the router's WebSocket.
 *
 * In each way the sender's frame exists before: it is stamped, not painted, so that the figures are those of moving it.
 */
export const WAYS = ['native-zero-copy', 'native-copy', 'zenoh-ts'] as const;
export type Way = (typeof WAYS)[number];

/** A command, a compressed picture, a raw 1920x1080 RGBA frame. */
export const SIZES_BYTES = [100, 100_000, 1920 * 1080 * 4] as const;

/** One run of frames. */
export interface Phase {
  readonly way: Way;
  readonly sizeBytes: number;
  /** Frames before the ones that count: the compilers and the memory have settled. */
  readonly warmUp: number;
  /** Frames at most, those of the warm-up among them. */
  readonly count: number;
  /** Milliseconds at most. */
  readonly limitMs: number;
  /** Frames that may be under way. 1 measures latency; more, rate. The receiver's queue holds as many: none is lost. */
  readonly window: number;
}

function phase(way: Way, sizeBytes: number, frames: number, limitMs: number, window: number): Phase {
  const warmUp = Math.min(500, Math.ceil(frames / 10));
  return { way, sizeBytes, warmUp, count: frames + warmUp, limitMs, window };
}

/** Latency: one frame at a time, the next when the last has come. */
export function latencyPhase(way: Way, sizeBytes: number): Phase {
  const frames = way === 'zenoh-ts' ? (isLarge(sizeBytes) ? 20 : 200) : 500;
  return phase(way, sizeBytes, frames, 8_000, 1);
}

/** Rate: as many frames as go in some seconds; the sender waits where the receiver is a window behind. */
export function ratePhase(way: Way, sizeBytes: number): Phase {
  const frames = way === 'zenoh-ts' ? (isLarge(sizeBytes) ? 40 : 4_000) : isLarge(sizeBytes) ? 2_000 : 40_000;
  return phase(way, sizeBytes, frames, 4_000, windowOf(sizeBytes));
}

/** Growth: as the rate of the largest frames, but so many frames, however long it takes. */
export function growthPhase(frames: number): Phase {
  const sizeBytes = Math.max(...SIZES_BYTES);
  return phase('native-zero-copy', sizeBytes, frames, 300_000, windowOf(sizeBytes));
}

function isLarge(sizeBytes: number): boolean {
  return sizeBytes > 1_000_000;
}

function windowOf(sizeBytes: number): number {
  if (isLarge(sizeBytes)) return 4;
  return sizeBytes > 10_000 ? 32 : 256;
}

/** Bytes of the sender's SHM segment: every frame under way, and as many that the receiver has not yet let go. */
export function providerBytes(phase: Phase): number {
  return Math.max(1 << 20, (phase.window + 2) * 2 * (phase.sizeBytes + 4096));
}

/** Where the frames of a phase travel. */
export function frameKeyExpr(phase: Phase): string {
  return `bubbaloop/local/bench/${phase.way}/${phase.sizeBytes}`;
}

/** To the sender. */
export type ToSender =
  | { readonly kind: 'run'; readonly endpoint: string; readonly phase: Phase }
  /** The receiver has had so many frames of this phase. */
  | { readonly kind: 'received'; readonly count: number };

/** From the sender. */
export type FromSender =
  | { readonly kind: 'ready' }
  /** All frames are out, and so many were given up; resident memory in bytes after the warm-up and now. */
  | {
      readonly kind: 'sent';
      readonly count: number;
      readonly lost: number;
      readonly rssBefore: number;
      readonly rssAfter: number;
    }
  | { readonly kind: 'failed'; readonly message: string };
