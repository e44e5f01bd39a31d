import { hostname } from 'node:os';
import type { WriteStream } from 'node:tty';
import type { CameraFeed } from '../camera/camera-feed.ts';
import { watchCamera } from '../camera/watch-camera.ts';
import { UserError, usageError } from '../errors.ts';
import { createPictureEncoder } from '../graphics/create-picture-encoder.ts';
import { detectTerminal } from '../graphics/detect-terminal.ts';
import type { ImageProtocol } from '../graphics/picture-encoder.ts';
import { AnswerSieve } from '../graphics/terminal-answers.ts';
import type { TerminalPictures } from '../graphics/terminal-pictures.ts';
import { machineId } from '../wire/names.ts';
import { nativePictures } from '../zenoh/native-pictures.ts';
import { findCamera, sizeFlag } from './camera-find.ts';
import { createCameraScreen } from './camera-screen.ts';
import { type Invocation, numberFlag } from './command.ts';
import { imagesFlag } from './picture-flags.ts';
import { overZenoh } from './zenoh-session.ts';

const DEFAULT_RATE_HZ = 10;
/** Age and flags change without a new picture. */
const STATUS_MS = 500;

/** `bubbaloop camera view NAME`: until `q`, Escape or Ctrl-C. */
export async function viewCamera(name: string, invocation: Invocation): Promise<void> {
  const { stdin, stdout } = process;
  if (!stdout.isTTY || !stdin.isTTY) {
    throw new UserError('`camera view` needs a terminal.', {
      hint: 'For a picture file: bubbaloop camera snapshot NAME',
    });
  }
  const rateHz = numberFlag(invocation, 'rate') ?? DEFAULT_RATE_HZ;
  if (!(rateHz > 0 && rateHz <= 60)) throw usageError('--rate takes a number over 0, up to 60.');
  const size = sizeFlag(invocation);
  const images = imagesFlag(invocation) ?? 'auto';
  await overZenoh(
    invocation,
    async (session) => {
      const camera = await findCamera(session, name, invocation);
      const terminal = await detectTerminal({ images, env: process.env, stdin, stdout });
      try {
        const { protocol, reason } = terminal.pictures;
        if (protocol === 'off') {
          throw new UserError(`This terminal shows no pictures: ${reason}.`, { hint: 'Try --images blocks.' });
        }
        const pictures = { ...terminal.pictures, protocol };
        const own = machineId(process.env, hostname());
        const room = () => pictureRoom(stdout, pictures, size);
        const feed = watchCamera(session, camera, {
          ...room(),
          maxRateHz: rateHz,
          machineId: own,
          outputs: camera.outputs,
        });
        try {
          await play(feed, pictures, () => feed.want({ ...room(), maxRateHz: rateHz }));
        } finally {
          await feed.close();
        }
      } finally {
        await terminal.release();
      }
    },
    { shm: true },
  );
}

type ShownPictures = TerminalPictures & { readonly protocol: ImageProtocol };

/** Pixels of a picture that fits above the last line. */
function pictureRoom(
  stdout: WriteStream,
  { protocol, cell }: TerminalPictures,
  size: { readonly maxWidth: number; readonly maxHeight: number } | undefined,
): { readonly maxWidth: number; readonly maxHeight: number } {
  // Half blocks: a cell is one pixel wide and two high.
  const { widthPx, heightPx } = protocol === 'blocks' ? { widthPx: 1, heightPx: 2 } : cell;
  const maxWidth = Math.max(1, stdout.columns || 80) * widthPx;
  const maxHeight = Math.max(1, (stdout.rows || 24) - 1) * heightPx;
  return {
    maxWidth: Math.min(maxWidth, size?.maxWidth ?? maxWidth),
    maxHeight: Math.min(maxHeight, size?.maxHeight ?? maxHeight),
  };
}

/** Resolves when the user leaves, or is made to. */
async function play(feed: CameraFeed, pictures: ShownPictures, onResize: () => void): Promise<void> {
  const { stdin, stdout } = process;
  const ended = Promise.withResolvers<void>();
  const { protocol, colours, colourDepth, cell, passthrough } = pictures;
  const encoder = createPictureEncoder({ protocol, colours, colourDepth, cell }, nativePictures());
  const screen = createCameraScreen({ stdout, feed, encoder, passthrough });
  const sieve = new AnswerSieve();
  const read = (chunk: Buffer | string): void => {
    const { typed } = sieve.push(chunk.toString());
    // q, Ctrl-C, Ctrl-D; Escape is held back, since an answer may follow it.
    if (/[qQ\x03\x04]/.test(typed) || sieve.held === '\x1b') ended.resolve();
  };
  const resize = (): void => {
    onResize();
    screen.clear();
  };
  const leave = (): void => ended.resolve();
  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;
  for (const signal of signals) process.on(signal, leave);
  stdin.setRawMode(true);
  stdin.on('data', read);
  stdin.resume();
  stdout.on('resize', resize);
  // The terminal is gone.
  stdout.on('error', leave);
  screen.open();
  const stop = feed.onChange(() => screen.draw());
  const timer = setInterval(() => screen.draw(), STATUS_MS);
  try {
    await ended.promise;
  } finally {
    clearInterval(timer);
    stop();
    stdin.off('data', read);
    stdout.off('resize', resize);
    screen.close();
    stdin.setRawMode(false);
    stdin.pause();
    for (const signal of signals) process.off(signal, leave);
  }
}
