import { encodeCbor } from './cbor-encode.ts';
import type { Decoded } from './decoded.ts';
import { decodeRecord } from './fields.ts';

/**
 * A piece of a node's log: what is published on its log key while someone follows, and the reply to a query there.
 * Pieces of one file join where `start` of the next is `end` of the last.
 */
export interface LogChunk {
  readonly machineId: string;
  readonly node: string;
  /** Names the file among those it is rotated to; opaque. */
  readonly file: string;
  /** Bytes from the beginning of that file. */
  readonly start: number;
  readonly end: number;
  /** Whole lines, each `{ISO time} {out|err|daemon} {text}` and a line feed. Untrusted. Empty: only where the end is. */
  readonly text: string;
  /** Older lines that were asked for are left out, for the size of the answer. */
  readonly isCut: boolean;
}

export function decodeLogChunk(bytes: Uint8Array): Decoded<LogChunk> {
  return decodeRecord(bytes, (fields) => ({
    machineId: fields.text('machine_id'),
    node: fields.text('node'),
    file: fields.text('file'),
    start: fields.integer('start'),
    end: fields.integer('end'),
    text: fields.text('text'),
    isCut: fields.flag('is_cut', false),
  }));
}

export function encodeLogChunk(chunk: LogChunk): Uint8Array {
  return encodeCbor({
    machine_id: chunk.machineId,
    node: chunk.node,
    file: chunk.file,
    start: chunk.start,
    end: chunk.end,
    text: chunk.text,
    is_cut: chunk.isCut ? true : undefined,
  });
}
