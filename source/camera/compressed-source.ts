import { type Ffmpeg, findFfmpeg } from '../ffmpeg.ts';
import { type CompressedFrame, decodeCompressedFrame } from '../wire/camera.ts';
import { NAL, nalType, splitAnnexB, spsSize } from '../wire/h264.ts';
import { compressedFrameKey } from '../wire/keys.ts';
import type { Arrival, CameraSourceHandle, SourceContext } from './camera-source.ts';
import { KeyFrameDecoder } from './key-frame-decoder.ts';
import { NewestOnly } from './newest.ts';
import { Pace } from './pace.ts';
import { decodeJpeg } from './picture-files.ts';

/** A JPEG, or a key frame with its parameter sets, is some hundred kilobytes; an 8K one a few megabytes. */
const MAX_BYTES = 32 * 1024 * 1024;

export interface CompressedSourceOptions {
  readonly keyExpr?: string;
  /** Called with each frame's format. */
  readonly onFormat: (format: 'h264' | 'jpeg') => void;
}

/** What a camera sends compressed: JPEG as it is, of H.264 the key frames. */
export async function openCompressedSource(
  context: SourceContext,
  { keyExpr, onFormat }: CompressedSourceOptions,
): Promise<CameraSourceHandle> {
  const { session, camera, wish } = context;
  const pace = new Pace();
  const video = new KeyFrames(context);
  const pictures = new NewestOnly(async (frame: CompressedFrame) => {
    const { sequence, acqTimeNs } = frame.header;
    try {
      const { pixels, width, height } = await decodeJpeg(frame.data, wish());
      const source = { width: frame.sourceWidth ?? width, height: frame.sourceHeight ?? height };
      context.onPicture({ ...source, sequence, acqTimeNs, pixels });
    } catch (error) {
      context.onProblem(`damaged JPEG: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  const take = (payload: Uint8Array): void => {
    const decoded = decodeCompressedFrame(payload);
    if (!decoded.ok) {
      context.onProblem(decoded.reason);
      return;
    }
    const { header, format, data } = decoded.value;
    context.onArrival({ sequence: header.sequence, acqTimeNs: header.acqTimeNs });
    if (data.length > MAX_BYTES) context.onProblem(`a picture of ${data.length} bytes is not believable`);
    else if (format === 'h264') {
      onFormat('h264');
      video.take(data, header);
    } else if (format === 'jpeg') {
      onFormat('jpeg');
      if (pace.passes(performance.now(), wish().maxRateHz)) pictures.offer(decoded.value);
    } else context.onProblem(`format "${format}" is not known`);
  };
  const subscriber = await session.declareSubscriber(
    keyExpr ?? compressedFrameKey(camera.machine, camera.node),
    (sample) => {
      if (sample.kind === 'put') take(sample.payload);
    },
    // A key frame must not be pushed out by the small ones after it.
    { channel: { kind: 'fifo', capacity: 32 } },
  );
  return {
    async close() {
      pictures.close();
      video.close();
      await subscriber.undeclare();
    },
  };
}

/** H.264: picks the key frames, and knows where there is nothing to decode them with. */
class KeyFrames {
  readonly #context: SourceContext;
  readonly #pace = new Pace();
  #decoder: KeyFrameDecoder | undefined;
  #inWork: (Arrival & { readonly width: number; readonly height: number }) | undefined;
  #hasFfmpeg: boolean | undefined;
  #isClosed = false;

  constructor(context: SourceContext) {
    this.#context = context;
    void findFfmpeg(context.ffmpeg).then((ffmpeg) => this.#begin(ffmpeg));
  }

  #begin(ffmpeg: Ffmpeg | undefined): void {
    this.#hasFfmpeg = ffmpeg !== undefined;
    if (ffmpeg === undefined || this.#isClosed) return;
    this.#decoder = new KeyFrameDecoder({
      ffmpeg,
      onPicture: (pixels) => {
        if (this.#inWork !== undefined) this.#context.onPicture({ ...this.#inWork, pixels });
      },
      onProblem: (problem) => this.#context.onProblem(problem),
    });
  }

  take(bytes: Uint8Array, arrival: Arrival): void {
    if (this.#hasFfmpeg === false) {
      this.#context.onProblem('it sends H.264 only, and this machine has no ffmpeg to decode it');
      return;
    }
    if (this.#decoder === undefined || this.#decoder.isBusy) return;
    const units = splitAnnexB(bytes);
    if (units.length === 0) {
      this.#context.onProblem('what came is no H.264 in Annex B');
      return;
    }
    if (!units.some((unit) => nalType(unit) === NAL.keySlice)) return;
    if (!this.#pace.passes(performance.now(), this.#context.wish().maxRateHz)) return;
    const sps = units.findLast((unit) => nalType(unit) === NAL.sps);
    const size = sps === undefined ? undefined : spsSize(sps);
    if (size === undefined) {
      this.#context.onProblem('a key frame came without a usable SPS');
      return;
    }
    this.#inWork = { sequence: arrival.sequence, acqTimeNs: arrival.acqTimeNs, ...size };
    this.#decoder.decode(units, this.#context.wish());
  }

  close(): void {
    this.#isClosed = true;
    this.#decoder?.close();
    this.#decoder = undefined;
  }
}
