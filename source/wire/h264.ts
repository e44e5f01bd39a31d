/** H.264 as it travels, ITU-T H.264: NAL units, Annex B, and the few facts of an SPS that a viewer wants. */

/** Table 7-1, of nal_unit_type. */
export const NAL = { slice: 1, keySlice: 5, sei: 6, sps: 7, pps: 8, delimiter: 9 } as const;

/** nal_unit_type of a NAL unit, 0 of an empty one. */
export function nalType(unit: Uint8Array): number {
  return (unit[0] ?? 0) & 0x1f;
}

const START_CODE = Uint8Array.of(0, 0, 0, 1);

/** The NAL units of Annex B bytes, as views; what stands before the first start code is left out. */
export function splitAnnexB(bytes: Uint8Array): readonly Uint8Array[] {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const units: Uint8Array[] = [];
  let start = -1;
  for (let at = data.indexOf(SHORT_CODE); at !== -1; at = data.indexOf(SHORT_CODE, at + 3)) {
    if (start !== -1) pushTrimmed(units, bytes.subarray(start, at));
    start = at + 3;
  }
  if (start !== -1) pushTrimmed(units, bytes.subarray(start));
  return units;
}

const SHORT_CODE = Buffer.of(0, 0, 1);

/** Zeros at the end belong to the next start code or are padding: a NAL unit never ends in one. */
function pushTrimmed(units: Uint8Array[], unit: Uint8Array): void {
  let end = unit.length;
  while (end > 0 && unit[end - 1] === 0) end -= 1;
  if (end > 0) units.push(unit.subarray(0, end));
}

/** Annex B of NAL units. */
export function joinAnnexB(units: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(units.flatMap((unit) => [START_CODE, unit]));
}

/** Width and height in pixels that an SPS (a NAL unit of type 7) declares; undefined where it cannot be read. */
export function spsSize(sps: Uint8Array): { readonly width: number; readonly height: number } | undefined {
  return readSps(sps)?.size;
}

/**
 * The SPS without what it says of the order of pictures, of which a decoder of key frames alone must not wait for more
 * before it gives one out. Of the VUI (annex E.1.1) only the signal type stays, which tells how colours are meant. The
 * same SPS where it cannot be read.
 */
export function spsForKeyFrames(sps: Uint8Array): Uint8Array {
  const read = readSps(sps);
  if (read === undefined) return sps;
  const { bits, vuiAt } = read;
  const kept = bits.slice(0, vuiAt);
  const signal = readSignalType(bits, vuiAt);
  if (signal === undefined) kept.push(0);
  // VUI present; no aspect, no overscan; the signal; then no chroma, timing, HRD (2), picture structure, restrictions.
  else kept.push(1, 0, 0, ...signal, 0, 0, 0, 0, 0, 0);
  kept.push(1);
  while (kept.length % 8 !== 0) kept.push(0);
  const bytes = Array.from({ length: kept.length / 8 }, (_, index) =>
    kept.slice(index * 8, index * 8 + 8).reduce((value, bit) => value * 2 + bit, 0),
  );
  return Uint8Array.of(sps[0] ?? 0, ...withEmulation(bytes));
}

/** The bits of video_signal_type with its flag, annex E.1.1; undefined where the VUI has none. */
function readSignalType(all: readonly number[], vuiAt: number): readonly number[] | undefined {
  let at = vuiAt;
  const take = (count: number): number => {
    let value = 0;
    for (let index = 0; index < count; index += 1) value = value * 2 + (all[at + index] ?? 0);
    at += count;
    return value;
  };
  if (take(1) === 0) return undefined;
  // 255: the aspect ratio is told in full.
  if (take(1) === 1 && take(8) === 255) take(32);
  if (take(1) === 1) take(1);
  const from = at;
  if (take(1) === 0) return undefined;
  take(4);
  if (take(1) === 1) take(24);
  return at <= all.length ? all.slice(from, at) : undefined;
}

interface Sps {
  readonly size: { readonly width: number; readonly height: number };
  /** Of all after the first byte, without emulation prevention. */
  readonly bits: number[];
  /** Where vui_parameters_present_flag stands. */
  readonly vuiAt: number;
}

/** Section 7.3.2.1.1. */
function readSps(sps: Uint8Array): Sps | undefined {
  if (nalType(sps) !== NAL.sps || sps.length < 4 || sps.length > MAX_SPS_BYTES) return undefined;
  const bytes = withoutEmulation(sps.subarray(1));
  const bits = new BitReader(bytes);
  const profile = bits.take(8);
  bits.take(16);
  bits.unsigned();
  let chromaFormat = 1;
  if (PROFILES_WITH_CHROMA.has(profile)) {
    chromaFormat = bits.unsigned();
    if (chromaFormat === 3) bits.take(1);
    bits.unsigned();
    bits.unsigned();
    bits.take(1);
    if (bits.take(1) === 1) skipScalingLists(bits, chromaFormat === 3 ? 12 : 8);
  }
  bits.unsigned();
  skipOrderCount(bits);
  bits.unsigned();
  bits.take(1);
  const widthInBlocks = bits.unsigned() + 1;
  const heightInMaps = bits.unsigned() + 1;
  const isProgressive = bits.take(1);
  if (isProgressive === 0) bits.take(1);
  bits.take(1);
  const crop = bits.take(1) === 1 ? [bits.unsigned(), bits.unsigned(), bits.unsigned(), bits.unsigned()] : [];
  if (bits.isPastEnd) return undefined;
  // Section 7.4.2.1.1: the units of cropping.
  const unitX = chromaFormat === 1 || chromaFormat === 2 ? 2 : 1;
  const unitY = (chromaFormat === 1 ? 2 : 1) * (2 - isProgressive);
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const width = widthInBlocks * 16 - (left + right) * unitX;
  const height = (2 - isProgressive) * heightInMaps * 16 - (top + bottom) * unitY;
  const isBelievable = width > 0 && height > 0 && width <= MAX_SIDE && height <= MAX_SIDE;
  if (!isBelievable) return undefined;
  const all = [...bytes].flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((shift) => (byte >> shift) & 1));
  return { size: { width, height }, bits: all, vuiAt: bits.position };
}

/** With all its lists an SPS has some hundred bytes. */
const MAX_SPS_BYTES = 4_096;
const MAX_SIDE = 16_384;
/** Section 7.3.2.1.1: those whose SPS tells of chroma and scaling. */
const PROFILES_WITH_CHROMA: ReadonlySet<number> = new Set([
  100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135,
]);

function skipScalingLists(bits: BitReader, count: number): void {
  for (let list = 0; list < count; list += 1) {
    if (bits.take(1) === 0) continue;
    let [last, next] = [8, 8];
    for (let index = 0; index < (list < 6 ? 16 : 64) && !bits.isPastEnd; index += 1) {
      if (next !== 0) next = (last + bits.signed() + 256) % 256;
      last = next === 0 ? last : next;
    }
  }
}

function skipOrderCount(bits: BitReader): void {
  const type = bits.unsigned();
  if (type === 0) bits.unsigned();
  if (type !== 1) return;
  bits.take(1);
  bits.signed();
  bits.signed();
  const cycle = bits.unsigned();
  for (let index = 0; index < cycle && !bits.isPastEnd; index += 1) bits.signed();
}

/** Section 7.4.1: a 3 after two zeros is there only to break up a start code. */
function withoutEmulation(bytes: Uint8Array): Uint8Array {
  const kept: number[] = [];
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    kept.push(byte);
  }
  return Uint8Array.from(kept);
}

function withEmulation(bytes: readonly number[]): readonly number[] {
  const escaped: number[] = [];
  let zeros = 0;
  for (const byte of bytes) {
    if (zeros >= 2 && byte <= 3) {
      escaped.push(3);
      zeros = 0;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    escaped.push(byte);
  }
  return escaped;
}

/** Bits from the highest on; Exp-Golomb as in section 9.1. Past the end it reads zeros and says so. */
class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get position(): number {
    return this.#position;
  }

  get isPastEnd(): boolean {
    return this.#position > this.#bytes.length * 8;
  }

  take(count: number): number {
    let value = 0;
    for (let index = 0; index < count; index += 1) {
      const byte = this.#bytes[this.#position >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#position & 7))) & 1);
      this.#position += 1;
    }
    return value;
  }

  unsigned(): number {
    let zeros = 0;
    while (zeros < 32 && !this.isPastEnd && this.take(1) === 0) zeros += 1;
    return 2 ** zeros - 1 + this.take(zeros);
  }

  signed(): number {
    const value = this.unsigned();
    return value % 2 === 0 ? -value / 2 : (value + 1) / 2;
  }
}
