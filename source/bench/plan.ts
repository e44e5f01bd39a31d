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
  /** Frames at most. */
  readonly count: number;
  /** Milliseconds at most. */
  readonly limitMs: number;
  /** Frames that may be under way. 1 measures latency; more, rate. The receiver's queue holds as many: none is lost. */
  readonly window: number;
}

/** Frames before the ones that count: the compilers and the memory have settled. */
export function warmUpOf(count: number): number {
  return Math.min(500, Math.ceil(count / 10));
}

/** Latency: one frame at a time, the next when the last has come. */
export function latencyPhase(way: Way, sizeBytes: number): Phase {
  const isLarge = sizeBytes > 1_000_000;
  const count = way === 'zenoh-ts' ? (isLarge ? 20 : 200) : 500;
  return { way, sizeBytes, count, limitMs: 8_000, window: 1 };
}

/** Rate: as many frames as go in some seconds; the sender waits where the receiver is a window behind. */
export function ratePhase(way: Way, sizeBytes: number): Phase {
  const isLarge = sizeBytes > 1_000_000;
  const window = isLarge ? 4 : sizeBytes > 10_000 ? 32 : 256;
  const count = way === 'zenoh-ts' ? (isLarge ? 40 : 4_000) : isLarge ? 2_000 : 40_000;
  return { way, sizeBytes, count, limitMs: 4_000, window };
}

/** Growth: as the rate of the largest frames, but so many frames, however long it takes. */
export function growthPhase(frames: number): Phase {
  const sizeBytes = Math.max(...SIZES_BYTES);
  const count = frames + warmUpOf(frames);
  return { ...ratePhase('native-zero-copy', sizeBytes), count, limitMs: 300_000 };
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
  /** All frames are out; resident memory in bytes after the warm-up and now. */
  | { readonly kind: 'sent'; readonly count: number; readonly rssBefore: number; readonly rssAfter: number }
  | { readonly kind: 'failed'; readonly message: string };
