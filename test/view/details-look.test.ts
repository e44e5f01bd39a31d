import { expect, test } from 'vitest';
import { detailsLook, dressDetails } from '../../source/view/details-look.ts';
import { resolveTheme } from '../../source/view/resolve-theme.ts';
import { createTheme } from '../../source/view/theme.ts';

const HEAD = '│\x1b[34m\x1b[1m what \x1b[22m\x1b[39m│ it’s … │';

test('without colours the box has none, bold stays', () => {
  expect(dressDetails(HEAD, detailsLook(createTheme('none')))).toBe('│\x1b[1m what \x1b[22m│ it’s … │');
  expect(dressDetails('\x1b[38;5;12mx\x1b[48;2;1;2;3my\x1b[0m', detailsLook(createTheme('none')))).toBe('xy\x1b[0m');
});

test('in colours it stays as it was drawn', () => {
  for (const depth of ['16', '256'] as const) expect(dressDetails(HEAD, detailsLook(createTheme(depth)))).toBe(HEAD);
});

test('where the terminal takes ASCII alone its lines are dashes and bars', () => {
  const look = detailsLook(resolveTheme({ TERM: 'xterm', LANG: 'C', NO_COLOR: '1' }));
  expect(dressDetails('┌───┬──┐', look)).toBe('+---+--+');
  expect(dressDetails('├───┼──┤', look)).toBe('+---+--+');
  expect(dressDetails('└───┴──┘', look)).toBe('+---+--+');
  expect(dressDetails(HEAD, look)).toBe("|\x1b[1m what \x1b[22m| it's ~ |");
});
