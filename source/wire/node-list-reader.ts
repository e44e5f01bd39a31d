/**
 * Reads one daemon's node lists, one after the other, at the cost of what changed between them: a record whose bytes are
 * those of the last list is not decoded again.
 */
import type { CborValue } from './cbor.ts';
import { decodeCbor } from './cbor-decode.ts';
import { readArrayHead, readKey, readMapHead, skipItem } from './cbor-skip.ts';
import { type Decoded, decoded } from './decoded.ts';
import { readRecord } from './fields.ts';
import { decodeNodeList, type NodeList, type NodeState, readNodeState } from './node-state.ts';

export interface NodeListReader {
  /**
   * As {@link decodeNodeList}, and sharing: a node that did not change is the same object as in the list before, and so is
   * the list of nodes where none did. Not changes are the time of a heartbeat, which stays the first one's, and a rate that
   * is the same to one decimal.
   */
  read(bytes: Uint8Array): Decoded<NodeList>;
}

/** These change all the time, and mostly without being news. */
const HEARTBEAT_FIELD = 'last_health_check_ms';
const RATE_FIELD = 'output_rate_hz';

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where a record stood; the spans inside are counted from its beginning. */
interface Placed extends Span {
  readonly node: NodeState;
  /** Values of the fields above, in the order in which they stand. */
  readonly loose: readonly Span[];
  readonly rate: Span | undefined;
}

export function createNodeListReader(): NodeListReader {
  let lastBytes: Buffer = Buffer.alloc(0);
  let lastPlaces: readonly Placed[] = [];
  let lastNodes: readonly NodeState[] = [];
  return {
    read(payload) {
      const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
      const list = readList(bytes, lastBytes, lastPlaces);
      if (list === undefined) {
        lastBytes = Buffer.alloc(0);
        lastPlaces = [];
        lastNodes = [];
        return decodeNodeList(payload);
      }
      const { places } = list;
      // Bytes that say the same are let go of: those before serve as well, and memory that lives on costs more than any other.
      if (places.length !== lastPlaces.length || places.some((place, index) => place !== lastPlaces[index])) {
        const isSame =
          places.length === lastNodes.length && places.every((place, index) => place.node === lastNodes[index]);
        if (!isSame) lastNodes = places.map((place) => place.node);
        lastBytes = bytes;
        lastPlaces = places;
      }
      return decoded({ nodes: lastNodes, timestampMs: list.timestampMs, machineId: list.machineId, invalid: [] });
    },
  };
}

interface Rest {
  readonly timestampMs: number;
  readonly machineId: string;
}

/** Undefined for all that is out of the ordinary, mistakes included: the whole decoder has the words for those. */
function readList(
  bytes: Buffer,
  before: Buffer,
  known: readonly Placed[],
): (Rest & { readonly places: readonly Placed[] }) | undefined {
  const map = readMapHead(bytes, 0);
  if (map === undefined) return undefined;
  let places: readonly Placed[] | undefined;
  const rest = new Map<string, CborValue>();
  let at = map.end;
  for (let field = 0; field < map.count; field += 1) {
    const key = readKey(bytes, at);
    if (key === undefined) return undefined;
    if (key.key === 'nodes') {
      if (places !== undefined) return undefined;
      places = readPlaces(bytes, key.end, before, known);
      if (places === undefined) return undefined;
      at = places.at(-1)?.end ?? skipItem(bytes, key.end);
    } else {
      at = skipItem(bytes, key.end);
      const item = decodeCbor(bytes.subarray(key.end, at));
      if (at < 0 || !item.ok) return undefined;
      rest.set(key.key, item.value);
    }
    if (at < 0) return undefined;
  }
  if (at !== bytes.length || places === undefined) return undefined;
  const others = readRest(rest);
  return others && { ...others, places };
}

function readRest(items: ReadonlyMap<string, CborValue>): Rest | undefined {
  const read = readRecord(Object.fromEntries(items), (fields) => ({
    timestampMs: fields.integer('timestamp_ms', 0),
    machineId: fields.text('machine_id', ''),
  }));
  return read.ok ? read.value : undefined;
}

function readPlaces(
  bytes: Buffer,
  start: number,
  before: Buffer,
  known: readonly Placed[],
): readonly Placed[] | undefined {
  const array = readArrayHead(bytes, start);
  if (array === undefined || array.count > bytes.length) return undefined;
  const places: Placed[] = [];
  let at = array.end;
  for (let index = 0; index < array.count; index += 1) {
    const old = known[index];
    const place = (old && moved(bytes, at, before, old)) ?? readPlace(bytes, at);
    if (place === undefined) return undefined;
    places.push(place);
    at = place.end;
  }
  return places;
}

/** The record at `at` where it is `old` again, but for its loose fields. */
function moved(bytes: Buffer, at: number, before: Buffer, old: Placed): Placed | undefined {
  const length = old.end - old.start;
  if (at + length > bytes.length) return undefined;
  let from = 0;
  for (const { start, end } of old.loose) {
    if (!isSame(bytes, at, before, old.start, from, start)) return undefined;
    // Another length: all behind it has moved.
    if (numberLength(bytes[at + start]) !== end - start) return undefined;
    from = end;
  }
  if (!isSame(bytes, at, before, old.start, from, length)) return undefined;
  const place = at === old.start ? old : { ...old, start: at, end: at + length };
  const { rate } = old;
  if (rate === undefined || isSame(bytes, at, before, old.start, rate.start, rate.end)) return place;
  const item = decodeCbor(bytes.subarray(at + rate.start, at + rate.end));
  if (!item.ok || typeof item.value !== 'number') return undefined;
  const outputRateHz = item.value;
  return isSameRate(outputRateHz, old.node.outputRateHz) ? place : { ...place, node: { ...old.node, outputRateHz } };
}

function isSame(a: Buffer, atA: number, b: Buffer, atB: number, from: number, to: number): boolean {
  return a.compare(b, atB + from, atB + to, atA + from, atA + to) === 0;
}

function isSameRate(a: number, b: number | undefined): boolean {
  return b !== undefined && Math.round(a * 10) === Math.round(b * 10);
}

function readPlace(bytes: Buffer, start: number): Placed | undefined {
  const map = readMapHead(bytes, start);
  if (map === undefined) return undefined;
  const loose: Span[] = [];
  let rate: Span | undefined;
  let at = map.end;
  for (let field = 0; field < map.count; field += 1) {
    const key = readKey(bytes, at);
    if (key === undefined) return undefined;
    at = skipItem(bytes, key.end);
    if (at < 0) return undefined;
    if (key.key !== HEARTBEAT_FIELD && key.key !== RATE_FIELD) continue;
    // A number's head tells its length; of anything else the whole decoder is to judge.
    if (numberLength(bytes[key.end]) !== at - key.end) return undefined;
    const span = { start: key.end - start, end: at - start };
    loose.push(span);
    if (key.key === RATE_FIELD) rate = span;
  }
  const item = decodeCbor(bytes.subarray(start, at));
  const node = item.ok ? readRecord(item.value, readNodeState) : item;
  return node.ok ? { start, end: at, node: node.value, loose, rate } : undefined;
}

/** Bytes of a number that begins so, majors 0 and 1 and floats of RFC 8949; undefined for all that is none. */
function numberLength(head: number | undefined): number | undefined {
  if (head === undefined || (head >= 0x40 && (head < 0xf9 || head > 0xfb))) return undefined;
  const detail = head & 31;
  if (detail < 24) return 1;
  return detail > 27 ? undefined : 1 + (1 << (detail - 24));
}
