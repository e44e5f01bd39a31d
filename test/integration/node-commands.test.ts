import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bubbaloop, endProcess, runBubbaloop } from '../support/command-line.ts';
import { startDaemon } from '../support/daemon-process.ts';
import { startRouter, type TestRouter } from '../support/router.ts';

const ROBOT = 'robot_1';
let folder: string;
let router: TestRouter;
const started: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-nodes-'));
  router = await startRouter();
});
afterEach(async () => {
  await Promise.all(started.splice(0).map(endProcess));
  await router.stop();
  rmSync(folder, { recursive: true });
});

const environment = (machine: string) => ({
  ...process.env,
  NO_COLOR: '1',
  BUBBALOOP_HOME: join(folder, machine),
  BUBBALOOP_MACHINE_ID: machine,
  BUBBALOOP_ZENOH_ENDPOINT: router.endpoint,
});

function makeNode(name: string, fields: object): string {
  const path = join(folder, 'nodes', name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'node.yaml'), JSON.stringify({ name, version: '1.0.0', type: 'node', ...fields }));
  return path;
}

async function startRobot(): Promise<void> {
  started.push((await startDaemon(environment(ROBOT))).child);
}

/** `bubbaloop node …` on the robot itself. */
const here = (...words: readonly string[]) => runBubbaloop(['node', ...words], { env: environment(ROBOT) });
/** The same from another machine, with a home and an id of its own. */
const away = (...words: readonly string[]) =>
  runBubbaloop(['node', ...words, '--machine', ROBOT], { env: environment('desk') });

/** A command that goes on until it is ended; what it printed so far. */
function follow(...words: readonly string[]): { readonly child: ChildProcess; readonly output: () => string } {
  const machine = words.includes('--machine') ? 'desk' : ROBOT;
  const child = spawn(bubbaloop, ['node', ...words], {
    env: environment(machine),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  return { child, output: () => text };
}

const until = async (isDone: () => boolean): Promise<void> => {
  while (!isDone()) await new Promise((resolve) => setTimeout(resolve, 50));
};

test('a node is added, built, started, followed, disabled and removed from another machine', async () => {
  const path = makeNode('counter', {
    build: `sh -c 'echo "compiling counter"; echo done > built.txt; echo "linked" >&2'`,
    command: 'sh count.sh',
  });
  const loop = 'while :; do i=$((i+1)); echo "count $i end"; sleep 0.05; done';
  writeFileSync(join(path, 'count.sh'), `i=0\n${loop}\n`);
  await startRobot();
  expect(await away('add', path)).toMatchObject({
    code: 0,
    stdout: '',
    stderr: `Added counter on ${ROBOT}. Start it: bubbaloop node start counter\n`,
  });
  const built = await away('build', 'counter');
  expect(built).toMatchObject({ code: 0, stderr: 'counter: built.\n' });
  expect(built.stdout.split('\n').sort()).toEqual(['', 'compiling counter', 'linked']);
  expect(readFileSync(join(path, 'built.txt'), 'utf8')).toBe('done\n');
  expect(await away('enable', 'counter')).toMatchObject({ code: 0 });
  expect(await away('start', 'counter')).toMatchObject({ code: 0, stderr: expect.stringMatching(/^Started counter,/) });

  const remote = follow('logs', 'counter', '-f', '-n', '3', '--grep', 'count \\d+ end', '--machine', ROBOT);
  const local = follow('logs', 'counter', '-f', '--grep', 'count \\d+ end');
  const counts = (text: string) => [...text.matchAll(/ out count (\d+) end\n/g)].map((match) => Number(match[1]));
  for (const { child, output } of [remote, local]) {
    await until(() => counts(output()).length >= 40);
    const exit = new Promise((resolve) => child.once('exit', (code) => resolve(code)));
    child.kill('SIGINT');
    expect(await exit).toBe(0);
    const seen = counts(output());
    expect(seen).toEqual(seen.map((_count, index) => (seen[0] ?? 0) + index));
  }

  const lines = await away('logs', 'counter', '-n', '5', '--grep', 'starting|begins', '--json');
  expect(lines.code).toBe(0);
  const said = lines.stdout
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(said).toMatchObject([
    { stream: 'daemon', text: expect.stringContaining('build begins: ') },
    { stream: 'daemon', text: expect.stringContaining('starting: ') },
  ]);
  expect(await away('logs', 'counter', '--since', '2020-01-01', '-n', '1')).toMatchObject({ code: 0 });
  expect(await away('disable', 'counter')).toMatchObject({ code: 0 });
  expect(await away('instance', 'counter', 'second')).toMatchObject({ code: 0 });
  expect(JSON.parse((await away('list', '--json')).stdout)).toMatchObject({
    nodes: [
      { name: 'counter', status: 'running', autostart: false },
      { name: 'second', status: 'stopped' },
    ],
  });
  expect(await away('uninstall', 'second', '--json')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('"ok": true'),
  });
  expect(await away('start', 'second')).toMatchObject({ code: 1, stderr: expect.stringContaining('not installed') });
  expect(await away('remove', 'counter')).toMatchObject({ code: 0 });
  expect(JSON.parse((await here('list', '--json')).stdout)).toMatchObject({ nodes: [{ name: 'second' }] });
  expect(readFileSync(join(path, 'built.txt'), 'utf8')).toBe('done\n');
});

test('what is wrong is said, with exit code 1 for the node and 2 for the command line', async () => {
  const path = makeNode('tick', { command: 'sleep 1000' });
  const twin = join(folder, 'nodes', 'twin');
  mkdirSync(twin);
  writeFileSync(join(twin, 'node.yaml'), 'name: tick\ncommand: sleep 1\n');
  await startRobot();
  expect(await here('add', path)).toMatchObject({ code: 0 });
  const refusals: readonly (readonly [number, string, readonly string[]])[] = [
    [1, `There is a node tick already, in ${path}`, ['add', twin]],
    [1, 'There is no node.yaml in', ['add', folder]],
    [1, 'There is no node "nope" on robot_1; its nodes: tick.', ['start', 'nope']],
    [1, 'There is no node "nope" on robot_1', ['logs', 'nope']],
    [1, 'There is no node "nope" on robot_1', ['logs', 'nope', '-f']],
    [1, 'has no "build"', ['build', 'tick']],
    [2, 'is no absolute path', ['add', 'nodes/tick']],
    [2, 'two names', ['instance', 'tick']],
    [2, 'takes one name', ['start', 'tick', 'tock']],
    [2, 'is for node logs', ['start', 'tick', '-f']],
    [2, '--since "soon" is no time', ['logs', 'tick', '--since', 'soon']],
    [2, '--grep: Invalid regular expression', ['logs', 'tick', '--grep', '(']],
    [2, '--lines wants a whole number', ['logs', 'tick', '-n', '1.5']],
  ];
  for (const [code, message, words] of refusals) {
    expect(await away(...words), words.join(' ')).toMatchObject({ code, stderr: expect.stringContaining(message) });
  }
});

test('without a daemon the registry is edited and logs are read all the same', async () => {
  const path = makeNode('tick', { command: 'sleep 1000' });
  expect(await here('add', path)).toMatchObject({ code: 0, stderr: expect.stringContaining('No daemon runs here') });
  for (const word of ['enable', 'disable', 'uninstall', 'install'])
    expect(await here(word, 'tick')).toMatchObject({ code: 0 });
  expect(await here('instance', 'tick', 'tock')).toMatchObject({ code: 0 });
  expect(await here('remove', 'tock')).toMatchObject({ code: 0 });
  expect(await here('remove', 'tock')).toMatchObject({ code: 1, stderr: expect.stringContaining('It has: tick.') });
  expect(await here('logs', 'tick')).toMatchObject({ code: 0, stdout: '', stderr: 'tick has no log yet.\n' });
  expect(await here('logs', 'nope')).toMatchObject({ code: 1, stderr: expect.stringContaining('no node "nope"') });
  const line = '2026-01-01T00:00:00.000Z out a \u001b[31mred\u001b[0m word';
  writeFileSync(join(folder, ROBOT, 'logs', 'tick.log'), `${line}\n`);
  expect(await here('logs', 'tick')).toMatchObject({
    code: 0,
    stdout: '2026-01-01T00:00:00.000Z out a red word\n',
  });
});
