import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { OutputSink, RunningProcess } from '../../source/daemon/backend.ts';
import { readProcessStat } from '../../source/daemon/proc.ts';
import { ShimKeeper } from '../../source/daemon/shim-keeper.ts';
import { nativeFile } from '../../source/project-root.ts';

let folder: string;
const keepers: ShimKeeper[] = [];
const started: RunningProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-shim-'));
});
afterEach(async () => {
  for (const process of started.splice(0)) {
    process.terminate();
    await process.ended;
  }
  for (const keeper of keepers.splice(0)) keeper.close();
  rmSync(folder, { recursive: true });
});

function keeperOf(options: { graceMs?: number; logBytes?: number } = {}): ShimKeeper {
  const keeper = new ShimKeeper({ shim: nativeFile('bubbaloop-shim'), runFolder: join(folder, 'run'), ...options });
  keepers.push(keeper);
  return keeper;
}

const unused: OutputSink = { write: () => true, whenReady: () => Promise.resolve(), end: () => undefined };
const keep = () => ({ name: 'tick', logFile: join(folder, 'tick.log') });

async function start(keeper: ShimKeeper, ...words: [string, ...string[]]): Promise<RunningProcess> {
  const running = await keeper.start({ words, cwd: folder, env: process.env, output: unused }, keep());
  started.push(running);
  return running;
}

const isAlive = (pid: number) => !['Z', 'X', undefined].includes(readProcessStat(pid)?.state);
const log = () => readFileSync(join(folder, 'tick.log'), 'utf8');

it('writes the log as the daemon does, and tells the end with the last lines', async () => {
  const running = await start(keeperOf(), 'sh', '-c', 'echo hello; printf "oops\\r\\nrest" >&2; exit 3');
  expect(await running.ended).toMatchObject({ code: 3, signal: null });
  expect((await running.ended).lastLines?.toSorted()).toEqual(['hello', 'oops', 'rest']);
  const lines = log().trimEnd().split('\n');
  expect(lines.every((line) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (out|err|daemon) /.test(line))).toBe(true);
  expect(lines.map((line) => line.slice(25)).toSorted()).toEqual([
    'daemon ended: exit 3',
    expect.stringMatching(/^daemon starting: sh -c/),
    'err oops',
    'err rest',
    'out hello',
  ]);
});

it.each([
  ['no such program', '/nowhere/x', /was not found/],
  ['a file that is no program', '/etc/passwd', /may not be executed/],
])('says why: %s', async (_label, program, reason) => {
  await expect(start(keeperOf(), program)).rejects.toThrow(reason);
  expect(log()).toContain('daemon not started: ');
});

it('ends all the family, who left the group and emptied its environment too, and who does not listen', async () => {
  const running = await start(
    keeperOf({ graceMs: 300 }),
    'sh',
    '-c',
    'env -i setsid sh -c "trap : TERM; echo $$; while :; do sleep 0.1; done" & echo ready; wait',
  );
  while (!/out ready/.test(log())) await new Promise((resolve) => setTimeout(resolve, 20));
  running.terminate();
  expect(await running.ended).toMatchObject({ signal: 'SIGTERM' });
  expect(isAlive(running.pid)).toBe(false);
});

it('keeps the log within its limit', async () => {
  const running = await start(keeperOf({ logBytes: 20_000 }), 'sh', '-c', 'seq 1 5000; sleep 0.1; seq 1 500');
  await running.ended;
  expect(statSync(join(folder, 'tick.log')).size).toBeLessThan(400_000);
  expect(statSync(join(folder, 'tick.log.1')).size).toBeGreaterThanOrEqual(20_000);
});

it('reads a flood to its end, keeps some of it, and counts every line that it leaves out', async () => {
  const lineCount = 2_000_000;
  const keeper = keeperOf({ logBytes: 1e9 });
  const running = await start(keeper, 'sh', '-c', `yes ${'x'.repeat(49)} | head -n ${lineCount}`);
  expect(await running.ended).toMatchObject({ code: 0 });
  const lines = log().split('\n');
  const kept = lines.filter((line) => / out x{49}$/.test(line)).length;
  const dropped = lines.map((line) => Number(/ daemon dropped (\d+) lines: /.exec(line)?.[1] ?? 0));
  expect(kept).toBeGreaterThan(10_000);
  expect(kept + dropped.reduce((sum, count) => sum + count, 0)).toBe(lineCount);
});

it('takes over what another keeper started, and what has ended since, but nothing by its process id alone', async () => {
  const running = await start(keeperOf(), 'sleep', '1000');
  const file = join(folder, 'run', 'tick.json');
  const state = JSON.parse(readFileSync(file, 'utf8'));

  expect(keeperOf().adopt(keep(), '/elsewhere')).toBeUndefined();
  writeFileSync(file, JSON.stringify({ ...state, bootId: 'another' }));
  expect(keeperOf().adopt(keep(), folder)).toBeUndefined();
  writeFileSync(file, '{"runId":');
  expect(keeperOf().adopt(keep(), folder)).toBeUndefined();
  // The same process id, another start: that process is a stranger, ours is gone.
  const gone = { pid: process.pid, startTicks: 1 };
  writeFileSync(file, JSON.stringify({ ...state, runId: 'other', shim: gone, node: gone }));
  expect(await keeperOf().adopt(keep(), folder)?.ended).toMatchObject({ signal: 'SIGKILL' });

  writeFileSync(file, JSON.stringify(state));
  const adopted = keeperOf().adopt(keep(), folder);
  expect(adopted?.pid).toBe(running.pid);
  process.kill(running.pid, 'SIGKILL');
  expect(await adopted?.ended).toMatchObject({ code: null, signal: 'SIGKILL' });
  // Nobody asked for that end: a daemon that comes later is told of it.
  expect(await keeperOf().adopt(keep(), folder)?.ended).toMatchObject({ signal: 'SIGKILL' });
});

it('starts a node only once its earlier start has ended', async () => {
  const first = await start(keeperOf({ graceMs: 500 }), 'sh', '-c', 'trap : TERM; while :; do sleep 0.05; done');
  const second = start(keeperOf(), 'sleep', '1000');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(isAlive(first.pid)).toBe(true);
  first.terminate();
  expect((await second).pid).not.toBe(first.pid);
  expect(isAlive(first.pid)).toBe(false);
});
