import { expect, it } from 'vitest';
import type { Encodable } from '../../source/wire/cbor.ts';
import { encodeCbor } from '../../source/wire/cbor-encode.ts';
import { CborWriter } from '../../source/wire/cbor-writer.ts';
import { type SeededRandom, seededRandom } from '../support/seeded-random.ts';

const writer = new CborWriter();
function write(value: Encodable): Buffer {
  writer.begin();
  writer.item(value);
  return Buffer.from(writer.take());
}

const numbers = [0, 1, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 64, 1e300];

it.each<[string, Encodable]>([
  ['whole numbers', [...numbers, ...numbers.map((number) => -number), -25, -257]],
  ['fractions and none', [0.1, -1.5, 1e-300, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ['bigints', [0n, 23n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n, -1n, -(2n ** 63n)]],
  ['texts', ['', 'a', 'ñandú 🤖', 'x'.repeat(23), 'x'.repeat(24), 'é'.repeat(40_000), '\ud800']],
  ['bytes', [new Uint8Array(0), Uint8Array.of(1, 2), Buffer.alloc(300, 7), new Uint8Array(70_000)]],
  ['the rest', [null, undefined, true, false, [], {}, [[[]]]]],
  ['fields left out', { a: undefined, b: null, c: { d: undefined } }],
  ['without a prototype', Object.assign(Object.create(null) as object, { a: 1 }) as Encodable],
  ['names of all sorts', { '': 1, ['n'.repeat(100)]: 2, ñ: 3, 5: 4, __proto__x: 5 }],
])('writes %s as the codec does', (_what, value) => {
  expect(write(value)).toEqual(Buffer.from(encodeCbor(value)));
  // The names are known now.
  expect(write(value)).toEqual(Buffer.from(encodeCbor(value)));
});

it('writes records made at random as the codec does', () => {
  const random = seededRandom(7);
  for (let count = 0; count < 3_000; count += 1) {
    const value = randomValue(random, 0);
    expect(write(value).equals(Buffer.from(encodeCbor(value)))).toBe(true);
  }
});

function randomValue(random: SeededRandom, depth: number): Encodable {
  switch (random.below(depth > 3 ? 7 : 9)) {
    case 0:
      return random.below(2 ** 31) * (random.below(2) === 0 ? 1 : -1);
    case 1:
      return (random.below(2 ** 31) / 7) * 10 ** (random.below(40) - 20);
    case 2:
      return BigInt(random.below(2 ** 31)) ** 2n;
    case 3:
      return String.fromCodePoint(...Array.from({ length: random.below(40) }, () => random.below(0x3000)));
    case 4:
      return random.bytes(random.below(300));
    case 5:
      return random.pick([true, false, null] as const);
    case 6:
      return undefined;
    case 7:
      return Array.from({ length: random.below(6) }, () => randomValue(random, depth + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: random.below(6) }, () => [`name_${random.below(50)}`, randomValue(random, depth + 1)]),
      );
  }
}

it('refuses what the codec refuses, and goes on', () => {
  for (const value of [2n ** 64n, Symbol('x'), () => 1, new Date()]) {
    expect(() => encodeCbor(value as never)).toThrow();
    expect(() => write({ a: value as never })).toThrow();
  }
  expect(write({ a: 1 })).toEqual(Buffer.from(encodeCbor({ a: 1 })));
});
