/** Cameras that send pictures of our own through a real router, as nodes of a fleet do. */
import { startNode } from '../../source/nodes/node-runtime.ts';
import { rawFramePrefix } from '../../source/wire/camera.ts';
import { CBOR_ENCODING } from '../../source/wire/cbor.ts';
import { openSession } from '../../source/zenoh/open-session.ts';

export interface StillPicture {
  readonly width: number;
  readonly height: number;
  /** RGBA. */
  readonly data: Uint8Array;
}

export interface StillCamera {
  close(): Promise<void>;
}

/** Sends `picture` five times a second, in its last pixel another shade each time: it is not frozen. */
export async function startStillCamera(
  endpoint: string,
  machineId: string,
  name: string,
  picture: StillPicture,
): Promise<StillCamera> {
  const session = openSession(endpoint, { shm: true });
  await session.connected({ timeoutMs: 10_000 });
  const node = await startNode({ session, machineId, name, role: 'source', kind: 'camera' });
  const output = await node.declareOutput({ topic: 'raw', scope: 'local', encoding: CBOR_ENCODING });
  const { width, height } = picture;
  let sequence = 0;
  const timer = setInterval(() => {
    if (!output.isWanted) return;
    sequence += 1;
    const timeNs = BigInt(Date.now()) * 1_000_000n;
    const header = { acqTimeNs: timeNs, pubTimeNs: timeNs, sequence, frameId: name, machineId };
    const prefix = rawFramePrefix({ header, width, height, encoding: 'rgba8', step: width * 4 }, picture.data.length);
    const frame = Buffer.concat([prefix, picture.data]);
    frame[frame.length - 2] = sequence % 256;
    void output.put(frame);
  }, 200);
  return {
    async close() {
      clearInterval(timer);
      await node.close();
    },
  };
}

/** A drawing that no mistake leaves unchanged: a magenta border, a gradient, and shapes in colours of their own. */
export function drawing(width = 640, height = 360): StillPicture {
  const data = new Uint8Array(width * height * 4);
  const border = Math.round(height / 15);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const isBorder = x < border || y < border || x >= width - border || y >= height - border;
      data.set(isBorder ? [255, 0, 255, 255] : inside(x / width, y / height), (y * width + x) * 4);
    }
  }
  return { width, height, data };
}

function inside(x: number, y: number): readonly [number, number, number, number] {
  if ((x - 0.3) ** 2 + ((y - 0.4) * 0.5625) ** 2 < 0.01) return [230, 60, 20, 255];
  if (x > 0.55 && x < 0.85 && y > 0.2 && y < 0.45) return [20, 160, 60, 255];
  if (y > 0.7 && Math.floor(x * 16) % 2 === 0) return [240, 240, 240, 255];
  return [Math.round(40 + x * 120), Math.round(60 + y * 100), 140, 255];
}
