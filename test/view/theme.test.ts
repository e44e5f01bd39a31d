import { expect, test } from 'vitest';
import { createTheme, resolveTheme } from '../../source/view/theme.ts';

const line = [{ text: 'failed', style: 'bad' }, { text: ' ok' }] as const;

test.each([
  [{ TERM: 'xterm-256color' }, '256'],
  [{ TERM: 'xterm', COLORTERM: 'truecolor' }, '256'],
  [{ TERM: 'xterm' }, '16'],
  [{ TERM: 'linux' }, '16'],
  [{ TERM: 'dumb' }, 'none'],
  [{}, 'none'],
  [{ TERM: 'xterm-256color', NO_COLOR: '1' }, 'none'],
  [{ TERM: 'xterm-256color', NO_COLOR: '' }, '256'],
])('%j has the colours %s', (env, depth) => {
  expect(resolveTheme(env).depth).toBe(depth);
});

test('without colours nothing sets one', () => {
  const painted = createTheme('none').paint(line, true);
  expect(painted).not.toMatch(/\x1b\[(3|4|9|10)\d/);
  expect(painted).toContain('failed');
});

test('a locale that is not UTF-8 gets signs of ASCII', () => {
  const theme = resolveTheme({ TERM: 'xterm', LANG: 'C' });
  expect(Object.values(theme.glyphs).flat().join('')).toMatch(/^[\x20-\x7e]*$/);
  expect(theme.paint([{ text: 'cut…' }])).toBe('cut~');
  expect(resolveTheme({ TERM: 'xterm', LANG: 'C', LC_ALL: 'de_DE.UTF-8' }).glyphs.good).toBe('●');
});

test('text from outside cannot bring its own colours or controls', () => {
  const painted = createTheme('none').paint([{ text: 'a\x1b[31mb\x1b]0;c\x07d\r\n' }]);
  expect(painted).toBe('abd ');
});
