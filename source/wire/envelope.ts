import type { CborValue, Encodable } from './cbor.ts';
import { decodeCbor } from './cbor-decode.ts';
import { encodeCbor } from './cbor-encode.ts';
import { type Decoded, undecodable } from './decoded.ts';
import { parseExactJson } from './exact-json.ts';
import { isMap, readRecord } from './fields.ts';

/** Header of every data message. */
export interface EnvelopeHeader {
  readonly schemaUri: string;
  readonly sourceInstance: string;
  readonly monotonicSeq: bigint;
  /** Unix nanoseconds. */
  readonly tsNs: bigint;
}

export interface Envelope {
  readonly header: EnvelopeHeader;
  /** Untrusted; its reader is chosen by the key. */
  readonly body: CborValue;
}

/** Decodes the CBOR form, or the JSON form where the first byte is `{`: no CBOR map begins so. */
export function decodeEnvelope(bytes: Uint8Array): Decoded<Envelope> {
  const item = startsAsJson(bytes) ? decodeJson(bytes) : decodeCbor(bytes);
  return item.ok ? readEnvelope(item.value) : item;
}

function readEnvelope(value: CborValue): Decoded<Envelope> {
  return readRecord(value, (fields) => {
    const header = fields.fields('header');
    return {
      header: {
        schemaUri: header.text('schema_uri', ''),
        sourceInstance: header.text('source_instance', ''),
        monotonicSeq: header.uint64('monotonic_seq', 0n),
        tsNs: header.uint64('ts_ns', 0n),
      },
      body: fields.get('body'),
    };
  });
}

/** A data message whose sender may have left the envelope out: then all of it is the body. */
export interface Message {
  readonly header: EnvelopeHeader | undefined;
  readonly body: CborValue;
}

/** As {@link decodeEnvelope}, but what is no envelope is a body, whatever CBOR or JSON it is. */
export function decodeMessage(bytes: Uint8Array): Decoded<Message> {
  const item = startsAsJson(bytes) ? decodeJson(bytes) : decodeCbor(bytes);
  if (!item.ok) return item;
  const isEnvelope = isMap(item.value) && 'header' in item.value && 'body' in item.value;
  const envelope = isEnvelope ? readEnvelope(item.value) : undefined;
  return { ok: true, value: envelope?.ok ? envelope.value : { header: undefined, body: item.value } };
}

export function encodeEnvelope(header: EnvelopeHeader, body: Encodable): Uint8Array {
  return encodeCbor({
    header: {
      schema_uri: header.schemaUri,
      source_instance: header.sourceInstance,
      monotonic_seq: header.monotonicSeq,
      ts_ns: header.tsNs,
    },
    body,
  });
}

/** `{` (0x7b) would be a CBOR text of 2^56 bytes or more; blanks may stand before it in JSON. */
function startsAsJson(bytes: Uint8Array): boolean {
  const first = bytes.find((byte) => byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09);
  return first === 0x7b;
}

/** Same bound as the CBOR reader's, against its recursion. */
const MAX_JSON_BYTES = 4 * 1024 * 1024;

function decodeJson(bytes: Uint8Array): Decoded<CborValue> {
  if (bytes.length > MAX_JSON_BYTES) return undecodable(`JSON of ${bytes.length} bytes is too long`);
  try {
    return parseExactJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undecodable('no JSON: bad text');
  }
}
