/**
 * Reads the FLV that ffmpeg writes, Adobe "Video File Format Specification" version 10.1, annex E. FLV and not bare H.264,
 * because it says where each picture ends: a reader of bare H.264 knows only when the next one begins, a whole picture
 * later.
 */
import { NAL, nalType } from '../wire/h264.ts';

export type FlvItem =
  /** SPS and PPS. */
  | { readonly kind: 'configuration'; readonly tag: Uint8Array; readonly units: readonly Uint8Array[] }
  /** One picture: its NAL units, and the tag as it came, for another reader of FLV. */
  | {
      readonly kind: 'picture';
      readonly tag: Uint8Array;
      readonly isKey: boolean;
      readonly units: readonly Uint8Array[];
    }
  /** Video in something else than H.264. */
  | { readonly kind: 'other-codec'; readonly codec: string };

/** What stands before the first tag of a stream with video only. */
export const FLV_HEADER: Uint8Array = Uint8Array.of(0x46, 0x4c, 0x56, 1, 1, 0, 0, 0, 9, 0, 0, 0, 0);

const TAG_HEAD_BYTES = 11;
const TAG_END_BYTES = 4;
const VIDEO_TAG = 9;
const AVC = 7;

/** Takes the bytes as they come. Throws FlvError on what is no FLV; it is of no use afterwards. */
export class FlvReader {
  #chunks: Uint8Array[] = [];
  #length = 0;
  #wanted = FLV_HEADER.length;
  #isHeaderRead = false;
  #lengthBytes = 4;

  push(chunk: Uint8Array): readonly FlvItem[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    // Joined only once a whole tag is there: a key frame comes in many pieces.
    if (this.#length < this.#wanted) return [];
    let bytes: Uint8Array = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks);
    const items: FlvItem[] = [];
    for (;;) {
      this.#wanted = this.#wantedFrom(bytes);
      if (bytes.length < this.#wanted) break;
      if (this.#isHeaderRead) this.#readTag(bytes.subarray(0, this.#wanted), items);
      this.#isHeaderRead = true;
      bytes = bytes.subarray(this.#wanted);
    }
    this.#chunks = bytes.length === 0 ? [] : [bytes];
    this.#length = bytes.length;
    return items;
  }

  #wantedFrom(bytes: Uint8Array): number {
    if (!this.#isHeaderRead) {
      if (bytes.length >= 3 && (bytes[0] !== 0x46 || bytes[1] !== 0x4c || bytes[2] !== 0x56)) throw new FlvError();
      return FLV_HEADER.length;
    }
    if (bytes.length < TAG_HEAD_BYTES) return TAG_HEAD_BYTES;
    const bodyBytes = ((bytes[1] ?? 0) << 16) | ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
    return TAG_HEAD_BYTES + bodyBytes + TAG_END_BYTES;
  }

  #readTag(tag: Uint8Array, items: FlvItem[]): void {
    if (((tag[0] ?? 0) & 0x1f) !== VIDEO_TAG) return;
    const body = tag.subarray(TAG_HEAD_BYTES, tag.length - TAG_END_BYTES);
    const flags = body[0] ?? 0;
    // Enhanced RTMP, version 1: the codec is a word.
    if ((flags & 0x80) !== 0) {
      items.push({ kind: 'other-codec', codec: Buffer.from(body.subarray(1, 5)).toString('latin1') });
    } else if ((flags & 0x0f) !== AVC) {
      items.push({ kind: 'other-codec', codec: `codec ${flags & 0x0f}` });
    } else if (body[1] === 0) {
      const { units, lengthBytes } = readConfiguration(body.subarray(5));
      this.#lengthBytes = lengthBytes;
      items.push({ kind: 'configuration', tag, units });
    } else if (body[1] === 1) {
      const units = readUnits(body.subarray(5), this.#lengthBytes);
      if (units.length === 0) return;
      const isKey = flags >> 4 === 1 || units.some((unit) => nalType(unit) === NAL.keySlice);
      items.push({ kind: 'picture', tag, isKey, units });
    }
  }
}

export class FlvError extends Error {
  constructor() {
    super('what came is no FLV');
    this.name = 'FlvError';
  }
}

/** AVCDecoderConfigurationRecord, ISO/IEC 14496-15 section 5.2.4.1. */
function readConfiguration(bytes: Uint8Array): { readonly units: readonly Uint8Array[]; readonly lengthBytes: number } {
  const units: Uint8Array[] = [];
  let at = 5;
  for (const mask of [0x1f, 0xff]) {
    const count = (bytes[at] ?? 0) & mask;
    at += 1;
    for (let index = 0; index < count && at + 2 <= bytes.length; index += 1) {
      const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
      const unit = bytes.subarray(at + 2, at + 2 + length);
      if (unit.length === length && length > 0) units.push(unit);
      at += 2 + length;
    }
  }
  return { units, lengthBytes: ((bytes[4] ?? 3) & 3) + 1 };
}

/** NAL units, each after its length; one that is cut off is left out. */
function readUnits(bytes: Uint8Array, lengthBytes: number): readonly Uint8Array[] {
  const units: Uint8Array[] = [];
  let at = 0;
  while (at + lengthBytes <= bytes.length) {
    let length = 0;
    for (let index = 0; index < lengthBytes; index += 1) length = length * 256 + (bytes[at + index] ?? 0);
    at += lengthBytes;
    if (length > bytes.length - at) break;
    if (length > 0) units.push(bytes.subarray(at, at + length));
    at += length;
  }
  return units;
}
