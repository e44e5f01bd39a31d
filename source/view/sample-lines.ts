/** A sample of zenoh as text or as a record for JSON, whatever is in it: the fleet's CBOR and JSON, text, or bytes. */
import type { CborValue } from '../wire/cbor.ts';
import { decodeMessage, type EnvelopeHeader } from '../wire/envelope.ts';
import { scriptJson } from '../wire/exact-json.ts';
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
  const text = readableText(payload);
  return text === undefined ? { kind: 'bytes', bytes: payload } : { kind: 'text', text };
}

/** One line: key, time and sequence where the sender gave them, and the content. */
export function formatSample(sample: Sample): string {
  const head = formatHead(sample);
  if (sample.kind === 'delete') return `${head}  deleted`;
  return `${head}  ${formatContent(readContent(sample))}${formatAttachment(sample)}`;
}

/** As {@link formatSample}, the content below the head, over as many lines as it takes; byte strings as a hex dump. */
export function formatSamplePretty(sample: Sample): string {
  const head = formatHead(sample);
  if (sample.kind === 'delete') return `${head}  deleted`;
  const about = `${plainText(sample.encoding)}, ${formatBytes(sample.payload.length)}${sample.shm ? ', shared memory' : ''}`;
  return `${head}  ${about}${formatAttachment(sample)}\n${formatPretty(readContent(sample))}`;
}

function formatHead(sample: Sample): string {
  const content = sample.kind === 'delete' ? undefined : readContent(sample);
  const header = content?.kind === 'message' ? content.header : undefined;
  const about = header === undefined ? '' : `  #${header.monotonicSeq} ${formatTime(header.tsNs)}`;
  return `${plainText(sample.keyExpr)}${about}`;
}

function formatAttachment({ attachment }: Sample): string {
  if (attachment === undefined) return '';
  const text = readableText(attachment);
  return `  +${text === undefined ? formatHex(attachment) : JSON.stringify(cut(plainText(text)))}`;
}

/**
 * A record for JSON lines: 64-bit integers as strings (those of the header always, of the body from ±2^53 on), byte
 * strings as base64. `more` stands at the end of it.
 */
export function sampleToJson(
  sample: Sample,
  receivedAtMs: number,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const content = readContent(sample);
  const header = content.kind === 'message' ? content.header : undefined;
  return scriptJson({
    key: sample.keyExpr,
    kind: sample.kind,
    encoding: sample.encoding,
    size_bytes: sample.payload.length,
    shm: sample.shm,
    received_at_ms: receivedAtMs,
    timestamp: sample.timestamp,
    attachment_base64: sample.attachment,
    header: header && {
      schema_uri: header.schemaUri,
      source_instance: header.sourceInstance,
      monotonic_seq: header.monotonicSeq,
      ts_ns: header.tsNs,
    },
    ...(sample.kind === 'delete' ? {} : contentToJson(content)),
    ...more,
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

function formatPretty(content: Content): string {
  if (content.kind === 'message') return plainText(formatIndented(content.body, ''), { keepLines: true });
  if (content.kind === 'text') return plainText(content.text, { keepLines: true });
  return hexDump(content.bytes);
}

/** As {@link formatValue}, lists and maps that are not empty over several lines. */
function formatIndented(value: CborValue, indent: string): string {
  const deeper = `${indent}  `;
  if (Array.isArray(value) && value.some((item) => typeof item === 'object' && item !== null)) {
    return `[\n${value.map((item) => deeper + formatIndented(item, deeper)).join(',\n')}\n${indent}]`;
  }
  if (!isMap(value) || Object.keys(value).length === 0) return formatValue(value);
  const fields = Object.entries(value).map(
    ([key, inner]) => `${deeper}${formatKey(key)}: ${formatIndented(inner, deeper)}`,
  );
  return `{\n${fields.join(',\n')}\n${indent}}`;
}

const ROW_BYTES = 16;
const MAX_ROWS = 4_096;

function hexDump(bytes: Uint8Array): string {
  const rows: string[] = [];
  for (let at = 0; at < bytes.length && rows.length < MAX_ROWS; at += ROW_BYTES) {
    const row = bytes.subarray(at, at + ROW_BYTES);
    const hex = hexPairs(row).padEnd(ROW_BYTES * 3 - 1);
    const signs = Array.from(row, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    rows.push(`${at.toString(16).padStart(8, '0')}  ${hex}  ${signs}`);
  }
  if (bytes.length > MAX_ROWS * ROW_BYTES) rows.push(`… (${formatBytes(bytes.length)})`);
  return rows.join('\n');
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
  const hex = hexPairs(bytes.subarray(0, HEX_BYTES));
  return bytes.length > HEX_BYTES ? `${hex} … (${formatBytes(bytes.length)})` : `<${hex}>`;
}

function hexPairs(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString('hex')
    .replaceAll(/..(?=.)/g, '$& ');
}

/** UTC, to a microsecond; the number itself where it is no time of this age. */
function formatTime(ns: bigint): string {
  const ms = Number(ns / 1_000_000n);
  if (ms < Date.UTC(2000, 0) || ms > Date.UTC(2200, 0)) return String(ns);
  return new Date(ms).toISOString().replace('Z', `${String((ns / 1_000n) % 1_000n).padStart(3, '0')}Z`);
}

/** Signs that a person's text has not: bytes that happen to be UTF-8. */
const UNREADABLE = /[\x00-\x08\x0e-\x1a\x1c-\x1f]/;

function readableText(bytes: Uint8Array): string | undefined {
  const text = decodeUtf8(bytes);
  return text === undefined || UNREADABLE.test(text) ? undefined : text;
}

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
