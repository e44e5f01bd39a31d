import { describe, expect, it } from 'vitest';
import type { Encodable } from '../../source/wire/cbor.ts';
import { decodeCbor } from '../../source/wire/cbor-decode.ts';
import { encodeCbor } from '../../source/wire/cbor-encode.ts';

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');
const decode = (text: string) => decodeCbor(bytes(text));

/** RFC 8949 appendix A, as far as the fleet's encoders (ciborium, cbor2) write it. */
const examples: readonly [string, unknown][] = [
  ['00', 0],
  ['17', 23],
  ['1818', 24],
  ['1903e8', 1000],
  ['1a000f4240', 1_000_000],
  ['1b000000e8d4a51000', 1_000_000_000_000],
  ['1bffffffffffffffff', 18_446_744_073_709_551_615n],
  ['3bffffffffffffffff', -18_446_744_073_709_551_616n],
  ['20', -1],
  ['3903e7', -1000],
  ['f90001', 2 ** -24],
  ['f93c00', 1],
  ['f97bff', 65504],
  ['fa47c35000', 100000],
  ['fb3ff199999999999a', 1.1],
  ['f97c00', Number.POSITIVE_INFINITY],
  ['f97e00', Number.NaN],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['f7', undefined],
  ['c074323031332d30332d32315432303a30343a30305a', '2013-03-21T20:04:00Z'],
  ['d9d9f783010203', [1, 2, 3]],
  ['62c3bc', 'ü'],
  ['64f0908591', '\u{10151}'],
  ['83010203', [1, 2, 3]],
  ['a26161016162820203', { a: 1, b: [2, 3] }],
  ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
  ['bf6346756ef563416d7421ff', { Fun: true, Amt: -2 }],
];

describe('decodeCbor', () => {
  it.each(examples)('reads %s of the standard', (text, value) => {
    expect(decode(text)).toEqual({ ok: true, value });
  });

  it.each([
    ['', 'did not find any content'],
    ['18', 'not enough data'],
    ['5affffffff00', 'not enough data'],
    ['5bffffffffffffffff', 'not supported'],
    ['9affffffff', 'not enough entries'],
    ['9bffffffffffffffff', 'not supported'],
    ['bb0fffffffffffffff00', 'not supported'],
    ['ba7fffffff0000', 'non-string keys'],
    ['ff', 'unexpected break'],
    ['1c', 'invalid minor'],
    ['7f4161ff', 'not supported'],
    ['a1f600', 'non-string keys'],
    ['0000', 'too many terminals'],
    ['c249010000000000000000', 'tag not supported (2)'],
  ])('refuses %s with a reason', (text, words) => {
    const result = decode(text);
    expect(result).toMatchObject({ ok: false });
    expect(result.ok ? '' : result.reason).toContain(words);
  });

  it('refuses nesting and counts that would cost more than they say', () => {
    expect(decodeCbor(new Uint8Array(100_000).fill(0x81))).toMatchObject({ reason: 'no CBOR: nests too deep' });
    expect(decodeCbor(new Uint8Array(100_000).fill(0xc1)).ok).toBe(false);
    const wide = new Uint8Array(3_000_005).fill(0x80);
    wide.set([0x9a, 0, 0x2d, 0xc6, 0xc0]);
    expect(decodeCbor(wide)).toMatchObject({ ok: false });
  });

  it('runs no tag: a regular expression (tag 27) is refused, not made', () => {
    expect(decode('d81b8266526567457870 62285b')).toMatchObject({ ok: false });
  });

  it('keeps __proto__ a plain field', () => {
    const result = decode('a1695f5f70726f746f5f5fa161610 1'.replace(' ', ''));
    const value = result.ok ? (result.value as object) : {};
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value)).toEqual(['__proto__']);
  });

  it('reads texts of every length, of ASCII and of more, as values and as keys', () => {
    for (let length = 0; length <= 40; length += 1) {
      const plain = 'abcdefghij'.repeat(4).slice(0, length);
      const value = { [plain]: plain, list: [plain, `${plain}ü`, `ü${plain}`, `${plain}🤖`] };
      expect(decodeCbor(encodeCbor(value))).toEqual({ ok: true, value });
    }
    // Twenty letters in two chunks.
    const chunked = `7f 6a ${'61'.repeat(10)} 6a ${'62'.repeat(10)} ff`.replaceAll(' ', '');
    expect(decode(chunked)).toMatchObject({ ok: false });
  });

  it('gives byte strings as views of the input', () => {
    const input = bytes('4401020304');
    const result = decodeCbor(input);
    expect(result.ok && result.value instanceof Uint8Array && result.value.buffer === input.buffer).toBe(true);
  });
});

const samples: readonly Encodable[] = [
  0,
  23,
  24,
  255,
  256,
  65535,
  65536,
  2 ** 32 - 1,
  2 ** 32,
  1_790_000_000_000,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  2n ** 53n,
  -(2n ** 53n),
  2n ** 64n - 1n,
  -(2n ** 64n),
  -1,
  -25,
  1.5,
  -0.1,
  'text',
  'ü'.repeat(300),
  new Uint8Array(70_000).fill(7),
  [],
  {},
  [null, true, [false, { deep: [1, 'x', { y: new Uint8Array([1]) }] }]],
];

describe('encodeCbor', () => {
  it('is undone by decodeCbor', () => {
    for (const sample of samples) expect(decodeCbor(encodeCbor(sample))).toEqual({ ok: true, value: sample });
  });

  it('writes whole numbers as integers, however large', () => {
    expect(hex(encodeCbor(1_790_000_000_000))).toBe('1b000001a0c4506c00');
    expect(hex(encodeCbor(-(2 ** 40)))).toBe('3b000000ffffffffff');
    expect(() => encodeCbor(2n ** 64n)).toThrow();
  });

  it('leaves out undefined fields', () => {
    expect(hex(encodeCbor({ a: undefined, b: 1 }))).toBe('a1616201');
  });
});
