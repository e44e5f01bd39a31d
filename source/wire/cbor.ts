/**
 * CBOR (RFC 8949), the part that the fleet speaks; cborg does the work (cbor-decode.ts, cbor-encode.ts).
 *
 * Not cbor-x 1.6.9, which was tried first: it writes integers from 2^32 up as floats, which the Rust daemons' integer
 * fields refuse (every timestamp in milliseconds is one); gives small 64-bit integers as bigint; and runs its tag
 * extensions (regular expressions, records that end in `new Function`, shared references) on whatever the network sends.
 */
/** Zenoh's name for it, predefined encoding 8. */
export const CBOR_ENCODING = 'application/cbor';

/** A decoded item. Integers outside ±2^53 are bigint; byte strings are views of the input, not copies. */
export type CborValue = null | undefined | boolean | number | bigint | string | Uint8Array | CborArray | CborMap;
export type CborArray = readonly CborValue[];
export interface CborMap {
  readonly [key: string]: CborValue;
}

/** What encodeCbor takes. Object fields that are undefined are left out. */
export type Encodable =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Encodable[]
  | { readonly [key: string]: Encodable };
