import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRouter, type TestRouter } from '../support/router.ts';

const LIMIT_MS = 15_000;

let router: TestRouter;
beforeAll(async () => {
  router = await startRouter();
});
afterAll(() => router.stop());

async function leave(how: string): Promise<{ code: number | null; stderr: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'leaver.ts'), router.endpoint, how], {
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: LIMIT_MS,
    killSignal: 'SIGKILL',
  });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => {
    stderr += text;
  });
  const [code] = await once(child, 'close');
  return { code, stderr };
}

it.each(['exit', 'close', 'hold', 'abandon'])('a process may leave by %s, with samples on their way', async (how) => {
  for (let i = 0; i < 3; i++) expect(await leave(how)).toEqual({ code: 7, stderr: '' });
});

it('an exception with sessions open ends the process as usual', async () => {
  const { code, stderr } = await leave('throw');
  expect(code).toBe(1);
  expect(stderr).toContain('thrown for a test');
});

it('an open session keeps the process, as a socket does', async () => {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'leaver.ts'), router.endpoint, 'stay'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(child.exitCode).toBeNull();
  child.kill('SIGKILL');
  await once(child, 'exit');
});
