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
  if (nalType(sps) !== NAL.sps || sps.length < 4) return undefined;
  const bits = new BitReader(withoutEmulation(sps.subarray(1)));
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
  return width > 0 && height > 0 && width <= MAX_SIDE && height <= MAX_SIDE ? { width, height } : undefined;
}

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

/** Bits from the highest on; Exp-Golomb as in section 9.1. Past the end it reads zeros and says so. */
class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
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
