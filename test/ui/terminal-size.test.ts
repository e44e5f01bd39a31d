import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { terminalSize } from '../../source/ui/terminal-size.ts';

test.each([
  [{}, { columns: 80, rows: 24 }],
  [
    { columns: 0, rows: 0 },
    { columns: 80, rows: 24 },
  ],
  [
    { columns: -3, rows: Number.NaN },
    { columns: 80, rows: 24 },
  ],
  [
    { columns: 1, rows: 1 },
    { columns: 1, rows: 1 },
  ],
  [
    { columns: 10_000, rows: 10_000 },
    { columns: 1_000, rows: 400 },
  ],
])('%j is taken for %j', (told, size) => {
  expect(terminalSize(Object.assign(new PassThrough(), told))).toEqual(size);
});
