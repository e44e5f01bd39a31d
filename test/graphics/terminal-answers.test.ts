import { expect, test } from 'vitest';
import { AnswerSieve, type TerminalAnswer } from '../../source/graphics/terminal-answers.ts';

const XTERM = '\x1bP>|XTerm(379)\x1b\\\x1b[4;480;640t\x1b[6;13;6t\x1b[?1;0;256S\x1b[?63;1;2;4;22c';
const TOLD: readonly TerminalAnswer[] = [
  { kind: 'version', text: 'XTerm(379)' },
  { kind: 'window', widthPx: 640, heightPx: 480 },
  { kind: 'cell', widthPx: 6, heightPx: 13 },
  { kind: 'colours', count: 256 },
  { kind: 'attributes', attributes: [63, 1, 2, 4, 22] },
];

test('answers are told apart from keys between them', () => {
  const sieve = new AnswerSieve();
  expect(sieve.push(`j${XTERM}k\x1b[A`)).toEqual({ typed: 'jk\x1b[A', answers: TOLD });
  expect(sieve.push('\x1b_Gi=31;OK\x1b\\\x1b_Gi=31;EINVAL:no\x1b\\\x1b[0n').answers).toEqual([
    { kind: 'kitty', isOk: true },
    { kind: 'kitty', isOk: false },
    { kind: 'alive' },
  ]);
  expect(sieve.held).toBe('');
});

test('the ground and the mouse', () => {
  const sieve = new AnswerSieve();
  const sifted = sieve.push(
    'a\x1b]11;rgb:ffff/ffff/ffff\x1b\\b\x1b]11;rgb:00/00/00\x07c\x1b]11;moon\x07d\x1b[<0;5;10Me\x1b[<65;1;1M\x1b[<0;5;10m',
  );
  expect(sifted.typed).toBe('abcde');
  expect(sifted.answers).toEqual([
    { kind: 'ground', luminance: expect.closeTo(1) },
    { kind: 'ground', luminance: 0 },
    { kind: 'ground', luminance: undefined },
    { kind: 'mouse', button: 0, x: 4, y: 9, isDown: true },
    { kind: 'mouse', button: 65, x: 0, y: 0, isDown: true },
    { kind: 'mouse', button: 0, x: 4, y: 9, isDown: false },
  ]);
  const text = '\x1b]11;rgb:ffff/ffff/ffff\x1b\\\x1b[<0;125;10M';
  for (let cut = 1; cut < text.length; cut += 1) {
    const first = sieve.push(text.slice(0, cut));
    const second = sieve.push(text.slice(cut));
    expect(first.typed + second.typed).toBe('');
    expect([...first.answers, ...second.answers]).toHaveLength(2);
  }
});

test('answers cut anywhere are no keys', () => {
  for (let cut = 1; cut < XTERM.length; cut += 1) {
    const sieve = new AnswerSieve();
    const first = sieve.push(`a${XTERM.slice(0, cut)}`);
    const second = sieve.push(`${XTERM.slice(cut)}b`);
    expect(first.typed + second.typed).toBe('ab');
    expect([...first.answers, ...second.answers]).toEqual(TOLD);
  }
});

test('answers that come byte by byte are no keys', () => {
  const sieve = new AnswerSieve();
  const sifted = [...XTERM].map((character) => sieve.push(character));
  expect(sifted.map(({ typed }) => typed).join('')).toBe('');
  expect(sifted.flatMap(({ answers }) => answers)).toEqual(TOLD);
});

test('keys that begin as answers do come through', () => {
  for (const key of ['\x1b', '\x1b[', '\x1bP', '\x1b_', '\x1b[4']) {
    const sieve = new AnswerSieve();
    const { typed } = sieve.push(key);
    expect(sieve.patienceMs).toBeLessThan(100);
    expect(typed + sieve.release()).toBe(key);
  }
  for (const key of ['\x1b[4~', '\x1b[1;5A', '\x1bOP', '\x1b[3~', '\x1b[200~paste\x1b[201~', '\x1bx', 'é漢']) {
    const sieve = new AnswerSieve();
    expect(sieve.push(key).typed).toBe(key);
    expect(sieve.held).toBe('');
  }
});

test('half an answer that never ends is dropped, not typed', () => {
  const sieve = new AnswerSieve();
  sieve.push('\x1bP>|XTerm(3');
  expect(sieve.release()).toBe('');
  expect(sieve.push('j').typed).toBe('j');
});

test('a flood that pretends to be an answer is not kept', () => {
  const sieve = new AnswerSieve();
  sieve.push(`\x1bP>|${'x'.repeat(1_000)}`);
  expect(sieve.held.length).toBeLessThan(300);
});
