import { type CborArray, type CborMap, type CborValue, MAJOR } from './cbor.ts';
import { type Decoded, decoded, undecodable } from './decoded.ts';

/** A hostile nesting must not use up the stack. */
const MAX_DEPTH = 64;
/** A one-byte item can cost 50 bytes of heap; this bounds what a payload of any size can make of itself. */
const MAX_ITEMS = 1_000_000;
/** Longest big number (tags 2 and 3) that is turned into a bigint: quadratic work beyond. */
const MAX_BIGNUM_BYTES = 64;

const INDEFINITE = 31;
const BREAK = 0xff;

class Malformed extends Error {}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  position = 0;
  itemCount = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Moves past `count` bytes and returns where they begin; checked before anything is read or allocated. */
  take(count: number): number {
    const start = this.position;
    if (count > this.bytes.length - start)
      throw new Malformed(`ends ${count - (this.bytes.length - start)} bytes early`);
    this.position = start + count;
    return start;
  }

  peekByte(): number {
    const byte = this.bytes[this.position];
    if (byte === undefined) throw new Malformed('ends early');
    return byte;
  }

  /** The argument that follows an initial byte, RFC 8949 section 3. */
  argument(info: number): number | bigint {
    if (info < 24) return info;
    switch (info) {
      case 24:
        return this.view.getUint8(this.take(1));
      case 25:
        return this.view.getUint16(this.take(2));
      case 26:
        return this.view.getUint32(this.take(4));
      case 27: {
        const wide = this.view.getBigUint64(this.take(8));
        return wide <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wide) : wide;
      }
      default:
        throw new Malformed(`reserved length ${info} at byte ${this.position - 1}`);
    }
  }

  length(info: number): number {
    const length = this.argument(info);
    if (typeof length === 'bigint') throw new Malformed(`claims ${length} bytes or items`);
    return length;
  }

  atBreak(): boolean {
    if (this.peekByte() !== BREAK) return false;
    this.position += 1;
    return true;
  }

  item(depth: number): CborValue {
    if (depth > MAX_DEPTH) throw new Malformed(`nests deeper than ${MAX_DEPTH}`);
    this.itemCount += 1;
    if (this.itemCount > MAX_ITEMS) throw new Malformed(`holds more than ${MAX_ITEMS} items`);
    const initial = this.view.getUint8(this.take(1));
    const info = initial & 31;
    switch (initial >> 5) {
      case MAJOR.uint:
        return this.argument(info);
      case MAJOR.negative: {
        const argument = this.argument(info);
        if (typeof argument === 'bigint') return -1n - argument;
        return argument === Number.MAX_SAFE_INTEGER ? -1n - BigInt(argument) : -1 - argument;
      }
      case MAJOR.bytes:
        return info === INDEFINITE ? joinBytes(this.chunks(MAJOR.bytes)) : this.byteString(info);
      case MAJOR.text:
        if (info === INDEFINITE) return this.chunks(MAJOR.text).map(decodeText).join('');
        return decodeText(this.byteString(info));
      case MAJOR.array:
        return this.array(info, depth);
      case MAJOR.map:
        return this.map(info, depth);
      case MAJOR.tag:
        return this.tagged(info, depth);
      default:
        return this.simple(info);
    }
  }

  byteString(info: number): Uint8Array {
    const length = this.length(info);
    const start = this.take(length);
    return this.bytes.subarray(start, start + length);
  }

  chunks(major: number): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    while (!this.atBreak()) {
      const initial = this.view.getUint8(this.take(1));
      if (initial >> 5 !== major || (initial & 31) === INDEFINITE) throw new Malformed('mixes kinds in one string');
      this.itemCount += 1;
      if (this.itemCount > MAX_ITEMS) throw new Malformed(`holds more than ${MAX_ITEMS} items`);
      chunks.push(this.byteString(initial & 31));
    }
    return chunks;
  }

  array(info: number, depth: number): CborArray {
    const items: CborValue[] = [];
    if (info === INDEFINITE) {
      while (!this.atBreak()) items.push(this.item(depth + 1));
      return items;
    }
    const length = this.length(info);
    // Each item takes at least one byte: a claim beyond the input is refused before the loop.
    if (length > this.bytes.length - this.position) throw new Malformed(`claims ${length} items`);
    for (let index = 0; index < length; index += 1) items.push(this.item(depth + 1));
    return items;
  }

  map(info: number, depth: number): CborMap {
    const map: Record<string, CborValue> = {};
    if (info === INDEFINITE) {
      while (!this.atBreak()) this.entry(map, depth);
      return map;
    }
    const length = this.length(info);
    if (length * 2 > this.bytes.length - this.position) throw new Malformed(`claims ${length} entries`);
    for (let index = 0; index < length; index += 1) this.entry(map, depth);
    return map;
  }

  entry(map: Record<string, CborValue>, depth: number): void {
    const key = this.item(depth + 1);
    if (typeof key !== 'string' && typeof key !== 'number' && typeof key !== 'bigint') {
      throw new Malformed('has a map key that is neither text nor an integer');
    }
    const value = this.item(depth + 1);
    if (key === '__proto__') {
      Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
    } else map[key.toString()] = value;
  }

  /** Big numbers become bigint; any other tag only comments its content, which is what is returned. */
  tagged(info: number, depth: number): CborValue {
    const tag = this.argument(info);
    const content = this.item(depth + 1);
    if (tag !== 2 && tag !== 3) return content;
    if (!(content instanceof Uint8Array)) throw new Malformed('has a big number that is no byte string');
    if (content.length > MAX_BIGNUM_BYTES) throw new Malformed(`has a big number of ${content.length} bytes`);
    let magnitude = 0n;
    for (const byte of content) magnitude = (magnitude << 8n) | BigInt(byte);
    const number = tag === 2 ? magnitude : -1n - magnitude;
    return Number.isSafeInteger(Number(number)) ? Number(number) : number;
  }

  simple(info: number): CborValue {
    switch (info) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
        return null;
      case 25:
        return halfToNumber(this.view.getUint16(this.take(2)));
      case 26:
        return this.view.getFloat32(this.take(4));
      case 27:
        return this.view.getFloat64(this.take(8));
      case INDEFINITE:
        throw new Malformed('has a break outside of anything');
      default:
        // `undefined` (23) and the values nobody has assigned: present, without meaning.
        this.argument(info);
        return undefined;
    }
  }
}

function joinBytes(chunks: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}

function decodeText(bytes: Uint8Array): string {
  // Short ASCII, nearly every key and value here, is several times faster without the decoder's set-up.
  if (bytes.length < 32) {
    let text = '';
    for (const byte of bytes) {
      if (byte > 0x7f) return decodeUtf8(bytes);
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return decodeUtf8(bytes);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Malformed('has text that is not UTF-8');
  }
}

/** RFC 8949 appendix D. */
function halfToNumber(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Decodes exactly one item. Never throws, never allocates by a claimed length, never runs anything from the input.
 * Of equal map keys the last wins; integer keys become their decimal text.
 */
export function decodeCbor(bytes: Uint8Array): Decoded<CborValue> {
  const reader = new Reader(bytes);
  try {
    const value = reader.item(0);
    const rest = bytes.length - reader.position;
    return rest === 0 ? decoded(value) : undecodable(`CBOR is followed by ${rest} more bytes`);
  } catch (error) {
    if (error instanceof Malformed) return undecodable(bytes.length === 0 ? 'empty' : `no CBOR: ${error.message}`);
    throw error;
  }
}
