import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isAlive } from '../support/real-fleet.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-hosts-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('hosts and all that runs on them end with the process that made them, kill -9 included', async () => {
  const script = `
    import { startHosts } from ${JSON.stringify(join(import.meta.dirname, '..', 'support', 'hosts.ts'))};
    const network = await startHosts(['left', 'right'], 1);
    const program = network.host('left').start('sh -c "echo up; exec sleep 1000"');
    while (!program.output().includes('up')) await new Promise((resolve) => setTimeout(resolve, 10));
    console.log(program.pid());
    setInterval(() => {}, 1000);`;
  const maker = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    // What it leaves behind goes with this folder.
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await Promise.race([once(createInterface({ input: maker.stdout }), 'line'), once(maker, 'exit')]);
  const pid = Number(line);
  expect(isAlive(pid)).toBe(true);
  maker.kill('SIGKILL');
  await expect.poll(() => isAlive(pid), { timeout: 30_000 }).toBe(false);
});
