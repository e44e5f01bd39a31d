/** JSON that loses nothing that CBOR has: integers of 64 bits with all their digits, byte strings as base64. */
import type { CborValue } from './cbor.ts';
import { type Decoded, decoded, undecodable } from './decoded.ts';

/** Of ES2026, and in Node since 21: TypeScript's library does not know it yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** As JSON.stringify; `undefined` is null. */
export function exactJson(value: unknown, indent?: number): string {
  return JSON.stringify(value ?? null, exact, indent);
}

function exact(this: unknown, key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? rawJSON(String(value)) : bytesAsBase64(this, key, value);
}

/** `holder[key]`, since a Buffer has become an object by its own toJSON before a replacer sees it. */
function bytesAsBase64(holder: unknown, key: string, value: unknown): unknown {
  const original = (holder as Readonly<Record<string, unknown>>)[key];
  return original instanceof Uint8Array ? Buffer.from(original).toString('base64') : value;
}

/** As {@link exactJson}, but 64-bit integers are strings: jq and JavaScript would round the numbers. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value ?? null, forScripts);
}

function forScripts(this: unknown, key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : bytesAsBase64(this, key, value);
}

/**
 * JSON as CBOR values: integers that a number would round become bigint, read from their source text (V8 gives it to
 * the reviver from Node 22 on; before, they are rounded).
 */
export function parseExactJson(text: string): Decoded<CborValue> {
  try {
    return decoded(JSON.parse(text, exactInteger) as CborValue);
  } catch (error) {
    return undecodable(`no JSON: ${error instanceof Error ? error.message : 'bad text'}`);
  }
}

function exactInteger(this: unknown, _key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source;
  return source !== undefined && /^-?\d{1,20}$/.test(source) ? BigInt(source) : value;
}
