import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bubbaloop, runBubbaloop } from '../support/command-line.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-key-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const key = (words: readonly string[], home = 'a') =>
  runBubbaloop(['key', ...words], { env: { BUBBALOOP_HOME: join(folder, home) } });

async function importFromStdin(text: string, home: string): Promise<{ code: number | null; stdout: string }> {
  const child = spawn(bubbaloop, ['key', 'import'], {
    env: { ...process.env, BUBBALOOP_HOME: join(folder, home) },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stdin.end(text);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, stdout };
}

it('is made once, shown by its fingerprint, and carried to another machine', async () => {
  expect(await key(['show'])).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no fleet key') });
  const made = await key(['create']);
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f]{16}\n$/) });
  expect(await key(['show'])).toMatchObject({ code: 0, stdout: made.stdout });
  const again = await key(['create']);
  expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });

  const { stdout: secret } = await key(['show', '--secret']);
  expect(readFileSync(join(folder, 'a', 'fleet-key'), 'utf8')).toBe(secret);
  expect(await importFromStdin(secret, 'b')).toEqual({ code: 0, stdout: made.stdout });
  // The same one again is no harm.
  expect(await importFromStdin(secret, 'b')).toMatchObject({ code: 0 });
  writeFileSync(join(folder, 'key.txt'), secret);
  expect(await key(['import', join(folder, 'key.txt')], 'c')).toMatchObject({ code: 0, stdout: made.stdout });

  const forced = await key(['create', '--force']);
  expect(forced.stdout).not.toBe(made.stdout);
  const clash = await key(['import', join(folder, 'key.txt')]);
  expect(clash.code).toBe(1);
  for (const fingerprint of [forced.stdout, made.stdout]) expect(clash.stderr).toContain(fingerprint.trim());
  expect(await key(['import', join(folder, 'key.txt'), '--force'])).toMatchObject({ code: 0, stdout: made.stdout });
});

it('tells a mistyped key, a file that others can read, and a wrong call', async () => {
  await key(['create']);
  const file = join(folder, 'a', 'fleet-key');
  const secret = readFileSync(file, 'utf8');
  writeFileSync(
    join(folder, 'typo'),
    secret.replace(/.\n$/, (end) => (end === '0\n' ? '1\n' : '0\n')),
  );
  const typo = await key(['import', join(folder, 'typo')], 'b');
  expect(typo).toMatchObject({ code: 1, stderr: expect.stringContaining('checksum does not fit') });
  chmodSync(file, 0o644);
  expect(await key(['show'])).toMatchObject({ code: 1, stderr: expect.stringContaining('mode 644') });
  for (const words of [[], ['fly'], ['show', 'x'], ['create', '--secret']]) {
    expect(await key(words)).toMatchObject({ code: 2 });
  }
});
