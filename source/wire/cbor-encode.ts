import { type EncodeOptions, encode } from 'cborg';
import type { Encodable } from './cbor.ts';

const options: EncodeOptions = {
  ignoreUndefinedProperties: true,
  float64: true,
  // Fields stay in the order in which they were written: a raw frame's pixels come last.
  mapSorter: undefined,
};

/**
 * The item's bytes. Whole numbers and bigints go as integers of the shortest form, other numbers as 64-bit floats. Throws
 * on an integer outside 64 bits, which no record has.
 */
export function encodeCbor(item: Encodable): Uint8Array {
  return encode(item, options);
}
