import { describe, expect, it } from 'vitest';
import { compileGrep, formatLine, parseSince, plainLines } from '../../source/commands/log-lines.ts';
import { ChunkJoiner } from '../../source/fleet/remote-log.ts';
import type { LogChunk } from '../../source/wire/log-chunk.ts';

const NOW = Date.parse('2026-01-02T00:00:00Z');

it.each([
  ['30s', '2026-01-01T23:59:30Z'],
  ['10m', '2026-01-01T23:50:00Z'],
  ['2h', '2026-01-01T22:00:00Z'],
  ['1d', '2026-01-01T00:00:00Z'],
  ['2026-01-01T12:34:56Z', '2026-01-01T12:34:56Z'],
  ['2026-01-01', '2026-01-01T00:00:00Z'],
])('reads --since %s', (text, wanted) => {
  expect(parseSince(text, NOW)).toBe(Date.parse(wanted));
});

it.each(['', 'soon', '10', '5w', '-3m', '2026-13-40', '1e3s'])('refuses --since %j', (text) => {
  expect(() => parseSince(text, NOW)).toThrow(expect.objectContaining({ exitCode: 2 }));
});

describe('--grep', () => {
  it('keeps what matches, and refuses what is no expression', () => {
    expect(compileGrep(undefined)(['a', 'b'])).toEqual(['a', 'b']);
    expect(compileGrep('err|warn')(['an error', 'fine', 'warning'])).toEqual(['an error', 'warning']);
    expect(() => compileGrep('(')).toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  it('gives up on an expression that would not end', () => {
    expect(() => compileGrep('(a+)+$')([`${'a'.repeat(200)}b`])).toThrow('takes too long');
  });
});

it('strips lines, and makes JSON of them', () => {
  expect(plainLines('a\u001b[31mb\n\u001b]0;t\u0007c\n')).toEqual(['ab', 'c']);
  expect(JSON.parse(formatLine('2026-01-01T00:00:00.000Z err no device', true))).toEqual({
    time: '2026-01-01T00:00:00.000Z',
    stream: 'err',
    text: 'no device',
  });
  expect(JSON.parse(formatLine('odd', true))).toEqual({ time: '', stream: '', text: 'odd' });
});

describe('joining', () => {
  const chunk = (file: string, start: number, text: string): LogChunk => ({
    machineId: 'm',
    node: 'n',
    file,
    start,
    end: start + Buffer.byteLength(text),
    text,
    isCut: false,
  });

  it('shows nothing twice and tells a gap', () => {
    const joiner = new ChunkJoiner(chunk('1', 0, 'aaaaa\n'), []);
    expect(joiner.join(chunk('1', 0, 'aaaaa\n'))).toEqual({ text: '', missedBytes: 0 });
    expect(joiner.join(chunk('1', 3, 'aa\nbb\n'))).toEqual({ text: 'bb\n', missedBytes: 0 });
    expect(joiner.join(chunk('1', 9, ''))).toEqual({ text: '', missedBytes: 0 });
    expect(joiner.join(chunk('1', 20, 'cc\n'))).toEqual({ text: 'cc\n', missedBytes: 11 });
    expect(joiner.join(chunk('2', 0, 'dd\n'))).toEqual({ text: 'dd\n', missedBytes: 0 });
    expect(joiner.join(chunk('3', 3, 'ee\n'))).toEqual({ text: 'ee\n', missedBytes: 3 });
  });

  it('takes what came from an older file before the history for old', () => {
    const early = [chunk('1', 0, 'old\n'), chunk('2', 0, 'new\n')];
    const joiner = new ChunkJoiner(chunk('2', 0, 'new\n'), early);
    expect(early.map((piece) => joiner.join(piece).text)).toEqual(['', '']);
  });

  it('begins where there was no log yet', () => {
    const joiner = new ChunkJoiner(chunk('', 0, ''), [chunk('', 0, '')]);
    expect(joiner.join(chunk('', 0, '')).text).toBe('');
    expect(joiner.join(chunk('7', 0, 'first\n')).text).toBe('first\n');
  });
});
