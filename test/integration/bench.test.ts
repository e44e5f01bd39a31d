import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SIZES_BYTES, WAYS } from '../../source/bench/plan.ts';
import { bubbaloop, runBubbaloop } from '../support/command-line.ts';
import { removeFolder } from '../support/remove-folder.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-test-bench-'));
});
afterEach(() => removeFolder(folder));

it('bench shm measures each way at each size, and leaves nothing behind', { timeout: 180_000 }, async () => {
  const { code, stdout, stderr } = await runBubbaloop(['bench', 'shm', '--json', '--frames', '300'], {
    env: { TMPDIR: folder },
    timeoutMs: 170_000,
  });
  expect(code, stderr).toBe(0);
  const report = JSON.parse(stdout);
  expect(report.growthFrames).toBe(300);
  expect(report.results).toHaveLength(WAYS.length * SIZES_BYTES.length);
  for (const way of WAYS) {
    for (const sizeBytes of SIZES_BYTES) {
      const row = report.results.find((each: typeof report) => each.way === way && each.sizeBytes === sizeBytes);
      expect(row, `${way} ${sizeBytes}`).toBeDefined();
      expect(row.framesPerSecond).toBeGreaterThan(0);
      expect(row.p50Ms).toBeGreaterThan(0);
      expect(row.p99Ms).toBeGreaterThanOrEqual(row.p50Ms);
    }
  }
  expect(readdirSync(folder).filter((name) => name.startsWith('bubbaloop-'))).toEqual([]);
});

it('an interrupted bench ends with 1 and leaves nothing behind', async () => {
  const child = spawn(bubbaloop, ['bench', 'shm'], {
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => {
    stderr += text;
  });
  const exited = once(child, 'exit');
  await once(child.stderr, 'data');
  await new Promise((resolve) => setTimeout(resolve, 500));
  child.kill('SIGINT');
  const [code] = await exited;
  expect(code, stderr).toBe(1);
  expect(stderr).toContain('did not finish');
  expect(readdirSync(folder).filter((name) => name.startsWith('bubbaloop-'))).toEqual([]);
});

it('what it cannot do is said in a sentence', async () => {
  expect(await runBubbaloop(['bench'])).toMatchObject({ code: 2, stderr: expect.stringContaining('bench shm') });
  expect(await runBubbaloop(['bench', 'shm', '--frames', '0'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--frames'),
  });
});
