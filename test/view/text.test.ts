import stringWidth from 'string-width';
import { expect, test } from 'vitest';
import { cut, fit, sanitize, textWidth, wrap } from '../../source/view/text.ts';

test.each([
  ['plain name', 'plain name'],
  ['red \x1b[31mname\x1b[0m', 'red name'],
  ['\x1b]0;title\x07shown', 'shown'],
  ['\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\', 'link'],
  ['\x1bPq#0~\x1b\\after', 'after'],
  ['never closed \x1b]0;swallows the rest', 'never closed '],
  ['\x9b31mC1 CSI', 'C1 CSI'],
  ['clear\x1b[2J\x1b[Hhome', 'clearhome'],
  ['a\x1bcb reset', 'ab reset'],
  ['lone \x1b', 'lone '],
  ['tab\tand\r\nlines\n', 'tab and lines '],
  ['bell\x07 null\x00 del\x7f', 'bell null del'],
  ['right\u202eto left\u2066', 'rightto left'],
  ['zero\u200bwidth\ufeff', 'zerowidth'],
  ['e\u0301 composed', '\u00e9 composed'],
  ['zalgo z\u0334\u0335', 'zalgo z'],
  ['lone surrogate \ud800', 'lone surrogate \ufffd'],
  ['名前', '名前'],
])('%j is shown as %j', (input, shown) => {
  expect(sanitize(input)).toBe(shown);
});

test('every single byte and every C1 control leaves no control character', () => {
  for (let code = 0; code < 0x3000; code += 1) {
    const shown = sanitize(`a${String.fromCharCode(code)}b${String.fromCharCode(27, code)}c`);
    expect(shown).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
  }
});

test('1 MB of text is cut before it is looked at', () => {
  const before = performance.now();
  expect(sanitize(`\x1b[${'1;'.repeat(500_000)}m`).length).toBeLessThan(5_000);
  expect(sanitize('x'.repeat(1_000_000))).toHaveLength(4_096);
  // Not a bar on speed: only that nothing is quadratic.
  expect(performance.now() - before).toBeLessThan(5_000);
});

test('fit gives exactly the asked width, whatever the text', () => {
  const texts = ['', 'a', 'abcdefgh', '名前名前名前', 'é\u0301', '👩‍👩‍👧 family', '\x1b[1mbold\x1b[0m text', '🇩🇪 flag'];
  for (const text of texts) {
    for (let width = 0; width < 14; width += 1) {
      expect(textWidth(fit(text, width)), `${JSON.stringify(text)} in ${width}`).toBe(width);
      expect(textWidth(fit(text, width, 'right'))).toBe(width);
    }
  }
});

test('what is cut says so', () => {
  expect(cut('abcdef', 4)).toBe('abc…');
  expect(cut('名前名', 4)).toBe('名…');
  expect(cut('abcd', 4)).toBe('abcd');
});

test('wrap keeps words whole where it can and loses nothing', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('abcdefghij kl', 4)).toEqual(['abcd', 'efgh', 'ij', 'kl']);
  expect(wrap('名前名前 x', 3)).toEqual(['名', '前', '名', '前', 'x']);
  expect(wrap('anything', 0)).toEqual([]);
});

test('every code point is as wide as string-width has it', () => {
  const wrong: string[] = [];
  for (let code = 0x20; code <= 0x3ffff; code += 1) {
    if (code >= 0xd800 && code <= 0xdfff) continue;
    const clean = sanitize(String.fromCodePoint(code));
    if (clean === '' || clean === ' ') continue;
    let width = 0;
    for (const character of clean) width += stringWidth(character);
    if (textWidth(clean) !== width) wrong.push(code.toString(16));
  }
  expect(wrong).toEqual([]);
});
