import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeDemoFolder, removeDeadDemos } from '../../source/commands/demo-leftovers.ts';
import { readProcessStat } from '../../source/daemon/proc.ts';

let parent: string;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'bubbaloop-leftovers-'));
});
afterEach(() => rmSync(parent, { recursive: true }));

/** The folder of a demo that ended without a word. */
function killedDemo(): string {
  const file = JSON.stringify(join(import.meta.dirname, '../../source/commands/demo-leftovers.ts'));
  const script = `
    import { makeDemoFolder } from ${file};
    process.stdout.write(await makeDemoFolder(${JSON.stringify(parent)}));
    process.kill(process.pid, 'SIGKILL');
  `;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout;
}

test('the next demo removes what a killed one left, and nothing else', async () => {
  const dead = killedDemo();
  writeFileSync(join(dead, 'router.log'), 'text');
  const mine = await makeDemoFolder(parent);
  const [unlocked, other] = [join(parent, 'bubbaloop-demo-new'), join(parent, 'something-else')];
  for (const folder of [unlocked, other]) mkdirSync(folder);
  symlinkSync(other, join(parent, 'bubbaloop-demo-link'));
  expect(await removeDeadDemos(parent)).toEqual([dead]);
  expect([dead, mine, unlocked, other].map((folder) => existsSync(folder))).toEqual([false, true, true, true]);
  expect(await removeDeadDemos(join(parent, 'nowhere'))).toEqual([]);
});

test('a daemon that still ends keeps the folder until it is gone', async () => {
  const dead = killedDemo();
  const lock = join(dead, 'daemon.lock');
  writeFileSync(lock, JSON.stringify({ pid: process.pid, startTicks: readProcessStat('self')?.startTicks }));
  expect(await removeDeadDemos(parent)).toEqual([]);
  writeFileSync(lock, JSON.stringify({ pid: process.pid, startTicks: 1 }));
  expect(await removeDeadDemos(parent)).toEqual([dead]);
});
