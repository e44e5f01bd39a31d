/** A sample of zenoh as text or as a record for JSON, whatever is in it: the fleet's CBOR and JSON, text, or bytes. */
import type { CborValue } from '../wire/cbor.ts';
import { decodeMessage, type EnvelopeHeader } from '../wire/envelope.ts';
import { exactJson } from '../wire/exact-json.ts';
import { isMap } from '../wire/fields.ts';
import { plainText } from '../wire/plain-text.ts';
import type { Sample } from '../zenoh/session.ts';
import { formatBytes } from './format.ts';

/** What a payload turned out to be. */
export type Content =
  | { readonly kind: 'message'; readonly header: EnvelopeHeader | undefined; readonly body: CborValue }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array };

const HEX_BYTES = 48;
/** A list or text longer than that is cut in text, never in JSON. */
const MAX_CHARACTERS = 2_000;

/** By its encoding; without one by what it looks like. Never throws. */
export function readContent({ payload, encoding }: Pick<Sample, 'payload' | 'encoding'>): Content {
  if (encoding.startsWith('text/')) {
    const text = decodeUtf8(payload);
    return text === undefined ? { kind: 'bytes', bytes: payload } : { kind: 'text', text };
  }
  const isNamed = /cbor|json/.test(encoding);
  const message = decodeMessage(payload);
  // A lone byte is CBOR, too: without a name only a map is taken for it.
  if (message.ok && (isNamed || message.value.header !== undefined || isMap(message.value.body)))
    return { kind: 'message', ...message.value };
  const text = decodeUtf8(payload);
  const isReadable = text !== undefined && !UNREADABLE.test(text);
  return isReadable ? { kind: 'text', text } : { kind: 'bytes', bytes: payload };
}

/** One line: key, time and sequence where the sender gave them, and the content. */
export function formatSample(sample: Sample): string {
  const key = plainText(sample.keyExpr);
  if (sample.kind === 'delete') return `${key}  deleted`;
  const content = readContent(sample);
  const header = content.kind === 'message' ? content.header : undefined;
  const about = header === undefined ? '' : `  #${header.monotonicSeq} ${formatTime(header.tsNs)}`;
  return `${key}${about}  ${formatContent(content)}`;
}

/** A record for JSON lines: 64-bit integers as numbers with all their digits, byte strings as base64. */
export function sampleToJson(sample: Sample, receivedAtMs: number): string {
  const content = readContent(sample);
  const header = content.kind === 'message' ? content.header : undefined;
  return exactJson({
    key: sample.keyExpr,
    kind: sample.kind,
    encoding: sample.encoding,
    size_bytes: sample.payload.length,
    shm: sample.shm,
    received_at_ms: receivedAtMs,
    timestamp: sample.timestamp,
    header: header && {
      schema_uri: header.schemaUri,
      source_instance: header.sourceInstance,
      monotonic_seq: header.monotonicSeq,
      ts_ns: header.tsNs,
    },
    ...(sample.kind === 'delete' ? {} : contentToJson(content)),
  });
}

function contentToJson(content: Content): Readonly<Record<string, unknown>> {
  if (content.kind === 'message') return { body: content.body };
  return content.kind === 'text' ? { text: content.text } : { base64: content.bytes };
}

export function formatContent(content: Content): string {
  if (content.kind === 'message') return cut(plainText(formatValue(content.body)));
  if (content.kind === 'text') return cut(plainText(content.text));
  return formatHex(content.bytes);
}

/** As JSON, but names without quotes and byte strings by their size: for people. */
function formatValue(value: CborValue): string {
  if (value instanceof Uint8Array) return value.length <= 16 ? formatHex(value) : `<${formatBytes(value.length)}>`;
  if (Array.isArray(value)) return `[${value.map(formatValue).join(', ')}]`;
  if (isMap(value)) {
    const fields = Object.entries(value).map(([key, inner]) => `${formatKey(key)}: ${formatValue(inner)}`);
    return `{${fields.join(', ')}}`;
  }
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

function formatKey(key: string): string {
  return /^[A-Za-z_][\w-]*$/.test(key) ? key : JSON.stringify(key);
}

function formatHex(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes.subarray(0, HEX_BYTES))
    .toString('hex')
    .replaceAll(/..(?=.)/g, '$& ');
  return bytes.length > HEX_BYTES ? `${hex} … (${formatBytes(bytes.length)})` : `<${hex}>`;
}

/** UTC, to a microsecond; the number itself where it is no time of this age. */
function formatTime(ns: bigint): string {
  const ms = Number(ns / 1_000_000n);
  if (ms < Date.UTC(2000, 0) || ms > Date.UTC(2200, 0)) return String(ns);
  return new Date(ms).toISOString().replace('Z', `${String((ns / 1_000n) % 1_000n).padStart(3, '0')}Z`);
}

/** Signs that a person's text has not: bytes that happen to be UTF-8. */
const UNREADABLE = /[\x00-\x08\x0e-\x1a\x1c-\x1f]/;

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    // Not UTF-8: these are bytes, which is an answer.
    return undefined;
  }
}

function cut(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}
