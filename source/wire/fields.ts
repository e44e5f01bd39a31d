import type { CborMap, CborValue } from './cbor.ts';
import { decodeCbor } from './cbor-decode.ts';
import { type Decoded, decoded, undecodable } from './decoded.ts';

/** Thrown by {@link Fields} and caught by {@link decodeRecord}; never seen outside this folder. */
class WrongField extends Error {}

/**
 * Typed access to the fields of a decoded map. A field that is absent or null takes the fallback, so that older and
 * newer senders are both understood; one of the wrong type fails the record, and the reason names it. Fields nobody
 * asks for are ignored.
 */
export class Fields {
  readonly map: CborMap;
  /** Where this map stands in the whole, for reasons: `nodes[2].`, empty at the top. */
  readonly path: string;

  constructor(value: CborValue, path = '') {
    if (!isMap(value))
      throw new WrongField(`${path === '' ? 'it' : path.replace(/\.$/, '')} is ${kindOf(value)}, no map`);
    this.map = value;
    this.path = path;
  }

  get(key: string): CborValue {
    return Object.hasOwn(this.map, key) ? (this.map[key] ?? undefined) : undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  wrong(key: string, wanted: string): WrongField {
    return new WrongField(`${this.path}${key} is ${kindOf(this.get(key))}, no ${wanted}`);
  }

  text(key: string, fallback?: string): string {
    const value = this.get(key) ?? fallback;
    if (typeof value !== 'string') throw this.wrong(key, 'text');
    return value;
  }

  flag(key: string, fallback?: boolean): boolean {
    const value = this.get(key) ?? fallback;
    if (typeof value !== 'boolean') throw this.wrong(key, 'boolean');
    return value;
  }

  /** Any finite number; a 64-bit integer beyond 2^53 is rounded. */
  number(key: string, fallback?: number): number {
    const value = this.get(key) ?? fallback;
    if (typeof value === 'bigint') return Number(value);
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.wrong(key, 'number');
    return value;
  }

  /** A whole number; senders in languages without integers give floats, which are cut. */
  integer(key: string, fallback?: number): number {
    return Math.trunc(this.number(key, fallback));
  }

  /** An unsigned 64-bit integer, exact. */
  uint64(key: string, fallback?: bigint): bigint {
    const value = this.get(key) ?? fallback;
    if (typeof value === 'bigint' && value >= 0n && value <= 0xffff_ffff_ffff_ffffn) return value;
    if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return BigInt(Math.trunc(value));
    throw this.wrong(key, 'unsigned integer');
  }

  bytes(key: string): Uint8Array {
    const value = this.get(key);
    if (!(value instanceof Uint8Array)) throw this.wrong(key, 'byte string');
    return value;
  }

  /** Absent is empty; an item that is no text fails the record. */
  texts(key: string): readonly string[] {
    return this.list(key).map((item, index) => {
      if (typeof item !== 'string') throw this.wrong(`${key}[${index}]`, 'text');
      return item;
    });
  }

  numbers(key: string): readonly number[] {
    return this.list(key).map((item, index) => {
      if (typeof item !== 'number') throw this.wrong(`${key}[${index}]`, 'number');
      return item;
    });
  }

  list(key: string): readonly CborValue[] {
    const value = this.get(key) ?? [];
    if (!isList(value)) throw this.wrong(key, 'array');
    return value;
  }

  fields(key: string): Fields {
    return new Fields(this.get(key), `${this.path}${key}.`);
  }

  /** The maps of an array. */
  maps(key: string): readonly Fields[] {
    return this.list(key).map((item, index) => new Fields(item, `${this.path}${key}[${index}].`));
  }
}

export function isMap(value: CborValue): value is CborMap {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !Array.isArray(value);
}

export function isList(value: CborValue): value is readonly CborValue[] {
  return Array.isArray(value);
}

function kindOf(value: CborValue): string {
  if (value === undefined || value === null) return 'absent';
  if (value instanceof Uint8Array) return 'a byte string';
  if (isList(value)) return 'an array';
  switch (typeof value) {
    case 'string':
      return 'text';
    case 'number':
    case 'bigint':
      return `the number ${value}`;
    case 'boolean':
      return `the boolean ${value}`;
    default:
      return 'a map';
  }
}

/** Runs `read` on the map that `value` should be. */
export function readRecord<T>(value: CborValue, read: (fields: Fields) => T): Decoded<T> {
  try {
    return decoded(read(new Fields(value)));
  } catch (error) {
    if (error instanceof WrongField) return undecodable(error.message);
    throw error;
  }
}

/** Decodes CBOR bytes and runs `read` on the map they should hold. */
export function decodeRecord<T>(bytes: Uint8Array, read: (fields: Fields) => T): Decoded<T> {
  const item = decodeCbor(bytes);
  return item.ok ? readRecord(item.value, read) : item;
}

/** Splits an array into the records that read well and the reasons why the others do not. */
export function readEach<T>(
  list: readonly CborValue[],
  label: string,
  read: (fields: Fields) => T,
): { readonly good: readonly T[]; readonly reasons: readonly string[] } {
  const good: T[] = [];
  const reasons: string[] = [];
  for (const [index, item] of list.entries()) {
    const result = readRecord(item, read);
    if (result.ok) good.push(result.value);
    else reasons.push(`${label}[${index}]: ${result.reason}`);
  }
  return { good, reasons };
}
