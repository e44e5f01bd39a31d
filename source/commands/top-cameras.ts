/** The fleet's cameras for the screen of `top`, and photos of them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CameraFeed, CameraId, CameraWish } from '../camera/camera-feed.ts';
import type { ScaleFrame } from '../camera/camera-source.ts';
import { type DiscoveredCamera, discoverCameras } from '../camera/discover-cameras.ts';
import { encodePng } from '../camera/picture-files.ts';
import { watchCamera } from '../camera/watch-camera.ts';
import type { Pixels } from '../graphics/pixels.ts';
import type { CameraDoor } from '../ui/camera-pictures.ts';
import { openSession } from '../zenoh/open-session.ts';
import { type Session, SessionError } from '../zenoh/session.ts';

export interface TopCamerasOptions {
  /** The one that `top` has anyway, without shared memory. */
  readonly session: Session;
  readonly endpoint: string;
  /** This machine's id. */
  readonly machineId: string;
  /** The addon's, where it is there. */
  readonly scale?: ScaleFrame;
}

/** How long the session for shared memory stays after the last camera was looked at. */
const REST_MS = 3_000;

export class TopCameras implements CameraDoor {
  readonly #options: TopCamerasOptions;
  #known: readonly DiscoveredCamera[] = [];
  #own: Session | undefined;
  #resting: NodeJS.Timeout | undefined;

  constructor(options: TopCamerasOptions) {
    this.#options = options;
  }

  /** Where the fleet cannot be asked now, what it said last. */
  async list(): Promise<readonly CameraId[]> {
    clearTimeout(this.#resting);
    try {
      this.#known = await discoverCameras(this.#options.session);
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
    }
    return this.#known.map(({ machine, node }) => ({ machine, node }));
  }

  watch(camera: CameraId, wish: CameraWish): CameraFeed {
    clearTimeout(this.#resting);
    const { machineId, scale } = this.#options;
    const known = this.#known.find(({ machine, node }) => machine === camera.machine && node === camera.node);
    return watchCamera(this.#sessionFor(camera), camera, { ...wish, machineId, scale, outputs: known?.outputs });
  }

  rest(): void {
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => void this.close(), REST_MS);
  }

  async close(): Promise<void> {
    clearTimeout(this.#resting);
    const own = this.#own;
    this.#own = undefined;
    await own?.close();
  }

  /** Frames of this machine's cameras lie in shared memory, whose pools only they are worth. */
  #sessionFor({ machine }: CameraId): Session {
    const { session, endpoint, machineId } = this.#options;
    if (machine !== machineId || session.kind !== 'native') return session;
    this.#own ??= openSession(endpoint, { shm: true });
    return this.#own;
  }
}

/** Writes a PNG file into the working folder; its path. Rejects where that cannot be written to. */
export async function savePhoto(camera: CameraId, pixels: Pixels): Promise<string> {
  const time = new Date()
    .toISOString()
    .replaceAll(/[-:]|\.\d+Z/g, '')
    .replace('T', '-');
  const name = `${camera.machine}-${camera.node}-${time}.png`.replaceAll(/[^\w.-]/g, '_');
  const path = join(process.cwd(), name);
  await writeFile(path, await encodePng(pixels));
  return path;
}
