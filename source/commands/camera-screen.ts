/** A terminal with one camera on it: the picture at the top left, a line about it at the bottom. */
import type { Writable } from 'node:stream';
import type { CameraFeed, CameraState } from '../camera/camera-feed.ts';
import type { PictureEncoder } from '../graphics/picture-encoder.ts';
import { wrapForTmux } from '../graphics/tmux.ts';
import { plainText } from '../wire/plain-text.ts';

export interface CameraScreenOptions {
  readonly stdout: Writable & { readonly columns?: number; readonly rows?: number };
  readonly feed: CameraFeed;
  readonly encoder: PictureEncoder;
  /** Through tmux, with this corner of the terminal around it. */
  readonly passthrough?: { readonly left: number; readonly top: number } | undefined;
}

export interface CameraScreen {
  open(): void;
  /** Draws what is new. Nothing is queued: while the terminal is slow, pictures are left out. */
  draw(): void;
  /** After a change of the terminal's size. */
  clear(): void;
  close(): void;
}

// DEC private modes: alternate screen 1049, cursor 25, synchronized update 2026.
const OPEN = '\x1b[?1049h\x1b[?25l\x1b[2J';
const CLOSE = '\x1b[0m\x1b[2J\x1b[?25h\x1b[?1049l';
const BEGIN = '\x1b[?2026h';
const END = '\x1b[?2026l';

export function createCameraScreen({ stdout, feed, encoder, passthrough }: CameraScreenOptions): CameraScreen {
  let shownVersion = 0;
  let shownSize = '';
  let shownStatus = '';
  let isWriting = false;
  const write = (bytes: string | Uint8Array): void => {
    isWriting = true;
    stdout.write(bytes, () => {
      isWriting = false;
    });
  };
  const wrap = (bytes: Uint8Array): Uint8Array => (passthrough === undefined ? bytes : wrapForTmux(bytes));
  const corner = `\x1b[${(passthrough?.top ?? 0) + 1};${(passthrough?.left ?? 0) + 1}H`;
  return {
    open: () => write(OPEN),
    clear() {
      shownVersion = 0;
      shownStatus = '';
      shownSize = '';
    },
    draw() {
      if (isWriting) return;
      const { state } = feed;
      const { columns = 80, rows = 24 } = stdout;
      const parts: Uint8Array[] = [];
      const { pixels } = state;
      if (pixels !== undefined && state.version !== shownVersion) {
        shownVersion = state.version;
        const size = `${pixels.width}x${pixels.height}`;
        // Of a larger one before it, its edges would stay.
        if (size !== shownSize) parts.push(Buffer.concat([encoder.erase(), Buffer.from('\x1b[2J')]));
        if (size !== shownSize) shownStatus = '';
        shownSize = size;
        const picture = Buffer.concat([
          Buffer.from(`\x1b7${corner}`),
          encoder.encode(pixels),
          Buffer.from('\x1b[0m\x1b8'),
        ]);
        parts.push(wrap(picture));
      }
      const status = formatStatus(state, Date.now()).slice(0, columns - 1);
      if (status !== shownStatus) parts.push(Buffer.from(`\x1b[${rows};1H\x1b[0m${status}\x1b[K`));
      shownStatus = status;
      if (parts.length > 0) write(Buffer.concat([Buffer.from(BEGIN), ...parts, Buffer.from(END)]));
    },
    close() {
      stdout.write(Buffer.concat([wrap(encoder.erase()), Buffer.from(CLOSE)]));
    },
  };
}

/** `robot_1/front_door  1920x1080  14.9/s  shm  12 ms  frozen for 8 s  q quits`. */
export function formatStatus(state: CameraState, nowMs: number): string {
  const { camera, width, height, rateHz, source, latencyMs, flag, flaggedSinceMs, problem, receivedAtMs } = state;
  const ageMs = receivedAtMs === undefined ? undefined : nowMs - receivedAtMs;
  const seconds = (ms: number): string => `${Math.max(0, Math.round(ms / 1_000))} s`;
  const words = [
    `${camera.machine}/${camera.node}`,
    receivedAtMs === undefined && flag === undefined ? 'waiting for the first picture' : undefined,
    width === undefined ? undefined : `${width}x${height}`,
    rateHz === undefined ? undefined : `${rateHz.toFixed(1)}/s`,
    source,
    latencyMs === undefined ? undefined : `${Math.round(latencyMs)} ms`,
    ageMs !== undefined && ageMs > 2_000 ? `${seconds(ageMs)} old` : undefined,
    flag === undefined
      ? undefined
      : `${flag}${flaggedSinceMs === undefined ? '' : ` for ${seconds(nowMs - flaggedSinceMs)}`}`,
    problem,
    'q quits',
  ];
  return plainText(words.filter((word) => word !== undefined).join('  '));
}
