import { expect, it } from 'vitest';
import {
  DEFAULT_WISH,
  decodeGrant,
  encodeGrant,
  formatWish,
  LARGEST_WISH,
  largestWish,
  parseWish,
} from '../../source/wire/thumbnail-wish.ts';

it('reads what it wrote, fills in what is missing and bounds the rest', () => {
  const wish = { width: 400, height: 225, rateHz: 7.5 };
  expect(formatWish(wish)).toBe('w=400;h=225;hz=7.5');
  expect(parseWish(formatWish(wish))).toEqual(wish);
  expect(parseWish('')).toEqual(DEFAULT_WISH);
  expect(parseWish('w=1e9;h=99999;hz=1000')).toEqual(LARGEST_WISH);
  expect(parseWish('w=-5;h=0;hz=0')).toEqual({ width: 16, height: 16, rateHz: 0.1 });
  expect(parseWish('w=abc;;=;h;hz=NaN')).toEqual(DEFAULT_WISH);
});

it('takes the largest of several, and carries a problem back', () => {
  const [flat, small] = [
    { width: 640, height: 90, rateHz: 1 },
    { width: 160, height: 120, rateHz: 5 },
  ];
  expect(largestWish([flat, small])).toEqual({ width: 640, height: 120, rateHz: 5 });
  expect(largestWish([])).toBeUndefined();
  const grant = { ...small, problem: 'no raw frames come from it' };
  expect(decodeGrant(encodeGrant(grant))).toEqual({ ok: true, value: grant });
  expect(decodeGrant(encodeGrant(small))).toEqual({ ok: true, value: { ...small, problem: undefined } });
  expect(decodeGrant(Uint8Array.of(1, 2, 3)).ok).toBe(false);
});
