/** What a session does to the process around it: nothing on the terminal, nothing that keeps it or crashes it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePorts, startRouter, type TestRouter } from '../support/router.ts';
import { until } from './rig.ts';

const SCRIPT = join(import.meta.dirname, 'session-process.ts');

let router: TestRouter;
beforeAll(async () => {
  router = await startRouter();
});
afterAll(() => router.stop());

describe.each(['native', 'remote'])('a process with a %s session', (kind) => {
  const endpoint = () => (kind === 'native' ? router.endpoint : router.wsUrl);

  it('ends by itself after the close, and nothing of zenoh is on its terminal', async () => {
    const program = run(endpoint(), 'close');
    expect(await program.ended).toEqual({ code: 0, signal: null, stdout: '1 reply\n', stderr: '' });
  });

  it('ends by itself where it closes while connecting', async () => {
    const program = run(endpoint(), 'close-at-once');
    expect(await program.ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  });

  it('ends by itself where nobody was there', async () => {
    const [port] = await freePorts(1);
    const program = run(kind === 'native' ? `tcp/127.0.0.1:${port}` : `ws://127.0.0.1:${port}`, 'unreachable');
    expect(await program.ended).toEqual({ code: 0, signal: null, stdout: 'timeout\n', stderr: '' });
  });

  it('may exit with the session open', async () => {
    const program = run(endpoint(), 'exit');
    expect(await program.ended).toEqual({ code: 3, signal: null, stdout: '1 reply\n', stderr: '' });
  });

  it('is kept alive by an open session, and told of a killed router', async () => {
    const program = run(endpoint(), 'wait-for-loss');
    await until(() => program.stdout() !== '', 'the start');
    await router.kill();
    const ended = await program.ended;
    await router.restartOnSamePorts();
    expect(ended).toEqual({ code: 0, signal: null, stdout: '1 reply\nlost\nclosed\n', stderr: '' });
  });
});

function run(endpoint: string, mode: string) {
  const child: ChildProcess = spawn(process.execPath, ['--no-warnings', SCRIPT, endpoint, mode], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, RUST_LOG: '', NODE_OPTIONS: '' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (data: Buffer) => {
    stdout += data;
  });
  child.stderr?.on('data', (data: Buffer) => {
    stderr += data;
  });
  // Only a hang reaches it; the test then shows the signal.
  const guard = setTimeout(() => child.kill('SIGKILL'), 30_000);
  const ended = new Promise((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(guard);
      resolve({ code, signal, stdout, stderr });
    });
  });
  return { ended, stdout: () => stdout };
}
