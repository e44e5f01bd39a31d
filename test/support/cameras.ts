/** Cameras for tests: pictures made of a number, sent as a real camera would. */
import { execFileSync } from 'node:child_process';
import {
  bytesPerPixel,
  type CameraHeader,
  encodeCompressedFrame,
  type PixelEncoding,
  rawFramePrefix,
} from '../../source/wire/camera.ts';
import { joinAnnexB, NAL, nalType, splitAnnexB } from '../../source/wire/h264.ts';
import { compressedFrameKey, nodeManifestKey, rawFrameKey } from '../../source/wire/keys.ts';
import { encodeNodeManifest } from '../../source/wire/manifest.ts';
import type { Session } from '../../source/zenoh/session.ts';

export function headerOf(sequence: number, machineId = 'm', frameId = 'cam'): CameraHeader {
  const nowNs = BigInt(Date.now()) * 1_000_000n;
  return { acqTimeNs: nowNs, pubTimeNs: nowNs, sequence, frameId, machineId };
}

/** Payload of a raw frame, all of one brightness. */
export function rawPayload(options: {
  readonly width: number;
  readonly height: number;
  readonly value: number;
  readonly sequence: number;
  readonly encoding?: PixelEncoding;
  /** Bytes of pixels, where they are not to fit the size. */
  readonly dataBytes?: number;
}): Uint8Array {
  const { width, height, value, sequence, encoding = 'rgba8' } = options;
  const step = width * bytesPerPixel(encoding);
  const dataBytes = options.dataBytes ?? step * height;
  const prefix = rawFramePrefix({ header: headerOf(sequence), width, height, encoding, step }, dataBytes);
  const payload = new Uint8Array(prefix.length + dataBytes).fill(value);
  payload.set(prefix);
  return payload;
}

/** Sends raw frames, brighter and brighter, until stopped. */
export function sendRaw(
  session: Session,
  options: { readonly rateHz?: number; readonly make?: (sequence: number) => Uint8Array } = {},
): () => void {
  const {
    rateHz = 50,
    make = (sequence) => rawPayload({ width: 64, height: 48, value: 40 + (sequence % 200), sequence }),
  } = options;
  let sequence = 0;
  const timer = setInterval(() => {
    sequence += 1;
    session.put(rawFrameKey('m', 'cam'), make(sequence)).catch(() => undefined);
  }, 1_000 / rateHz);
  return () => clearInterval(timer);
}

/** Sends the same payloads on `…/cam/compressed`, one after the other, again and again. */
export function sendCompressed(session: Session, payloads: readonly Uint8Array[], periodMs = 50): () => void {
  let count = 0;
  const timer = setInterval(() => {
    const payload = payloads[count % payloads.length];
    count += 1;
    if (payload !== undefined) session.put(compressedFrameKey('m', 'cam'), payload).catch(() => undefined);
  }, periodMs);
  return () => clearInterval(timer);
}

/** Answers for a camera `cam` on machine `m`. */
export async function declareCamera(session: Session, topics: readonly string[], node = 'cam'): Promise<void> {
  const key = nodeManifestKey('m', node);
  const manifest = encodeNodeManifest({
    instanceName: node,
    machineId: 'm',
    role: 'source',
    inputs: [],
    outputs: topics.map((topic) => ({ topic, everFired: false, stillLive: true, declaredAtNs: 0n })),
    schemaVersion: 2,
    startedAtNs: 0n,
    nodeKind: 'camera',
  });
  await session.declareQueryable(key, (query) => query.reply(key, manifest));
}

/** Real H.264 in the given colour, a payload for each picture: a key frame, then others. */
export function h264Payloads(size: string, color: string, frames = 3): readonly Uint8Array[] {
  const bytes: Uint8Array = execFileSync(
    'ffmpeg',
    [
      ...['-hide_banner', '-loglevel', 'error', '-f', 'lavfi', '-i', `color=${color}:size=${size}:rate=10`],
      ...['-frames:v', String(frames), '-g', '100', '-pix_fmt', 'yuv420p', '-c:v', 'libx264', '-f', 'h264', 'pipe:1'],
    ],
    { maxBuffer: 1 << 26 },
  );
  const pictures: Uint8Array[][] = [[]];
  for (const unit of splitAnnexB(bytes)) {
    pictures.at(-1)?.push(unit);
    if (nalType(unit) === NAL.slice || nalType(unit) === NAL.keySlice) pictures.push([]);
  }
  return pictures
    .filter((units) => units.length > 0)
    .map((units, index) => encodeCompressedFrame({ header: headerOf(index), format: 'h264', data: joinAnnexB(units) }));
}
