/** JSON that loses nothing that CBOR has: integers of 64 bits with all their digits, byte strings as base64. */

/** Of ES2026, and in Node since 21: TypeScript's library does not know it yet. */
const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** As JSON.stringify; `undefined` is null. */
export function exactJson(value: unknown, indent?: number): string {
  return JSON.stringify(value ?? null, exact, indent);
}

function exact(this: unknown, _key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return rawJSON(String(value));
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}
