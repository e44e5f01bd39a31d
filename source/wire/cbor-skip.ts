/** Finding where CBOR items end, without decoding them. RFC 8949, section 3. */

const MAX_DEPTH = 64;
const BREAK = 0xff;
const INDEFINITE = 31;
const MAJOR_BYTES = 2;
const MAJOR_TEXT = 3;
const MAJOR_ARRAY = 4;
const MAJOR_MAP = 5;
const MAJOR_TAG = 6;

/** Head of an item: its major type, and its argument; -1 for one of indefinite length. */
export interface CborHead {
  readonly major: number;
  readonly argument: number;
  /** Where the head ends. */
  readonly end: number;
}

/** Undefined where the bytes end before the head does, or it is none that we read. */
export function readHead(bytes: Buffer, at: number): CborHead | undefined {
  const first = bytes[at];
  if (first === undefined) return undefined;
  const major = first >> 5;
  const detail = first & 31;
  if (detail < 24) return { major, argument: detail, end: at + 1 };
  if (detail === INDEFINITE) return { major, argument: -1, end: at + 1 };
  if (detail > 27) return undefined;
  const size = 1 << (detail - 24);
  const end = at + 1 + size;
  if (end > bytes.length) return undefined;
  const argument =
    size === 8 ? bytes.readUInt32BE(at + 1) * 2 ** 32 + bytes.readUInt32BE(at + 5) : bytes.readUIntBE(at + 1, size);
  return { major, argument, end };
}

/** Where the item that begins at `at` ends; -1 where it is cut short, too deep, or not well formed. */
export function skipItem(bytes: Buffer, at: number, depth = 0): number {
  const head = readHead(bytes, at);
  if (head === undefined || depth > MAX_DEPTH) return -1;
  const { major, argument, end } = head;
  switch (major) {
    case MAJOR_BYTES:
    case MAJOR_TEXT:
      if (argument < 0) return skipUntilBreak(bytes, end, depth);
      return end + argument <= bytes.length ? end + argument : -1;
    case MAJOR_ARRAY:
    case MAJOR_MAP:
      if (argument < 0) return skipUntilBreak(bytes, end, depth);
      return skipItems(bytes, end, major === MAJOR_MAP ? argument * 2 : argument, depth);
    case MAJOR_TAG:
      return argument < 0 ? -1 : skipItem(bytes, end, depth + 1);
    default:
      // Numbers, simple values and floats have no content; an end without a beginning is no item.
      return argument < 0 ? -1 : end;
  }
}

function skipItems(bytes: Buffer, at: number, count: number, depth: number): number {
  // Each item has a byte at least: a count that claims more is refused before it is counted.
  if (count > bytes.length - at) return -1;
  let end = at;
  for (let item = 0; item < count; item += 1) {
    end = skipItem(bytes, end, depth + 1);
    if (end < 0) return -1;
  }
  return end;
}

function skipUntilBreak(bytes: Buffer, at: number, depth: number): number {
  let end = at;
  while (end < bytes.length) {
    if (bytes[end] === BREAK) return end + 1;
    end = skipItem(bytes, end, depth + 1);
    if (end < 0) return -1;
  }
  return -1;
}

/** The key of a map's field, where it is text: also where its value begins. Undefined where it is none, or cut short. */
export function readKey(bytes: Buffer, at: number): { readonly key: string; readonly end: number } | undefined {
  const head = readHead(bytes, at);
  if (head?.major !== MAJOR_TEXT || head.argument < 0) return undefined;
  const end = head.end + head.argument;
  return end > bytes.length ? undefined : { key: bytes.toString('latin1', head.end, end), end };
}

/** Number of fields of the map at `at` and where the first begins; undefined for none, or one of indefinite length. */
export function readMapHead(bytes: Buffer, at: number): { readonly count: number; readonly end: number } | undefined {
  return readCount(bytes, at, MAJOR_MAP);
}

/** As {@link readMapHead}, of an array. */
export function readArrayHead(bytes: Buffer, at: number): { readonly count: number; readonly end: number } | undefined {
  return readCount(bytes, at, MAJOR_ARRAY);
}

function readCount(
  bytes: Buffer,
  at: number,
  major: number,
): { readonly count: number; readonly end: number } | undefined {
  const head = readHead(bytes, at);
  if (head?.major !== major || head.argument < 0) return undefined;
  return { count: head.argument, end: head.end };
}
