import { afterEach, expect, it } from 'vitest';
import type { OutputSink } from '../../source/daemon/backend.ts';
import { endLeftovers, HOME_MARKER } from '../../source/daemon/family.ts';
import { readProcessStat } from '../../source/daemon/proc.ts';
import { createProcessBackend } from '../../source/daemon/process-backend.ts';

class Sink implements OutputSink {
  out = '';
  isEnded = false;
  write(_stream: 'out' | 'err', chunk: Uint8Array): boolean {
    this.out += Buffer.from(chunk).toString();
    return true;
  }
  whenReady(): Promise<void> {
    return Promise.resolve();
  }
  end(): void {
    this.isEnded = true;
  }
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.out);
      if (match !== null) return match;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

const started: { terminate(): void; readonly ended: Promise<unknown> }[] = [];
afterEach(async () => {
  for (const process of started.splice(0)) {
    process.terminate();
    await process.ended;
  }
});

async function start(script: string, options: { graceMs?: number; env?: Record<string, string> } = {}) {
  const sink = new Sink();
  const backend = createProcessBackend({ graceMs: options.graceMs ?? 5_000 });
  const running = await backend.start({
    words: ['sh', '-c', script],
    cwd: '/',
    env: { ...process.env, ...options.env },
    output: sink,
  });
  started.push(running);
  return { running, sink };
}

const isAlive = (pid: number) => {
  const state = readProcessStat(pid)?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
};

it('gives output and exit, in the folder and environment asked for', async () => {
  const { running, sink } = await start('pwd; echo $X; echo oops >&2; exit 3', { env: { X: 'a b' } });
  expect(await running.ended).toEqual({ code: 3, signal: null });
  expect(sink.out.split('\n').sort()).toEqual(['', '/', 'a b', 'oops']);
  expect(sink.isEnded).toBe(true);
});

it.each([
  ['no such program', { words: ['/nowhere/x'] as const, cwd: '/' }, /was not found/],
  ['a folder that is gone', { words: ['true'] as const, cwd: '/nowhere' }, /folder is missing/],
  ['a file that is no program', { words: ['/etc/passwd'] as const, cwd: '/' }, /may not be executed/],
])('says why: %s', async (_label, request, reason) => {
  const wanted = createProcessBackend().start({ ...request, env: process.env, output: new Sink() });
  await expect(wanted).rejects.toThrow(reason);
});

it('ends a whole group, also grandchildren that left it with setsid', async () => {
  const { running, sink } = await start(
    'sleep 1000 & echo in $!; setsid sh -c "echo out \\$\\$; exec sleep 1000" & wait',
  );
  const [, inside = ''] = await sink.until(/in (\d+)/);
  const [, outside = ''] = await sink.until(/out (\d+)/);
  running.terminate();
  expect(await running.ended).toMatchObject({ signal: 'SIGTERM' });
  expect([running.pid, Number(inside), Number(outside)].filter(isAlive)).toEqual([]);
});

it('kills what does not listen, when the time is over', async () => {
  const { running, sink } = await start('trap "" TERM; echo ready; while :; do sleep 0.1; done', { graceMs: 300 });
  await sink.until(/ready/);
  running.terminate();
  expect(await running.ended).toMatchObject({ signal: 'SIGKILL' });
});

it('lets a family finish when its first process is gone, and no longer', async () => {
  const { running, sink } = await start(
    '(trap "echo bye; exit" TERM; echo ready; while :; do sleep 0.05; done) & sleep 0.3; exit 4',
  );
  await sink.until(/ready/);
  expect(await running.ended).toEqual({ code: 4, signal: null });
  expect(sink.out).toContain('bye');
});

it('is not held up by a stranger that keeps the pipe open', async () => {
  // A process without our marker holds stdout: it cleared its environment and left the group.
  const { running, sink } = await start('env -i setsid sh -c "echo held \\$\\$; exec sleep 30" & sleep 0.3');
  const [, pid = ''] = await sink.until(/held (\d+)/);
  await running.ended;
  process.kill(Number(pid), 'SIGKILL');
});

it('ends what a killed daemon of the same home left behind, and nothing else', async () => {
  const mine = await start('echo ready; sleep 1000', { env: { [HOME_MARKER]: '/home/a' } });
  const other = await start('echo ready; sleep 1000', { env: { [HOME_MARKER]: '/home/ab' } });
  await mine.sink.until(/ready/);
  await other.sink.until(/ready/);
  expect(await endLeftovers('/home/a')).toBeGreaterThanOrEqual(1);
  expect(isAlive(mine.running.pid)).toBe(false);
  expect(isAlive(other.running.pid)).toBe(true);
});
