import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startTethered } from '../../source/commands/tethered.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'bubbaloop-tethered-'));
});
afterEach(() => rmSync(home, { recursive: true }));

test('end() ends the program, which may have answered with a line', async () => {
  const tethered = startTethered(['/bin/sh', '-c', 'echo "$$"; exec sleep 1000'], options());
  const pid = Number(await tethered.firstLine(5_000));
  expect(isAlive(pid)).toBe(true);
  await tethered.end(5_000);
  expect(isAlive(pid)).toBe(false);
  await tethered.end(5_000);
});

test('a program that ignores SIGTERM is killed at the limit', async () => {
  const tethered = startTethered(['/bin/sh', '-c', 'trap "" TERM; echo "$$"; while :; do sleep 1; done'], options());
  const pid = Number(await tethered.firstLine(5_000));
  await tethered.end(200);
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5_000);
});

test('a program that ends before its first line is said so, its stderr is in the log', async () => {
  const tethered = startTethered(['/bin/sh', '-c', 'echo no port >&2; exit 3'], options());
  await expect(tethered.firstLine(5_000)).rejects.toThrow('ended before it was ready');
  expect(readFileSync(join(home, 'log'), 'utf8')).toBe('no port\n');
  await tethered.end(1_000);
});

test('kill -9 of the owner ends the program', async () => {
  const script = `
    import { startTethered } from ${JSON.stringify(join(import.meta.dirname, '../../source/commands/tethered.ts'))};
    const tethered = startTethered(['/bin/sh', '-c', 'echo "$$"; exec sleep 1000'], ${JSON.stringify(options())});
    process.stdout.write(await tethered.firstLine(5000) + '\\n');
  `;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = await new Promise<number>((resolve) => owner.stdout.once('data', (line) => resolve(Number(line))));
  expect(isAlive(pid)).toBe(true);
  owner.kill('SIGKILL');
  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), 5_000);
});

function options(): { readonly env: NodeJS.ProcessEnv; readonly logFile: string } {
  return { env: process.env, logFile: join(home, 'log') };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
