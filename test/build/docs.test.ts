import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { currentManPage, readmeWithKeys } from '../../source/build/docs.ts';
import { commands } from '../../source/commands/index.ts';

const root = join(import.meta.dirname, '..', '..');

test('the README tells the keys as the key map has them (npm run docs)', () => {
  const text = readFileSync(join(root, 'README.md'), 'utf8');
  expect(readmeWithKeys(text)).toBe(text);
  expect(text).toContain('| `q`');
});

test('the manual page is that of the command table and the key map (npm run docs)', () => {
  expect(readFileSync(join(root, 'man', 'bubbaloop.1'), 'utf8')).toBe(currentManPage());
});

test('groff sets the manual page without a complaint, every command and what is typed as it is typed', async () => {
  const page = join(root, 'man', 'bubbaloop.1');
  const words = ['-man', '-Tutf8', '-Kutf8', '-ww', '-rLL=200n', page];
  const { stdout, stderr } = await promisify(execFile)('groff', words, { env: { ...process.env, GROFF_NO_SGR: '1' } });
  expect(stderr).toBe('');
  // Bold is written twice, with a backspace between.
  const plain = stdout.replaceAll(/.\x08/gu, '');
  for (const { name } of commands) expect(plain).toMatch(new RegExp(`^ +bubbaloop ${name}`, 'm'));
  expect(plain).toContain(`bubbaloop sub 'bubbaloop/global/*/thermometer/reading'`);
  expect(plain).toContain('--endpoint ENDPOINT');
});
