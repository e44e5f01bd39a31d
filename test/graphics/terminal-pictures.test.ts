import { expect, test } from 'vitest';
import type { TerminalAnswer } from '../../source/graphics/terminal-answers.ts';
import { choosePictures, type TerminalFacts, type TmuxFacts } from '../../source/graphics/terminal-pictures.ts';
import { parseTmuxFacts, wrapForTmux } from '../../source/graphics/tmux.ts';

const SIXEL: TerminalAnswer = { kind: 'attributes', attributes: [63, 1, 2, 4] };
const NO_SIXEL: TerminalAnswer = { kind: 'attributes', attributes: [64, 1, 2] };
const KITTY: TerminalAnswer = { kind: 'kitty', isOk: true };

function choose(change: Partial<TerminalFacts> = {}) {
  return choosePictures({
    images: 'auto',
    env: { TERM: 'xterm-256color', LANG: 'C.UTF-8', ...change.env },
    size: { columns: 100, rows: 40 },
    answers: [],
    ...change,
    ...(change.env === undefined ? {} : { env: { TERM: 'xterm-256color', LANG: 'C.UTF-8', ...change.env } }),
  });
}

test('the terminal’s own answers decide', () => {
  expect(choose({ answers: [SIXEL] }).protocol).toBe('sixel');
  expect(choose({ answers: [KITTY, NO_SIXEL] }).protocol).toBe('kitty');
  expect(choose({ answers: [NO_SIXEL] }).protocol).toBe('blocks');
  expect(choose({ answers: [{ kind: 'version', text: 'iTerm2 3.5' }, NO_SIXEL] }).protocol).toBe('iterm');
  // The first number is the terminal's class: 4 there is no sixel.
  expect(choose({ answers: [{ kind: 'attributes', attributes: [4, 6] }] }).protocol).toBe('blocks');
});

test('the environment is a hint where the terminal is silent, and no more', () => {
  expect(choose({ env: { TERM: 'xterm-kitty' } }).protocol).toBe('kitty');
  expect(choose({ env: { TERM: 'xterm-kitty' }, answers: [NO_SIXEL] }).protocol).toBe('blocks');
  expect(choose().protocol).toBe('blocks');
});

test('no colours, no terminal, no UTF-8: no pictures, unless they are asked for', () => {
  expect(choose({ env: { NO_COLOR: '1' }, answers: [SIXEL] }).protocol).toBe('off');
  expect(choose({ env: { TERM: 'dumb' } }).protocol).toBe('off');
  expect(choose({ env: { LANG: 'C' } }).protocol).toBe('off');
  expect(choose({ images: 'sixel', env: { NO_COLOR: '1' } }).protocol).toBe('sixel');
  expect(choose({ images: 'off', answers: [SIXEL] }).protocol).toBe('off');
});

test('GNU screen: blocks, whatever is around it', () => {
  expect(choose({ env: { STY: '123.pts-0' }, answers: [SIXEL] }).protocol).toBe('blocks');
  expect(choose({ env: { TERM: 'screen-256color' } }).protocol).toBe('blocks');
});

const TMUX: TmuxFacts = { isPassthroughAllowed: true, outerTerminal: 'foot(1.16)', left: 3, top: 2 };

test('tmux: its own sixel, else through it where it is allowed and the terminal around is known, else blocks', () => {
  const own = choose({ tmux: TMUX, answers: [SIXEL] });
  expect(own).toMatchObject({ protocol: 'sixel', passthrough: undefined, maxPictures: 9 });
  expect(own.maxPictureBytes).toBeLessThan(1024 * 1024);
  const through = choose({ tmux: TMUX, answers: [NO_SIXEL] });
  expect(through).toMatchObject({ protocol: 'sixel', passthrough: { left: 3, top: 2 }, maxPictures: 9 });
  expect(choose({ tmux: { ...TMUX, isPassthroughAllowed: false }, answers: [NO_SIXEL] }).protocol).toBe('blocks');
  expect(choose({ tmux: { ...TMUX, outerTerminal: 'XTerm(379)' }, answers: [NO_SIXEL] }).protocol).toBe('blocks');
  const asked = choose({ images: 'sixel', tmux: { ...TMUX, outerTerminal: 'XTerm(379)' }, answers: [NO_SIXEL] });
  expect(asked).toMatchObject({ protocol: 'sixel', passthrough: { left: 3, top: 2 } });
});

test('the size of a cell: by the cell, by the window, by tmux, by the kernel, else small', () => {
  expect(choose({ answers: [{ kind: 'cell', widthPx: 9, heightPx: 18 }] }).cell).toEqual({ widthPx: 9, heightPx: 18 });
  expect(choose({ answers: [{ kind: 'window', widthPx: 1_000, heightPx: 800 }] }).cell).toEqual({
    widthPx: 10,
    heightPx: 20,
  });
  expect(choose({ tmux: { ...TMUX, cell: { widthPx: 7, heightPx: 15 } } }).cell).toEqual({ widthPx: 7, heightPx: 15 });
  expect(choose({ windowPx: { widthPx: 800, heightPx: 640 } }).cell).toEqual({ widthPx: 8, heightPx: 16 });
  const unknown = choose({ answers: [{ kind: 'cell', widthPx: 0, heightPx: 99_999 }] });
  expect(unknown.isCellKnown).toBe(false);
  expect(unknown.cell.widthPx).toBeLessThan(7);
});

test('colours: registers of the terminal, depth of the environment', () => {
  expect(choose({ answers: [{ kind: 'colours', count: 16 }] }).colours).toBe(16);
  expect(choose({ answers: [{ kind: 'colours', count: 1024 }] }).colours).toBe(256);
  expect(choose().colours).toBe(256);
  expect(choose({ env: { COLORTERM: 'truecolor' } }).colourDepth).toBe('true-colour');
  expect(choose().colourDepth).toBe('256');
  expect(choose({ env: { TERM: 'xterm' } }).colourDepth).toBe('16');
});

test('what tmux prints is read as it stands', () => {
  expect(parseTmuxFacts('on\tXTerm(379)\t6\t13\t40\t1\t0\t0\ton\ttop\n')).toEqual({
    isPassthroughAllowed: true,
    outerTerminal: 'XTerm(379)',
    cell: { widthPx: 6, heightPx: 13 },
    left: 40,
    top: 2,
  });
  expect(parseTmuxFacts('off\t\t\t\t0\t0\t\t\toff\tbottom')).toMatchObject({
    isPassthroughAllowed: false,
    cell: undefined,
    left: 0,
    top: 0,
  });
  expect(parseTmuxFacts('').isPassthroughAllowed).toBe(false);
});

test('the envelope for tmux doubles each ESC', () => {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
  expect(text(wrapForTmux(Buffer.from('\x1bPq#0\x1b\\')))).toBe('\x1bPtmux;\x1b\x1bPq#0\x1b\x1b\\\x1b\\');
  expect(text(wrapForTmux(Buffer.from('plain')))).toBe('\x1bPtmux;plain\x1b\\');
});
