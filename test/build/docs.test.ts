import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readmeWithKeys } from '../../source/build/docs.ts';

test('the README tells the keys as the key map has them (npm run docs)', () => {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
  expect(readmeWithKeys(text)).toBe(text);
  expect(text).toContain('| `q`');
});
