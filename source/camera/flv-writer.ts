/**
 * Wraps key frames into FLV (Adobe "Video File Format Specification" version 10.1, annex E) for ffmpeg: of bare H.264 it
 * reads several pictures before it gives out the first.
 */
import { NAL, nalType } from '../wire/h264.ts';

const HEADER = Buffer.of(0x46, 0x4c, 0x56, 1, 1, 0, 0, 0, 9, 0, 0, 0, 0);
const TAG_HEAD_BYTES = 11;
const VIDEO_TAG = 9;
/** Key frame, AVC. */
const KEY_AVC = 0x17;

/** What a stream begins with: the header, and the parameter sets among `units`. Undefined where there are none. */
export function flvBegin(units: readonly Uint8Array[]): Uint8Array | undefined {
  const sps = units.filter((unit) => nalType(unit) === NAL.sps);
  const pps = units.filter((unit) => nalType(unit) === NAL.pps);
  const [first] = sps;
  if (first === undefined || first.length < 4 || pps.length === 0) return undefined;
  // AVCDecoderConfigurationRecord, ISO/IEC 14496-15 section 5.2.4.1; lengths of units have 4 bytes.
  const configuration = Buffer.concat([
    Buffer.of(1, first[1] ?? 0, first[2] ?? 0, first[3] ?? 0, 0xff, 0xe0 | sps.length),
    ...sps.flatMap((unit) => [lengthOf(unit, 2), unit]),
    Buffer.of(pps.length),
    ...pps.flatMap((unit) => [lengthOf(unit, 2), unit]),
  ]);
  return Buffer.concat([HEADER, tag(0, 0, configuration)]);
}

/** One key frame; `timeMs` counts up. */
export function flvKeyFrame(units: readonly Uint8Array[], timeMs: number): Uint8Array {
  return tag(1, timeMs, Buffer.concat(units.flatMap((unit) => [lengthOf(unit, 4), unit])));
}

function tag(packetType: number, timeMs: number, data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(TAG_HEAD_BYTES + 5 + data.length + 4);
  bytes[0] = VIDEO_TAG;
  bytes.writeUIntBE(5 + data.length, 1, 3);
  bytes.writeUIntBE(timeMs & 0xff_ffff, 4, 3);
  bytes[7] = (timeMs >>> 24) & 0x7f;
  bytes[11] = KEY_AVC;
  bytes[12] = packetType;
  bytes.set(data, TAG_HEAD_BYTES + 5);
  bytes.writeUInt32BE(TAG_HEAD_BYTES + 5 + data.length, TAG_HEAD_BYTES + 5 + data.length);
  return bytes;
}

function lengthOf(unit: Uint8Array, bytes: 2 | 4): Uint8Array {
  const length = Buffer.alloc(bytes);
  length.writeUIntBE(unit.length, 0, bytes);
  return length;
}
