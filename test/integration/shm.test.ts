import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seesEveryProcess } from '../../source/daemon/shm-maps.ts';
import { endProcess, runBubbaloop } from '../support/command-line.ts';
import { startDaemon } from '../support/daemon-process.ts';
import { startRouter, type TestRouter } from '../support/router.ts';

let home: string;
let router: TestRouter;
let daemon: ChildProcess | undefined;
const environment = () => ({
  ...process.env,
  BUBBALOOP_HOME: home,
  BUBBALOOP_MACHINE_ID: 'shm_1',
  BUBBALOOP_ZENOH_ENDPOINT: router.endpoint,
});

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'bubbaloop-shm-'));
  router = await startRouter();
});
afterEach(async () => {
  if (daemon !== undefined) await endProcess(daemon);
  await router.stop();
  rmSync(home, { recursive: true });
});

// Dry only: what other programs of this machine left behind is not this test's to remove.
test('`bubbaloop shm clean --dry-run` asks the daemon here and over zenoh', async () => {
  daemon = (await startDaemon(environment())).child;
  const expected = seesEveryProcess()
    ? { code: 0, stderr: expect.stringMatching(/^(There is nothing to remove|Would remove \d+ segments?, )/) }
    : { code: 1, stderr: expect.stringContaining('in a container') };
  const words = ['shm', 'clean', '--dry-run'];
  expect(await runBubbaloop(words, { env: environment() })).toMatchObject(expected);
  expect(await runBubbaloop([...words, '--machine', 'shm_1'], { env: environment() })).toMatchObject(expected);
  expect(await runBubbaloop(['shm', 'sweep'], { env: environment() })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('knows only: clean'),
  });
});
