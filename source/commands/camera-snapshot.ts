import { writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { CameraFeed, CameraState } from '../camera/camera-feed.ts';
import { encodeJpeg, encodePng } from '../camera/picture-files.ts';
import { fitInto } from '../camera/scale.ts';
import { watchCamera } from '../camera/watch-camera.ts';
import { UserError, usageError } from '../errors.ts';
import type { Pixels } from '../graphics/pixels.ts';
import { machineId } from '../wire/names.ts';
import { plainText } from '../wire/plain-text.ts';
import { LARGEST_WISH } from '../wire/thumbnail-wish.ts';
import { findCamera, fullName, sizeFlag } from './camera-find.ts';
import { type Invocation, stringFlag } from './command.ts';
import { overZenoh } from './zenoh-session.ts';

const PICTURE_MS = 20_000;
/** The first thumbnails may be smaller than what was asked for: those were on their way already. */
const LARGER_MS = 2_500;
const JPEG_QUALITY = 92;

/** `bubbaloop camera snapshot NAME [-o FILE]`. Throws UserError where no picture comes. */
export async function takeSnapshot(name: string, invocation: Invocation): Promise<void> {
  const size = sizeFlag(invocation) ?? { maxWidth: 16_384, maxHeight: 16_384 };
  const given = stringFlag(invocation, 'output');
  const format = given === undefined || given === '-' ? 'png' : formatOf(given);
  const state = await overZenoh(
    invocation,
    async (session) => {
      const camera = await findCamera(session, name, invocation);
      const own = machineId(process.env, hostname());
      const feed = watchCamera(session, camera, { ...size, maxRateHz: 10, machineId: own, outputs: camera.outputs });
      try {
        return await bestPicture(feed, size);
      } finally {
        await feed.close();
      }
    },
    { shm: true },
  );
  const bytes = await (format === 'png' ? encodePng(state.pixels) : encodeJpeg(state.pixels, JPEG_QUALITY));
  if (given === '-') {
    process.stdout.write(bytes);
    return;
  }
  const file = given ?? `${state.camera.node.replaceAll('/', '_')}.png`;
  try {
    writeFileSync(file, bytes);
  } catch (error) {
    throw new UserError(`${file} cannot be written: ${error instanceof Error ? error.message : error}.`, {
      cause: error,
    });
  }
  process.stderr.write(
    `${file}: ${state.pixels.width}x${state.pixels.height} of ${plainText(fullName(state.camera))} (${state.source})\n`,
  );
}

function formatOf(file: string): 'png' | 'jpeg' {
  if (/\.png$/i.test(file)) return 'png';
  if (/\.jpe?g$/i.test(file)) return 'jpeg';
  throw usageError(`--output ${JSON.stringify(file)}: the name ends in .png or .jpg.`);
}

async function bestPicture(
  feed: CameraFeed,
  size: { readonly maxWidth: number; readonly maxHeight: number },
): Promise<CameraState & { readonly pixels: Pixels }> {
  const { promise, resolve, reject } = Promise.withResolvers<CameraState & { readonly pixels: Pixels }>();
  let larger: NodeJS.Timeout | undefined;
  const limit = setTimeout(() => {
    reject(new UserError(`No picture came from ${plainText(fullName(feed.state.camera))}: ${reasonOf(feed.state)}.`));
  }, PICTURE_MS);
  const look = (): void => {
    const { state } = feed;
    const { pixels } = state;
    if (pixels === undefined) return;
    // What the daemon gives at most.
    const box = {
      maxWidth: Math.min(size.maxWidth, LARGEST_WISH.width),
      maxHeight: Math.min(size.maxHeight, LARGEST_WISH.height),
    };
    const whole = fitInto({ width: state.width ?? 1, height: state.height ?? 1 }, box);
    if (pixels.width >= whole.width || state.source !== 'thumbnail') resolve({ ...state, pixels });
    else larger ??= setTimeout(() => resolve({ ...feed.state, pixels: feed.state.pixels ?? pixels }), LARGER_MS);
  };
  const stop = feed.onChange(look);
  look();
  try {
    return await promise;
  } finally {
    stop();
    clearTimeout(limit);
    clearTimeout(larger);
  }
}

function reasonOf({ problem }: CameraState): string {
  return problem === undefined ? `nothing for ${PICTURE_MS / 1_000} s` : plainText(problem);
}
