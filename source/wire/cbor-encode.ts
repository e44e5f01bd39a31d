import { type Encodable, MAJOR } from './cbor.ts';

const textEncoder = new TextEncoder();

class Writer {
  buffer = new Uint8Array(512);
  view = new DataView(this.buffer.buffer);
  position = 0;

  reserve(count: number): number {
    const start = this.position;
    const needed = start + count;
    if (needed > this.buffer.length) {
      const grown = new Uint8Array(Math.max(needed, this.buffer.length * 2));
      grown.set(this.buffer.subarray(0, start));
      this.buffer = grown;
      this.view = new DataView(grown.buffer);
    }
    this.position = needed;
    return start;
  }

  head(major: number, argument: number | bigint): void {
    const kind = major << 5;
    if (argument < 24) this.view.setUint8(this.reserve(1), kind | Number(argument));
    else if (argument <= 0xff) {
      const at = this.reserve(2);
      this.view.setUint8(at, kind | 24);
      this.view.setUint8(at + 1, Number(argument));
    } else if (argument <= 0xffff) {
      const at = this.reserve(3);
      this.view.setUint8(at, kind | 25);
      this.view.setUint16(at + 1, Number(argument));
    } else if (argument <= 0xffffffff) {
      const at = this.reserve(5);
      this.view.setUint8(at, kind | 26);
      this.view.setUint32(at + 1, Number(argument));
    } else {
      const at = this.reserve(9);
      this.view.setUint8(at, kind | 27);
      this.view.setBigUint64(at + 1, BigInt(argument));
    }
  }

  integer(value: number | bigint): void {
    if (value >= 0) this.head(MAJOR.uint, value);
    else this.head(MAJOR.negative, typeof value === 'bigint' ? -1n - value : -1 - value);
  }

  item(value: Encodable): void {
    switch (typeof value) {
      case 'undefined':
        this.view.setUint8(this.reserve(1), 0xf7);
        return;
      case 'boolean':
        this.view.setUint8(this.reserve(1), value ? 0xf5 : 0xf4);
        return;
      case 'number':
        if (Number.isSafeInteger(value) && !Object.is(value, -0)) this.integer(value);
        else {
          const at = this.reserve(9);
          this.view.setUint8(at, 0xfb);
          this.view.setFloat64(at + 1, value);
        }
        return;
      case 'bigint':
        if (value > 0xffff_ffff_ffff_ffffn || value < -0x1_0000_0000_0000_0000n) {
          throw new RangeError(`${value} does not fit 64 bits`);
        }
        this.integer(value);
        return;
      case 'string': {
        const bytes = textEncoder.encode(value);
        this.head(MAJOR.text, bytes.length);
        const at = this.reserve(bytes.length);
        this.buffer.set(bytes, at);
        return;
      }
    }
    if (value === null) this.view.setUint8(this.reserve(1), 0xf6);
    else if (value instanceof Uint8Array) {
      this.head(MAJOR.bytes, value.length);
      const at = this.reserve(value.length);
      this.buffer.set(value, at);
    } else if (isArray(value)) {
      this.head(MAJOR.array, value.length);
      for (const item of value) this.item(item);
    } else {
      const entries = Object.entries(value).filter(([, item]) => item !== undefined);
      this.head(MAJOR.map, entries.length);
      for (const [key, item] of entries) {
        this.item(key);
        this.item(item);
      }
    }
  }
}

function isArray(value: object): value is readonly Encodable[] {
  return Array.isArray(value);
}

/**
 * Encodes with definite lengths and the shortest heads. Whole numbers go as integers whatever their size, all others
 * as 64-bit floats. Throws RangeError on a bigint beyond 64 bits.
 */
export function encodeCbor(value: Encodable): Uint8Array {
  const writer = new Writer();
  writer.item(value);
  return writer.buffer.subarray(0, writer.position);
}
