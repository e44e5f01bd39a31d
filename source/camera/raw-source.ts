import { decodeRawFrame } from '../wire/camera.ts';
import { rawFrameKey } from '../wire/keys.ts';
import type { CameraSourceHandle, SourceContext } from './camera-source.ts';
import { Pace } from './pace.ts';
import { fitInto } from './scale.ts';

/** Longest time between two counts where the frames in between are let go unread. */
const COUNT_MS = 400;

/** Raw frames in this machine's shared memory; scaled where they lie, those that nobody will see given back unread. */
export async function openRawSource(context: SourceContext): Promise<CameraSourceHandle> {
  const { session, camera, wish, scale } = context;
  const pace = new Pace();
  let countDueMs = 0;
  const subscriber = await session.declareFrameSubscriber(
    rawFrameKey(camera.machine, camera.node),
    (leased) => {
      using frame = leased;
      if (frame.kind === 'delete') return;
      const nowMs = performance.now();
      const isWanted = pace.passes(nowMs, wish().maxRateHz);
      if (!isWanted && nowMs < countDueMs) return;
      countDueMs = nowMs + COUNT_MS;
      const raw = decodeRawFrame(frame.payload);
      if (!raw.ok) {
        context.onProblem(raw.reason);
        return;
      }
      const { header, width, height } = raw.value;
      const arrival = { sequence: header.sequence, acqTimeNs: header.acqTimeNs };
      context.onArrival(arrival);
      if (!isWanted) return;
      const target = fitInto(raw.value, wish());
      context.onPicture({ ...arrival, width, height, pixels: scale(raw.value, target.width, target.height) });
    },
    // One in hand is enough: the camera has few buffers, and others want them, too.
    { channel: { kind: 'ring', capacity: 1 } },
  );
  return { close: () => subscriber.undeclare() };
}
