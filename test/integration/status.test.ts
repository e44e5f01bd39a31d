import type { ChildProcess } from 'node:child_process';
import { afterEach, expect, test } from 'vitest';
import { endProcess, type Finished, runBubbaloop } from '../support/command-line.ts';
import { DaemonHome } from '../support/daemon-home.ts';
import { startRouter, type TestRouter } from '../support/router.ts';

let router: TestRouter | undefined;
let home: DaemonHome | undefined;
let daemon: ChildProcess | undefined;
afterEach(async () => {
  if (daemon !== undefined) await endProcess(daemon);
  await router?.stop();
  home?.remove();
  router = undefined;
  daemon = undefined;
});

const status = (words: readonly string[] = []): Promise<Finished> =>
  runBubbaloop(['status', '--endpoint', router?.endpoint ?? 'tcp/127.0.0.1:1', ...words], {
    env: { BUBBALOOP_HOME: home?.folder },
  });

test('router, daemon and nodes that are well: exit code 0', async () => {
  router = await startRouter();
  home = new DaemonHome({ sleeper: 'sleep 1000' }, router.endpoint);
  daemon = await home.startDaemon();
  await home.command('sleeper', 'start');
  const text = await status();
  expect(text).toMatchObject({ code: 0, stderr: '' });
  expect(text.stdout).toMatch(/✓ router +tcp\/127\.0\.0\.1:\d+, zenoh 1\.\d+\.\d+, \d sessions\n/);
  expect(text.stdout).toContain('✓ nodes    1 running\n    sleeper  running');
  expect(text.stdout).toContain('All is well.');
  const json = JSON.parse((await status(['--json'])).stdout);
  expect(json).toMatchObject({
    profile: null,
    router: { isUp: true },
    central: null,
    daemon: { isRunning: true },
    nodes: [{ name: 'sleeper', status: 'running' }],
    problems: [],
  });
});

test('a failed node is named with how it ended: exit code 1', async () => {
  router = await startRouter();
  home = new DaemonHome({ broken: 'sh -c "exit 7"' }, router.endpoint);
  daemon = await home.startDaemon();
  await home.command('broken', 'start');
  await expect
    .poll(async () => (await status()).stdout, { timeout: 60_000, interval: 500 })
    .toMatch(/Node broken has failed \(.*7.*\): bubbaloop node logs broken/);
  expect(await status()).toMatchObject({ code: 1, stdout: expect.stringContaining('✗ nodes    1 failed') });
});

test('no router and no daemon where there are nodes: both are named, with what to do', async () => {
  home = new DaemonHome({ sleeper: 'sleep 1000' });
  const { code, stdout } = await status();
  expect(code).toBe(1);
  expect(stdout).toContain('✗ router');
  expect(stdout).toContain('connection refused');
  expect(stdout).toContain('No daemon runs. Start it: bubbaloop daemon');
});
