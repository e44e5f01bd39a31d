import { rawFramePrefix } from '../wire/camera.ts';
import { CBOR_ENCODING } from '../wire/cbor.ts';
import type { Session, ShmBuffer, ShmProvider } from '../zenoh/session.ts';
import { type NodeRuntime, nowNs, startNode } from './node-runtime.ts';
import { createTestPicture, type TestPicture } from './test-picture.ts';

export interface TestCameraOptions {
  readonly session: Session;
  readonly machineId: string;
  readonly name: string;
  /** Default 1920x1080 at 15 frames/s. */
  readonly width?: number;
  readonly height?: number;
  readonly rateHz?: number;
  /** Frames that readers may hold at once; default 4. */
  readonly bufferCount?: number;
}

export interface TestCamera extends NodeRuntime {
  readonly sentCount: number;
  /** Frames left out because readers held all buffers. */
  readonly droppedCount: number;
}

/** Room in the provider beside the frames: CBOR heads, and what its allocator wants. */
const SLACK_BYTES = 64 * 1024;

/**
 * A camera without a lens: RGBA frames through shared memory on `bubbaloop/local/{machine}/{name}/raw`. Nothing is drawn
 * while nobody looks; the counter in the picture goes on.
 */
export async function startTestCamera(options: TestCameraOptions): Promise<TestCamera> {
  const { session, machineId, name, width = 1920, height = 1080, rateHz = 15, bufferCount = 4 } = options;
  const picture = createTestPicture(width, height);
  const provider = await session.createShmProvider(bufferCount * (picture.sizeBytes + SLACK_BYTES));
  const node = await startNode({ session, machineId, name, role: 'source', kind: 'camera' });
  const output = await node.declareOutput({ topic: 'raw', scope: 'local', encoding: CBOR_ENCODING });
  const counts = { sent: 0, dropped: 0 };
  let isSending = false;

  const stop = atRate(rateHz, (sequence) => {
    // The frame before is still on its way: a slow link must not queue 8 MB a frame.
    if (isSending || !output.isWanted) return;
    const frame = makeFrame(picture, provider, { sequence, machineId, frameId: name });
    if (frame === undefined) {
      counts.dropped += 1;
      return;
    }
    isSending = true;
    void output
      .put(frame)
      .then((sent) => {
        if (sent) counts.sent += 1;
      })
      .finally(() => {
        isSending = false;
      });
  });

  return {
    ...node,
    get sentCount() {
      return counts.sent;
    },
    get droppedCount() {
      return counts.dropped;
    },
    async close() {
      stop();
      await node.close();
      provider.close();
    },
  };
}

/** Writes head and pixels straight into shared memory; undefined where there is no room. */
function makeFrame(
  picture: TestPicture,
  provider: ShmProvider,
  about: { readonly sequence: number; readonly machineId: string; readonly frameId: string },
): ShmBuffer | undefined {
  const timeNs = nowNs();
  const header = { ...about, acqTimeNs: timeNs, pubTimeNs: timeNs };
  const { width, height, sizeBytes } = picture;
  const prefix = rawFramePrefix({ header, width, height, encoding: 'rgba8', step: width * 4 }, sizeBytes);
  const buffer = provider.alloc(prefix.length + sizeBytes);
  if (buffer === undefined) return undefined;
  buffer.data.set(prefix);
  picture.draw(buffer.data.subarray(prefix.length), about.sequence);
  return buffer;
}

/** Calls `work` with 0, 1, 2 … at a rate that does not drift; numbers that came too late are left out. */
function atRate(rateHz: number, work: (sequence: number) => void): () => void {
  const startMs = performance.now();
  const periodMs = 1_000 / rateHz;
  let timer: NodeJS.Timeout;
  const schedule = (sequence: number): void => {
    timer = setTimeout(
      () => {
        work(sequence);
        schedule(Math.max(sequence + 1, Math.floor((performance.now() - startMs) / periodMs)));
      },
      Math.max(0, startMs + sequence * periodMs - performance.now()),
    );
  };
  schedule(0);
  return () => clearTimeout(timer);
}
