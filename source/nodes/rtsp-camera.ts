import { UserError } from '../errors.ts';
import { type Ffmpeg, findFfmpeg } from '../ffmpeg.ts';
import { encodeCompressedFrame } from '../wire/camera.ts';
import { CBOR_ENCODING } from '../wire/cbor.ts';
import { joinAnnexB, NAL, nalType } from '../wire/h264.ts';
import type { Session, ShmProvider } from '../zenoh/session.ts';
import type { FlvItem } from './flv.ts';
import { type NodeRuntime, nowNs, type Output, startNode } from './node-runtime.ts';
import { RawDecoder } from './raw-decoder.ts';
import type { RtspCameraConfig } from './rtsp-camera-config.ts';
import { hasSecret, publicUrl } from './rtsp-ffmpeg.ts';
import { RtspStream, type RtspStreamOptions } from './rtsp-stream.ts';

export interface RtspCameraOptions extends Pick<RtspStreamOptions, 'backoff' | 'stallMs'> {
  readonly session: Session;
  readonly machineId: string;
  /** Of the node; the camera's where its configuration names none. */
  readonly name: string;
  readonly config: RtspCameraConfig;
  /** One line for the log; never holds the URL's name or password. */
  readonly say: (message: string) => void;
  /** Connection and decoder stay so long after the last listener; default 5 s. */
  readonly lingerMs?: number;
  /** Default `ffmpeg`. */
  readonly program?: string;
}

export interface RtspCamera extends NodeRuntime {
  /** Process ids of its ffmpegs, for tests. */
  readonly children: { readonly stream: number | undefined; readonly decoder: number | undefined };
}

/** Frames that readers may hold at once, and one that is being filled. */
const RAW_BUFFERS = 5;
const RAW_SLACK_BYTES = 64 * 1024;
const BYTES_PER_PIXEL = 4;

/**
 * A camera on the network: its H.264 as it is on `{camera}/compressed`, RGBA frames through shared memory on
 * `{camera}/raw`. It is connected to while somebody listens to either, and decoded while somebody listens to `raw`.
 */
export async function startRtspCamera(options: RtspCameraOptions): Promise<RtspCamera> {
  const { session, machineId, name, config, say } = options;
  const ffmpeg = await findFfmpeg(options.program);
  if (ffmpeg === undefined) {
    throw new UserError('An rtsp-camera needs ffmpeg, and there is none.', { hint: 'apt install ffmpeg' });
  }
  if (hasSecret(config.url) && !ffmpeg.readsUrlFromStdin) {
    say('this ffmpeg is older than 5.0: the password of the camera is seen by who lists this machine’s processes');
  }
  const camera = config.name ?? name;
  const node = await startNode({ session, machineId, name, role: 'source', kind: 'camera' });
  const declare = (topic: string, scope: 'global' | 'local'): Promise<Output> =>
    node.declareOutput({ topic, scope, source: camera, encoding: CBOR_ENCODING });
  const [compressed, raw] = [await declare('compressed', 'global'), await declare('raw', 'local')];

  const video = createVideoOutput(compressed, { machineId, frameId: camera });
  const pixels = new PixelOutput(raw, { ...options, ffmpeg, camera });
  const stream = new RtspStream({
    ...options,
    ffmpeg,
    onItem(item) {
      video(item);
      pixels.push(item);
    },
    onProblem: (problem) =>
      say(`${publicUrl(config.url)}: ${problem === undefined ? 'pictures come' : `${problem}; trying again`}`),
  });
  const streaming = whileWanted([compressed, raw], options.lingerMs ?? 5_000, (isWanted) =>
    isWanted ? stream.start() : void stream.stop(),
  );
  const decoding = whileWanted([raw], options.lingerMs ?? 5_000, (isWanted) =>
    isWanted ? pixels.open() : void pixels.close(),
  );
  return {
    ...node,
    get children() {
      return { stream: stream.pid, decoder: pixels.pid };
    },
    async close() {
      streaming();
      decoding();
      await Promise.all([stream.stop(), pixels.close()]);
      await node.close();
    },
  };
}

/** Calls `turn` when the first of the outputs finds a listener, and some time after the last one has lost all of them. */
function whileWanted(outputs: readonly Output[], lingerMs: number, turn: (isWanted: boolean) => void): () => void {
  let isOn = false;
  let timer: NodeJS.Timeout | undefined;
  const look = (): void => {
    clearTimeout(timer);
    const isWanted = outputs.some((output) => output.isWanted);
    if (isWanted === isOn) return;
    const change = (): void => {
      isOn = isWanted;
      turn(isWanted);
    };
    if (isWanted) change();
    else timer = setTimeout(change, lingerMs);
  };
  const stops = outputs.map((output) => output.onWanted(look));
  look();
  return () => {
    clearTimeout(timer);
    for (const stop of stops) stop();
  };
}

/** Pictures as Annex B, unchanged but for the SPS and PPS that a key frame must have before it. */
function createVideoOutput(
  output: Output,
  about: { readonly machineId: string; readonly frameId: string },
): (item: FlvItem) => void {
  const sets = new Map<number, Uint8Array>();
  let sequence = 0;
  return (item) => {
    if (item.kind === 'other-codec') return;
    for (const unit of item.units) {
      const type = nalType(unit);
      // A copy: the view would keep all that came with it.
      if (type === NAL.sps || type === NAL.pps) sets.set(type, unit.slice());
    }
    if (item.kind !== 'picture') return;
    sequence += 1;
    if (!output.isWanted) return;
    const timeNs = nowNs();
    const header = { ...about, acqTimeNs: timeNs, pubTimeNs: timeNs, sequence };
    const units = item.isKey ? withParameterSets(item.units, sets) : item.units;
    void output.put(encodeCompressedFrame({ header, format: 'h264', data: joinAnnexB(units) }));
  };
}

function withParameterSets(units: readonly Uint8Array[], sets: ReadonlyMap<number, Uint8Array>): readonly Uint8Array[] {
  const missing = [NAL.sps, NAL.pps]
    .filter((type) => !units.some((unit) => nalType(unit) === type))
    .flatMap((type) => sets.get(type) ?? []);
  if (missing.length === 0) return units;
  // The delimiter, where there is one, stays the first; section 7.4.1.2.3 of H.264.
  const head = nalType(units[0] ?? NOTHING) === NAL.delimiter ? 1 : 0;
  return [...units.slice(0, head), ...missing, ...units.slice(head)];
}

const NOTHING = new Uint8Array(0);

interface PixelOutputOptions extends RtspCameraOptions {
  readonly ffmpeg: Ffmpeg;
  readonly camera: string;
}

/** Raw frames while somebody wants them; in between there is neither a decoder nor shared memory. */
class PixelOutput {
  readonly #output: Output;
  readonly #options: PixelOutputOptions;
  #provider: ShmProvider | undefined;
  #decoder: RawDecoder | undefined;
  #configuration: FlvItem | undefined;
  #isOpen = false;
  #isSending = false;

  constructor(output: Output, options: PixelOutputOptions) {
    this.#output = output;
    this.#options = options;
  }

  get pid(): number | undefined {
    return this.#decoder?.pid;
  }

  push(item: FlvItem): void {
    if (item.kind === 'configuration') this.#configuration = item;
    this.#decoder?.push(item);
  }

  open(): void {
    this.#isOpen = true;
    void this.#make().catch((error: Error) => this.#options.say(`no raw frames: ${error.message}`));
  }

  async close(): Promise<void> {
    this.#isOpen = false;
    const [decoder, provider] = [this.#decoder, this.#provider];
    this.#decoder = undefined;
    this.#provider = undefined;
    await decoder?.close();
    provider?.close();
  }

  async #make(): Promise<void> {
    const { session, config, machineId, camera, ffmpeg, say } = this.#options;
    const frameBytes = config.rawWidth * config.rawHeight * BYTES_PER_PIXEL;
    const provider = await session.createShmProvider(RAW_BUFFERS * (frameBytes + RAW_SLACK_BYTES));
    if (!this.#isOpen || this.#provider !== undefined) return provider.close();
    this.#provider = provider;
    const decoder = new RawDecoder({
      ...{ config, ffmpeg, provider, machineId, say, frameId: camera },
      onFrame: (frame) => {
        // The one before is still on its way: none is queued.
        if (this.#isSending || !this.#output.isWanted) return frame.release();
        this.#isSending = true;
        void this.#output.put(frame).finally(() => {
          this.#isSending = false;
        });
      },
    });
    this.#decoder = decoder;
    if (this.#configuration !== undefined) decoder.push(this.#configuration);
  }
}
