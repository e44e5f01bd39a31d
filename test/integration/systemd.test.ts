import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { listPids, readProcessStat, readProcFile } from '../../source/daemon/proc.ts';
import type { NodeState } from '../../source/wire/node-state.ts';
import { chaosRounds } from '../support/chaos-rounds.ts';
import { bubbaloop, endProcess, runBubbaloop } from '../support/command-line.ts';
import { DaemonHome } from '../support/daemon-home.ts';
import { startUserManager, type TestUserManager } from '../support/user-manager.ts';

let manager: TestUserManager;
let home: DaemonHome;
const daemons: ChildProcess[] = [];

const COUNTER = 'sh -c "n=0; while :; do n=$((n+1)); echo $n; echo e$n >&2; sleep 0.05; done"';

beforeAll(async () => {
  manager = await startUserManager();
});
afterAll(() => manager?.stop());
beforeEach(() => {
  const nodes = {
    counter: COUNTER.replaceAll('$', '\\$'),
    crash: 'sh -c "echo the reason; exit 3"',
    missing: 'no-such-program --now',
    stubborn: `sh -c "trap '' TERM; echo ready; sleep 1000 & while :; do sleep 0.1; done"`,
  };
  home = new DaemonHome(nodes, undefined, { inside: manager.inside, env: manager.env });
});
afterEach(async () => {
  for (const daemon of daemons.splice(0)) await endProcess(daemon);
  home.remove();
});

async function startDaemon(...flags: string[]): Promise<ChildProcess> {
  const daemon = await home.startDaemon('--backend', 'systemd', ...flags);
  daemons.push(daemon);
  return daemon;
}

async function node(name: string): Promise<NodeState | undefined> {
  return (await home.nodes())?.find((state) => state.name === name);
}

async function until(isDone: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isDone())) await sleep(50);
}

async function kill(daemon: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => daemon.once('exit', resolve));
  daemon.kill('SIGKILL');
  await gone;
}

const isAlive = (pid: number | undefined) =>
  pid !== undefined && !['Z', 'X', undefined].includes(readProcessStat(pid)?.state);
const unitOf = (name: string) =>
  manager.systemctl('show', '-P', 'MainPID', '-P', 'LoadState', `bubbaloop-${name}.service`).trim().split('\n');
const logOf = (name: string) => readFileSync(join(home.folder, 'logs', `${name}.log`), 'utf8');
const counts = () => [...logOf('counter').matchAll(/ out (\d+)$/gm)].map(([, count]) => Number(count));
const readersOfJournal = () =>
  listPids().filter((pid) => {
    const words = readProcFile(pid, 'cmdline')?.split('\0') ?? [];
    return words.includes('SYSLOG_IDENTIFIER=bubbaloop-counter') && words.includes('--follow');
  });

test('a node is a unit; it outlives a killed daemon, and the next one has its process and every line of it', async () => {
  const first = await startDaemon();
  const answer = await home.command('counter', 'start');
  expect(answer).toMatchObject({ success: true });
  const before = await node('counter');
  expect(unitOf('counter')).toEqual([String(before?.pid), 'loaded']);
  await until(() => counts().length > 10);
  await kill(first);
  await until(() => readersOfJournal().length === 0);
  const seen = counts().length;
  expect(isAlive(before?.pid)).toBe(true);
  await sleep(500);

  await startDaemon();
  const after = await node('counter');
  expect(after).toMatchObject({ status: 'running', pid: before?.pid });
  await until(() => counts().length > seen + 20);
  const shown = await runBubbaloop(['node', 'logs', 'counter', '--home', home.folder, '-n', '3', '--grep', 'e\\d']);
  expect(shown.stdout).toMatch(/^\S+Z? *err e\d+$/m);
  expect(await home.command('counter', 'get_logs')).toMatchObject({ success: true });
  expect(await home.command('counter', 'stop')).toMatchObject({
    success: true,
    message: expect.stringMatching(/SIGTERM/),
  });
  expect(isAlive(before?.pid)).toBe(false);
  expect(unitOf('counter')).toEqual(['0', 'not-found']);
  expect(counts()).toEqual(counts().map((_count, index) => index + 1));
});

test('stop ends who does not listen, after the limit, and a crash loop ends in failed with the last lines', async () => {
  await startDaemon();
  expect(await home.command('stubborn', 'start')).toMatchObject({ success: true });
  const stubborn = await node('stubborn');
  await until(() => logOf('stubborn').includes('ready'));
  const crashed = await home.command('crash', 'start');
  expect(crashed).toMatchObject({ success: false, output: 'the reason' });
  expect(crashed?.message).toMatch(/exit 3, last line "the reason"/);
  expect(await home.command('stubborn', 'stop')).toMatchObject({
    success: true,
    message: expect.stringMatching(/SIGKILL/),
  });
  expect(isAlive(stubborn?.pid)).toBe(false);
  expect(home.processes().get('stubborn')).toBeUndefined();
  await until(async () => (await node('crash'))?.lastExit?.includes('5 times') === true);
  expect(await node('crash')).toMatchObject({ status: 'failed', lastLogLines: ['the reason'] });
  expect(await home.command('missing', 'start')).toMatchObject({
    success: false,
    message: expect.stringMatching(/was not found/),
  });
});

test('a node that is stopped through systemd stays stopped; the unit of one that is removed goes', async () => {
  await startDaemon();
  await home.command('counter', 'start');
  manager.systemctl('stop', 'bubbaloop-counter.service');
  await until(async () => (await node('counter'))?.status === 'stopped');
  await home.command('counter', 'start');
  const running = await node('counter');
  writeFileSync(home.registryFile, '{"nodes":[]}');
  await until(async () => (await home.nodes())?.length === 0);
  await until(() => !isAlive(running?.pid) && unitOf('counter')[1] === 'not-found');
});

test('nodes end with the daemon, unless they are to be kept', async () => {
  const first = await startDaemon('--keep-nodes');
  await home.command('counter', 'start');
  const running = await node('counter');
  await endProcess(first);
  expect(isAlive(running?.pid)).toBe(true);
  const second = await startDaemon();
  expect(await node('counter')).toMatchObject({ status: 'running', pid: running?.pid });
  await endProcess(second);
  expect(isAlive(running?.pid)).toBe(false);
  expect(unitOf('counter')).toEqual(['0', 'not-found']);
});

test('unasked, the home of a user who lingers has units', async () => {
  const [program, ...words] = [...manager.inside, bubbaloop, 'daemon', '--machine-id', 'auto_1'];
  const env = { ...manager.env, BUBBALOOP_HOME: undefined, BUBBALOOP_ZENOH_ENDPOINT: 'tcp/127.0.0.1:1' };
  const daemon = spawn(program, words, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  daemons.push(daemon);
  let said = '';
  daemon.stderr.on('data', (data: Buffer) => {
    said += data;
  });
  await until(() => said.includes('Ready:'));
  expect(said).toContain("Nodes are units of the user's systemd");
  expect(said).toContain(join(manager.folder, 'home', '.bubbaloop'));
});

test('unasked, a home of its own has no units; asked where there is no systemd, the daemon says why', async () => {
  daemons.push(await home.startDaemon());
  await home.command('counter', 'start');
  expect(unitOf('counter')).toEqual(['0', 'not-found']);
  const env = { XDG_RUNTIME_DIR: '/nowhere', DBUS_SESSION_BUS_ADDRESS: '' };
  const words = ['daemon', '--home', join(home.folder, 'other'), '--backend'];
  const refused = await runBubbaloop([...words, 'systemd'], { env });
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/no bus of the user.*\s.*--backend process/),
  });
  expect(await runBubbaloop([...words, 'docker'])).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/process, systemd/),
  });
});

test('a daemon that is killed under load leaves every unit as it was last acknowledged', {
  timeout: 300_000,
}, async () => {
  const launch = { inside: manager.inside, env: manager.env };
  const result = await chaosRounds(3, undefined, { launch, flags: ['--backend', 'systemd'] });
  expect(result.problems).toEqual([]);
  expect(result.acknowledged).toBeGreaterThan(0);
  expect(manager.systemctl('list-units', '--all', '--plain', '--no-legend', 'bubbaloop-node-*')).toBe('');
});
