import { expect, test } from 'vitest';
import { isKnownEncoding, nearEncodings } from '../../source/zenoh/encodings.ts';

test('known ones, with and without a schema', () => {
  expect(['zenoh/bytes', 'video/vp9', 'application/protobuf;pkg.Message'].every(isKnownEncoding)).toBe(true);
  expect(['', 'json', 'Application/json', 'text/plain ', ';x'].some(isKnownEncoding)).toBe(false);
});

test.each([
  ['aplication/json', 'application/json'],
  ['json', 'application/json'],
  ['CBOR', 'application/cbor'],
  ['image/jpg', 'image/jpeg'],
  ['application/h264', 'video/h264'],
])('%s is near %s', (text, near) => {
  expect(nearEncodings(text)).toContain(near);
});

test('what is like none has none near', () => {
  expect(nearEncodings('something of my own')).toEqual([]);
  expect(nearEncodings('')).toEqual([]);
});
