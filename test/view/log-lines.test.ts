import { expect, test } from 'vitest';
import { toLogLines } from '../../source/view/log-lines.ts';

test('a log is its lines, without the empty one after the last line break', () => {
  expect(toLogLines('')).toEqual([]);
  expect(toLogLines('one\r\ntwo\n')).toEqual(['one', 'two']);
  expect(toLogLines('one\n\n')).toEqual(['one', '']);
});

test('a line of 1 MB is cut and says how long it was; the others stay', () => {
  const lines = toLogLines(`first\n${'x'.repeat(1_000_000)}\nlast\n`);
  expect(lines).toHaveLength(3);
  expect(lines[1]).toMatch(/^\(1000000 characters\) xxx/);
  expect(lines[1]?.length).toBeLessThan(2_100);
  expect(lines[2]).toBe('last');
});

test('of a long log the newest lines are kept', () => {
  const lines = toLogLines(Array.from({ length: 20_000 }, (_, index) => `line ${index}`).join('\n'));
  expect(lines).toHaveLength(5_000);
  expect(lines.at(-1)).toBe('line 19999');
});
