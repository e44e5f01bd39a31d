/**
 * The file of a recording, as bytes. A line that says what it is, then places of one size that are filled in turns, so that
 * it never grows beyond its bound: when all are full the oldest is written over.
 *
 *     bubbaloop-recording 1 PLACE_BYTES\n     padded with blanks to 64 bytes
 *     place 0 | place 1 | …
 *
 * A place holds pieces, each 28 bytes of head (little endian) and its content:
 *
 *     u32 magic  u32 place number  u32 piece number  f64 time  u32 length  u32 CRC-32 of the content
 *
 * The first piece of a place holds all that was known then, the others what changed: frames (recording-frame.ts), each
 * after its length (u32), deflated together. A piece goes on with the dictionary of its place, the last 32 KiB of what came
 * before it there, as one stream would, and yet can be read as soon as it is written. An empty piece says that the
 * recording was ended. A field of a frame that a program does not know is no trouble to it: the version is counted up
 * only where an older program would read something else than was meant.
 */
import { crc32, inflateRawSync } from 'node:zlib';
import { type Decoded, decoded, undecodable } from '../wire/decoded.ts';

export const RECORDING_VERSION = 1;
export const HEADER_BYTES = 64;
export const PIECE_HEAD_BYTES = 28;
export const MAGIC = 0x31504c42;
const DICTIONARY_BYTES = 32 * 1024;
/** A piece that claims to hold more is damaged, or means harm. */
const MAX_PIECE_BYTES = 256 << 20;
export const PLACES = 8;
export const MIN_PLACE_BYTES = 16 * 1024;

/** A piece of a place, not unpacked yet. */
export interface RecordingPiece {
  /** Of its place: 0 holds all. */
  readonly number: number;
  readonly atMs: number;
  readonly content: Uint8Array;
}

export interface Recording {
  /** In the order of time; each list begins with a piece 0. */
  readonly places: readonly (readonly RecordingPiece[])[];
  /** What is wrong with the file, for people; empty where nothing is. */
  readonly problem: string;
}

/** Reads what can be read: a damaged part costs itself, and what follows it in its place. */
export function readRecording(file: Uint8Array): Decoded<Recording> {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const line = /^bubbaloop-recording (\d{1,9})(?: (\d{1,9}))? *\n/.exec(bytes.toString('latin1', 0, HEADER_BYTES));
  if (line === null) {
    if (bytes.length === 0) return undecodable('it is empty');
    const isBeginning =
      bytes.length < HEADER_BYTES && 'bubbaloop-recording '.startsWith(bytes.toString('latin1', 0, 20));
    return undecodable(
      isBeginning ? 'it was cut short before anything was recorded' : 'it is no recording of bubbaloop',
    );
  }
  const version = Number(line[1]);
  if (version !== RECORDING_VERSION) {
    return undecodable(`it is a recording of version ${version}; this bubbaloop reads version ${RECORDING_VERSION}`);
  }
  const placeBytes = Number(line[2]);
  if (!(placeBytes >= MIN_PLACE_BYTES)) return undecodable('its first line is damaged');
  const found: ReadPlace[] = [];
  let damaged = 0;
  for (let start = HEADER_BYTES, index = 0; start < bytes.length && index < PLACES; start += placeBytes, index += 1) {
    const place = readPlace(bytes.subarray(start, start + placeBytes));
    if (place.isDamaged) damaged += 1;
    if (place.pieces.length > 0) found.push(place);
  }
  if (found.length === 0) {
    return undecodable(damaged > 0 ? 'all of it is damaged' : 'it was cut short before anything was recorded');
  }
  found.sort((a, b) => a.number - b.number);
  const first = found[0]?.number ?? 0;
  const isBroken = found.some((place, index) => place.number !== first + index);
  const isEnded = found.at(-1)?.isEnded === true;
  const problems = [
    ...(damaged > 0 || isBroken ? ['parts of it are damaged and left out'] : []),
    ...(isEnded ? [] : ['it has no end: it was cut short, or top was killed']),
  ];
  return decoded({ places: found.map((place) => place.pieces), problem: problems.join('; ') });
}

interface ReadPlace {
  readonly number: number;
  readonly pieces: readonly RecordingPiece[];
  readonly isDamaged: boolean;
  readonly isEnded: boolean;
}

function readPlace(bytes: Buffer): ReadPlace {
  const pieces: RecordingPiece[] = [];
  let place = -1;
  let isDamaged = false;
  let isEnded = false;
  for (let at = 0; at + PIECE_HEAD_BYTES <= bytes.length; ) {
    const head = bytes.subarray(at, at + PIECE_HEAD_BYTES);
    const number = head.readUInt32LE(4);
    // What is older stands where nothing was written in this turn.
    if (head.readUInt32LE(0) !== MAGIC || (place >= 0 && number !== place)) {
      isDamaged =
        place < 0 || (head.readUInt32LE(0) !== MAGIC && head.some((byte) => byte !== 0) && !isStale(bytes, at, place));
      break;
    }
    const length = head.readUInt32LE(20);
    const content = bytes.subarray(at + PIECE_HEAD_BYTES, at + PIECE_HEAD_BYTES + length);
    const isWhole = content.length === length && crc32(content, crc32(head.subarray(4, 24))) === head.readUInt32LE(24);
    const atMs = head.readDoubleLE(12);
    if (!isWhole || head.readUInt32LE(8) !== pieces.length || !Number.isFinite(atMs)) {
      // The last of a file that was cut short is no damage.
      isDamaged = content.length === length;
      break;
    }
    place = number;
    isEnded = length === 0;
    if (isEnded) break;
    pieces.push({ number: pieces.length, atMs, content });
    at += PIECE_HEAD_BYTES + length;
  }
  return { number: place, pieces, isDamaged, isEnded };
}

/** Whether what follows may be left from an earlier turn: no piece of this turn stands behind it. */
function isStale(bytes: Buffer, from: number, place: number): boolean {
  const mark = Buffer.alloc(8);
  mark.writeUInt32LE(MAGIC, 0);
  mark.writeUInt32LE(place, 4);
  return bytes.indexOf(mark, from) < 0;
}

/** The frames of a piece, and the dictionary for the next of its place. */
export function unpackPiece(
  piece: RecordingPiece,
  dictionary: Uint8Array,
): Decoded<{ readonly frames: readonly Uint8Array[]; readonly dictionary: Uint8Array }> {
  let text: Buffer;
  try {
    text = inflateRawSync(piece.content, { dictionary: dictionaryOf(dictionary), maxOutputLength: MAX_PIECE_BYTES });
  } catch (error) {
    return undecodable(error instanceof Error ? error.message : String(error));
  }
  const frames: Uint8Array[] = [];
  for (let at = 0; at < text.length; ) {
    const end = at + 4 <= text.length ? at + 4 + text.readUInt32LE(at) : Number.POSITIVE_INFINITY;
    if (end > text.length) return undecodable('a frame is longer than its piece');
    frames.push(text.subarray(at + 4, end));
    at = end;
  }
  return decoded({ frames, dictionary: dictionaryAfter(dictionary, text) });
}

/** Zlib takes no empty one. */
export function dictionaryOf(bytes: Uint8Array): Uint8Array | undefined {
  return bytes.length === 0 ? undefined : bytes;
}

export function dictionaryAfter(before: Uint8Array, text: Buffer): Uint8Array {
  if (text.length >= DICTIONARY_BYTES) return Uint8Array.from(text.subarray(-DICTIONARY_BYTES));
  return Buffer.concat([before, text]).subarray(-DICTIONARY_BYTES);
}
