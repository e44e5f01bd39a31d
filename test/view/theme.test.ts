import { expect, test } from 'vitest';
import { isGroundWanted, resolveTheme } from '../../source/view/resolve-theme.ts';
import { createTheme } from '../../source/view/theme.ts';

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

test('a choice beats the environment; the ground counts where there are colours for it', () => {
  const env = { TERM: 'xterm-256color' };
  expect(resolveTheme({ ...env, NO_COLOR: '1' }, 'dark').depth).toBe('256');
  expect(resolveTheme(env, '16').depth).toBe('16');
  expect(resolveTheme(env, 'none').depth).toBe('none');
  const looks = [undefined, 'dark', 'light'] as const;
  expect(new Set(looks.map((ground) => resolveTheme(env, 'auto', ground).paint(line))).size).toBe(3);
  expect(resolveTheme({ ...env, COLORFGBG: '0;15' }).paint(line)).toBe(resolveTheme(env, 'light').paint(line));
  expect(resolveTheme({ TERM: 'xterm' }, 'auto', 'light').depth).toBe('16');
});

test('the ground is asked for where it matters', () => {
  const env = { TERM: 'xterm-256color' };
  expect(isGroundWanted(env, 'auto')).toBe(true);
  expect(isGroundWanted({ TERM: 'tmux-256color', TMUX: '/tmp/x' }, 'auto')).toBe(true);
  expect(isGroundWanted({ ...env, STY: '1.pts' }, 'auto')).toBe(false);
  expect(isGroundWanted({ ...env, NO_COLOR: '1' }, 'auto')).toBe(false);
  expect(isGroundWanted(env, 'light')).toBe(false);
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
