import { expect, it } from 'vitest';
import { plainText } from '../../source/wire/plain-text.ts';

it.each([
  ['front_door ü', 'front_door ü'],
  ['a\u001b[31mred\u001b[0m', 'ared'],
  ['a\u001b]0;title\u0007b', 'ab'],
  ['a\u001b]8;;http://x\u001b\\link', 'alink'],
  ['a\u001bPq#0;2\u001b\\b', 'ab'],
  ['a\u009b2Jb', 'ab'],
  ['a\u001b', 'a'],
  ['a\u001b]0;never ends', 'a'],
  ['a\u001b(Bb\u001b=c', 'abc'],
  ['a\rb\nc\td\u0000\u0007', 'a b c d'],
  ['\u202egnp.exe', 'gnp.exe'],
])('makes %j plain', (text, plain) => {
  expect(plainText(text)).toBe(plain);
});

it('keeps line breaks where asked, and leaves no control character whatever comes', () => {
  expect(plainText('a\r\nb', { keepLines: true })).toBe('a\nb');
  const all = String.fromCharCode(...Array.from({ length: 256 }, (_, code) => code));
  for (const text of [all, all + all, [...all].reverse().join('')]) {
    expect(plainText(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  }
});
