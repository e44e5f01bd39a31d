/** What `put` and `get` send: as it was typed, from stdin, or CBOR made of JSON. */
import { UserError, usageError } from '../errors.ts';
import { CBOR_ENCODING, type Encodable } from '../wire/cbor.ts';
import { encodeCbor } from '../wire/cbor-encode.ts';
import { parseExactJson } from '../wire/exact-json.ts';
import { plainText } from '../wire/plain-text.ts';
import { booleanFlag, type Invocation, stringFlag } from './command.ts';
import { checkedEncoding } from './zenoh-words.ts';

const MAX_STDIN_BYTES = 64 * 1024 * 1024;
const NEWLINE = 0x0a;

export interface Value {
  readonly payload: Uint8Array;
  readonly encoding: string;
  readonly attachment?: Uint8Array;
}

/** `-` is stdin; without a value there may be an attachment alone. Throws UserError before anything is sent. */
export async function readValue(value: string, invocation: Invocation): Promise<Value>;
export async function readValue(value: string | undefined, invocation: Invocation): Promise<Partial<Value>>;
export async function readValue(value: string | undefined, invocation: Invocation): Promise<Partial<Value>> {
  const settings = readSettings(invocation);
  if (value !== undefined) return toValue(value === '-' ? await readStdin() : Buffer.from(value), settings);
  if (settings.encoding !== undefined || settings.isCbor)
    throw usageError(`${settings.isCbor ? '--cbor' : '--encoding'} says what VALUE is, and there is none.`);
  return settings.attached;
}

/** A value for each line of stdin, without its line break; the last one may lack it. */
export async function* readLines(invocation: Invocation): AsyncGenerator<Value, void, void> {
  const settings = readSettings(invocation);
  for await (const line of stdinLines()) yield toValue(line, settings);
}

interface Settings {
  readonly isCbor: boolean;
  readonly encoding: string | undefined;
  readonly attached: { readonly attachment?: Uint8Array };
}

function readSettings(invocation: Invocation): Settings {
  const encoding = stringFlag(invocation, 'encoding');
  const attachment = stringFlag(invocation, 'attachment');
  return {
    isCbor: booleanFlag(invocation, 'cbor'),
    encoding: encoding === undefined ? undefined : checkedEncoding(encoding),
    attached: attachment === undefined ? {} : { attachment: Buffer.from(attachment) },
  };
}

function toValue(bytes: Uint8Array, { isCbor, encoding, attached }: Settings): Value {
  if (encoding !== undefined && !isCbor) return { payload: bytes, encoding, ...attached };
  const json = parseExactJson(Buffer.from(bytes).toString('utf8'));
  if (!isCbor) return { payload: bytes, encoding: json.ok ? 'application/json' : textEncoding(bytes), ...attached };
  if (!json.ok)
    throw usageError(`--cbor: the value is ${plainText(json.reason)}.`, 'It is JSON, of which CBOR is made.');
  return { payload: encodeCbor(json.value as Encodable), encoding: encoding ?? CBOR_ENCODING, ...attached };
}

/** A photo from stdin is no text. */
function textEncoding(bytes: Uint8Array): string {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return 'text/plain';
  } catch {
    return 'zenoh/bytes';
  }
}

async function readStdin(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of process.stdin) {
    const bytes = Buffer.from(chunk as Uint8Array);
    sizeBytes += bytes.length;
    if (sizeBytes > MAX_STDIN_BYTES) throw new UserError('What comes on stdin is larger than 64 MB.');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

async function* stdinLines(): AsyncGenerator<Uint8Array, void, void> {
  let parts: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of process.stdin) {
    let rest = Buffer.from(chunk as Uint8Array);
    for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
      yield withoutReturn(Buffer.concat([...parts, rest.subarray(0, end)]));
      rest = rest.subarray(end + 1);
      parts = [];
      sizeBytes = 0;
    }
    sizeBytes += rest.length;
    if (sizeBytes > MAX_STDIN_BYTES) throw new UserError('A line on stdin is longer than 64 MB.');
    if (rest.length > 0) parts.push(rest);
  }
  if (parts.length > 0) yield withoutReturn(Buffer.concat(parts));
}

function withoutReturn(line: Buffer): Uint8Array {
  return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
}
