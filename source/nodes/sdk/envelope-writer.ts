/**
 * The envelope of wire-format, for who writes many: all but sequence and time is made once. The bytes are those of
 * encodeEnvelope.
 */
import type { Encodable } from '../../wire/cbor.ts';
import { encodeCbor } from '../../wire/cbor-encode.ts';
import { CborWriter } from '../../wire/cbor-writer.ts';
import { exactJson } from '../../wire/exact-json.ts';

export interface EnvelopeWriter {
  /** `sequence` is a whole number from 0 up, `timeNs` Unix nanoseconds. Throws where `body` cannot be encoded. */
  write(sequence: number, timeNs: bigint, body: Encodable): Uint8Array;
}

export interface EnvelopeSource {
  readonly schemaUri: string;
  readonly sourceInstance: string;
}

// RFC 8949: the major type in the upper three bits, the number of fields in the lower five.
const MAP = 0xa0;

export function cborEnvelopeWriter({ schemaUri, sourceInstance }: EnvelopeSource): EnvelopeWriter {
  const texts = (...words: readonly string[]): Uint8Array[] => words.map((word) => encodeCbor(word));
  const start = Buffer.concat([
    Uint8Array.of(MAP | 2),
    ...texts('header'),
    Uint8Array.of(MAP | 4),
    ...texts('schema_uri', schemaUri, 'source_instance', sourceInstance, 'monotonic_seq'),
  ]);
  const timeKey = encodeCbor('ts_ns');
  const bodyKey = encodeCbor('body');
  const writer = new CborWriter();
  return {
    write(sequence, timeNs, body) {
      writer.begin();
      writer.raw(start);
      writer.item(sequence);
      writer.raw(timeKey);
      writer.uint64(timeNs);
      writer.raw(bodyKey);
      writer.item(body ?? null);
      return writer.take();
    },
  };
}

export function jsonEnvelopeWriter({ schemaUri, sourceInstance }: EnvelopeSource): EnvelopeWriter {
  const start = `{"header":{"schema_uri":${JSON.stringify(schemaUri)},"source_instance":${JSON.stringify(sourceInstance)},"monotonic_seq":`;
  return {
    write: (sequence, timeNs, body) => Buffer.from(`${start}${sequence},"ts_ns":${timeNs}},"body":${exactJson(body)}}`),
  };
}
