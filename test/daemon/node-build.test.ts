import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type BuildOptions, runBuild } from '../../source/daemon/node-build.ts';
import { NodeLog } from '../../source/daemon/node-log.ts';
import { nativeFile } from '../../source/project-root.ts';

let folder: string;
let log: NodeLog;
let ending: AbortController;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-build-'));
  log = new NodeLog(join(folder, 'n.log'));
  ending = new AbortController();
});
afterEach(() => {
  // A test that failed half way leaves no build behind.
  ending.abort();
  rmSync(folder, { recursive: true });
});

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    // No such process.
    return false;
  }
}

const until = async (isDone: () => boolean): Promise<void> => {
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 20));
};

describe.each([
  ['a child of the daemon', undefined],
  ['tethered to it', nativeFile('bubbaloop-shim')],
])('%s', (_label, tether) => {
  const run = (command: string | undefined, more: Partial<BuildOptions> = {}) =>
    runBuild(command, { field: 'build', cwd: folder, env: process.env, log, signal: ending.signal, tether, ...more });

  it('gives its output and keeps it in the log', async () => {
    const result = await run(`sh -c 'echo one; echo two >&2; printf three'`);
    expect(result).toMatchObject({ ok: true, message: 'built' });
    expect([...result.output].sort()).toEqual(['one', 'three', 'two']);
    await log.flush();
    expect(readFileSync(log.file, 'utf8')).toMatch(/ err two\n/);
    expect(await run('true', { field: 'clean' })).toMatchObject({ ok: true, message: 'cleaned' });
  });

  it.each([
    [undefined, 'its node.yaml has no "build"; add one that names the command'],
    ['make && make install', 'its build: the command has the operator &&'],
    ['no-such-program --all', 'no-such-program was not found'],
    [`sh -c 'exit 3'`, 'build ended with exit 3'],
    [`sh -c 'kill -SEGV $$'`, 'build ended with SIGSEGV'],
    ['make $NO_SUCH_VARIABLE', 'its build: the command uses $NO_SUCH_VARIABLE, which is not set'],
  ])('says why %j did not build', async (command, message) => {
    expect(await run(command)).toMatchObject({ ok: false, message: expect.stringContaining(message) });
  });

  it.each(['limit', 'daemon'])('ends a stubborn one and all that it started, at the end of the %s', async (which) => {
    const command = `sh -c 'trap : TERM; (trap : TERM; while :; do sleep 0.1; done) & echo $! >pid; while :; do sleep 0.1; done'`;
    const work = run(command, {
      graceMs: 200,
      ...(which === 'limit' ? { timeoutMs: 1_500 } : {}),
    });
    let pid = Number.NaN;
    await until(() => {
      try {
        pid = Number.parseInt(readFileSync(join(folder, 'pid'), 'utf8'), 10);
      } catch {
        // Not written yet.
        return false;
      }
      return pid > 0;
    });
    expect(isAlive(pid)).toBe(true);
    if (which === 'daemon') ending.abort();
    expect(await work).toMatchObject({
      ok: false,
      message: which === 'limit' ? 'took more than 1500 ms' : 'the daemon is stopping',
    });
    await until(() => !isAlive(pid));
  });

  it('keeps the end of an output without end', async () => {
    const result = await run(`sh -c 'yes line | head -n 100000; head -c 100000 /dev/zero | tr "\\\\0" x'`);
    expect(result.ok).toBe(true);
    expect(result.output).toHaveLength(200);
    expect(Math.max(...result.output.map((line) => line.length))).toBe(500);
  });
});
