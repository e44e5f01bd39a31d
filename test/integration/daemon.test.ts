import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { sendCommand } from '../../source/fleet/control.ts';
import { decodeRawFrame, type RawFrame } from '../../source/wire/camera.ts';
import type { Decoded } from '../../source/wire/decoded.ts';
import { daemonKey, EVERY_TOKEN, rawFrameKey } from '../../source/wire/keys.ts';
import { decodeDaemonManifest } from '../../source/wire/manifest.ts';
import { decodeNodeList, type NodeState } from '../../source/wire/node-state.ts';
import { decodeShmLedger } from '../../source/wire/shm-ledger.ts';
import { openSession } from '../../source/zenoh/open-session.ts';
import type { Session } from '../../source/zenoh/session.ts';
import { bubbaloop, endProcess, runBubbaloop } from '../support/command-line.ts';
import { startRouter, type TestRouter } from '../support/router.ts';

const MACHINE = 'it_1';
let folder: string;
let home: string;
let router: TestRouter;
let session: Session;
const started: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-it-'));
  home = join(folder, 'home');
  router = await startRouter();
  session = openSession(router.endpoint);
  await session.connected({ timeoutMs: 20_000 });
});
afterEach(async () => {
  await session.close();
  await Promise.all(started.splice(0).map(endProcess));
  await router.stop();
  rmSync(folder, { recursive: true });
});

const environment = () => ({
  ...process.env,
  BUBBALOOP_HOME: home,
  BUBBALOOP_MACHINE_ID: MACHINE,
  BUBBALOOP_ZENOH_ENDPOINT: router.endpoint,
});

/** Adds nodes as a user does: a folder, then `bubbaloop node add`. */
async function addNode(name: string, command: string, more: object = {}): Promise<void> {
  const path = join(folder, 'nodes', name);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'node.yaml'), JSON.stringify({ name, version: '1.0.0', type: 'node', command, ...more }));
  const result = await runBubbaloop(['node', 'add', path], { env: environment() });
  expect(result).toMatchObject({ code: 0, stdout: '' });
}

async function startDaemon(flags: readonly string[] = []): Promise<ChildProcess> {
  const child = spawn(bubbaloop, ['daemon', ...flags], { env: environment(), stdio: ['ignore', 'ignore', 'pipe'] });
  started.push(child);
  if (child.stderr === null) throw new Error('no stderr');
  for await (const line of createInterface({ input: child.stderr })) {
    if (line.includes('Ready:')) break;
  }
  child.stderr.resume();
  return child;
}

async function ask<T>(
  part: 'manifest' | 'nodes' | 'shm',
  decode: (bytes: Uint8Array) => Decoded<T>,
): Promise<T | undefined> {
  try {
    for await (const reply of session.get(daemonKey('*', part), { target: 'all', consolidation: 'none' })) {
      const value = reply.ok ? decode(reply.sample.payload) : undefined;
      if (value?.ok) return value.value;
    }
  } catch {
    // The link is lost just now: no answer.
  }
  return undefined;
}

async function nodeState(name: string): Promise<NodeState | undefined> {
  return (await ask('nodes', decodeNodeList))?.nodes.find((node) => node.name === name);
}

const act = (node: string, action: Parameters<typeof sendCommand>[2]) =>
  sendCommand(session, { machine: MACHINE, node }, action);

const until = async (isDone: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 50));
};

const isAlive = (pid: number | undefined): boolean => {
  try {
    return pid !== undefined && !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
};

test('a camera started over zenoh sends frames through shared memory, and the ledger says whose it is', async () => {
  await addNode('front_door', `${bubbaloop} node run test-camera`, { restart: 'never' });
  await startDaemon();
  expect(await ask('manifest', decodeDaemonManifest)).toMatchObject({ machineId: MACHINE, nodeCount: 1 });
  expect(await act('front_door', 'start')).toMatchObject({ ok: true });

  const frames: Omit<RawFrame, 'data'>[] = [];
  let shmCount = 0;
  const subscriber = await session.declareFrameSubscriber(
    rawFrameKey(MACHINE, 'front_door'),
    (frame) => {
      const decoded = decodeRawFrame(frame.payload);
      if (frame.shm) shmCount += 1;
      frame.release();
      if (decoded.ok) frames.push(decoded.value);
    },
    { channel: { kind: 'ring', capacity: 2 } },
  );
  await until(() => frames.length >= 10);
  expect(frames[0]).toMatchObject({ width: 1920, height: 1080, encoding: 'rgba8', header: { machineId: MACHINE } });
  expect(shmCount).toBe(frames.length);

  const node = await nodeState('front_door');
  await until(async () => (await nodeState('front_door'))?.health === 'healthy');
  expect((await session.liveliness.get(EVERY_TOKEN)).sort()).toEqual([
    `bubbaloop/global/${MACHINE}/daemon`,
    `bubbaloop/global/${MACHINE}/front_door`,
  ]);
  const ledger = await ask('shm', decodeShmLedger);
  const segment = ledger?.segments.find(({ owner, sizeBytes }) => owner?.pid === node?.pid && sizeBytes > 30_000_000);
  expect(segment).toMatchObject({ owner: { name: 'front_door' }, orphan: false });
  expect(segment?.readers.map(({ pid }) => pid)).toContain(process.pid);
  expect(ledger?.usedBytes).toBeGreaterThan(30_000_000);
  await subscriber.undeclare();

  // kill -9 leaves the segments behind: orphans once the readers have let go, too.
  process.kill(node?.pid ?? 0, 'SIGKILL');
  await until(async () => (await nodeState('front_door'))?.status === 'failed');
  expect(await nodeState('front_door')).toMatchObject({ lastExit: 'SIGKILL', health: 'unknown' });
  await until(async () => {
    const after = await ask('shm', decodeShmLedger);
    return after?.segments.find(({ name }) => name === segment?.name)?.owner === undefined;
  });
});

test('the daemon outlives its router, and comes back by itself with the nodes still running', async () => {
  await addNode('tick', 'sleep 1000');
  await startDaemon();
  await act('tick', 'start');
  const pid = (await nodeState('tick'))?.pid;
  for (let round = 0; round < 3; round += 1) {
    await router.kill();
    await until(() => session.link.state === 'lost');
    expect(isAlive(pid)).toBe(true);
    await router.restartOnSamePorts();
    await session.connected({ timeoutMs: 20_000 });
    await until(async () => (await nodeState('tick')) !== undefined);
    expect(await nodeState('tick')).toMatchObject({ pid, status: 'running' });
  }
  expect(await act('tick', 'stop')).toMatchObject({ ok: true });
});

test('SIGTERM ends the daemon and every process under it, stubborn ones too', async () => {
  await addNode(
    'stubborn',
    `sh -c 'trap : TERM; (setsid sh -c "trap : TERM; while :; do sleep 1; done" &); while :; do sleep 1; done'`,
  );
  await addNode('polite', 'sleep 1000');
  const daemon = await startDaemon();
  const pids: (number | undefined)[] = [];
  for (const name of ['stubborn', 'polite']) {
    expect(await act(name, 'start')).toMatchObject({ ok: true });
    pids.push((await nodeState(name))?.pid);
  }
  const exit = new Promise((resolve) => daemon.once('exit', (code, signal) => resolve({ code, signal })));
  daemon.kill('SIGTERM');
  expect(await exit).toEqual({ code: 0, signal: null });
  expect(pids.filter(isAlive)).toEqual([]);
  expect(ofThisHome()).toEqual([]);
  expect(await ask('manifest', decodeDaemonManifest)).toBeUndefined();
});

test('nodes outlive a daemon that was killed, their logs go on, and the next one takes them over', async () => {
  await addNode('tick', `sh -c 'while :; do echo tick; sleep 0.1; done'`);
  await addNode('idle', 'sleep 1000');
  await addNode('brief', `sh -c 'sleep 1; exit 3'`, { restart: 'never' });
  const daemon = await startDaemon();
  for (const name of ['tick', 'idle', 'brief']) expect(await act(name, 'start')).toMatchObject({ ok: true });
  expect(await act('idle', 'stop')).toMatchObject({ ok: true });
  const before = await nodeState('tick');
  daemon.kill('SIGKILL');
  await new Promise((resolve) => daemon.once('exit', resolve));
  expect(isAlive(before?.pid)).toBe(true);
  const log = () => readFileSync(join(home, 'logs', 'tick.log'), 'utf8');
  const lengthBefore = log().length;
  await until(() => log().length > lengthBefore + 200 && log().endsWith('\n'));
  await until(() => readFileSync(join(home, 'logs', 'brief.log'), 'utf8').includes('ended: exit 3'));

  const next = await startDaemon();
  expect(await nodeState('tick')).toMatchObject({
    status: 'running',
    pid: before?.pid,
  });
  expect(await nodeState('idle')).toMatchObject({ status: 'stopped' });
  expect(await nodeState('brief')).toMatchObject({ status: 'failed', lastExit: 'exit 3' });
  expect(await act('tick', 'restart')).toMatchObject({ ok: true });
  expect(isAlive(before?.pid)).toBe(false);

  next.kill('SIGTERM');
  await new Promise((resolve) => next.once('exit', resolve));
  expect(ofThisHome()).toEqual([]);
  await startDaemon();
  expect(await nodeState('tick')).toMatchObject({ status: 'stopped' });
});

test('a node ends with its shim, its family too, and is started again', async () => {
  await addNode('tick', `sh -c '(setsid sleep 1000 &); exec sleep 1000'`);
  await startDaemon();
  await act('tick', 'start');
  const first = (await nodeState('tick'))?.pid;
  const family = ofThisHome();
  const state: { shim: { pid: number } } = JSON.parse(readFileSync(join(home, 'run', 'tick.json'), 'utf8'));
  process.kill(state.shim.pid, 'SIGKILL');
  await until(async () => {
    const node = await nodeState('tick');
    return node?.status === 'running' && node.pid !== first;
  });
  expect(family.length).toBeGreaterThanOrEqual(3);
  expect(
    family.filter((pid) => isAlive(Number(pid)) && ![...started].some((child) => child.pid === Number(pid))),
  ).toEqual([]);
  expect(await nodeState('tick')).toMatchObject({ restartCount: 1, lastExit: 'SIGKILL' });
});

test('--keep-nodes leaves them to the next daemon', async () => {
  await addNode('tick', 'sleep 1000');
  const daemon = await startDaemon(['--keep-nodes']);
  await act('tick', 'start');
  const pid = (await nodeState('tick'))?.pid;
  daemon.kill('SIGTERM');
  await new Promise((resolve) => daemon.once('exit', resolve));
  expect(isAlive(pid)).toBe(true);
  await startDaemon();
  expect(await nodeState('tick')).toMatchObject({ status: 'running', pid });
});

test('a second daemon says who is first, with exit code 1', async () => {
  const daemon = await startDaemon();
  const sameHome = await runBubbaloop(['daemon'], { env: environment() });
  expect(sameHome).toMatchObject({ code: 1, stdout: '' });
  expect(sameHome.stderr).toContain(`process ${daemon.pid}, machine ${MACHINE}`);
  const sameMachine = await runBubbaloop(['daemon', '--home', join(folder, 'other')], { env: environment() });
  expect(sameMachine).toMatchObject({ code: 1 });
  expect(sameMachine.stderr).toContain(`Another daemon answers as machine ${MACHINE}`);
});

test('a node that floods its output and a line of a megabyte hold up nothing', async () => {
  await addNode('flood', 'yes a line that is repeated without end');
  await addNode('long', `sh -c 'head -c 1000000 /dev/zero | tr "\\0" x; echo; exec sleep 1000'`);
  await startDaemon();
  for (const name of ['flood', 'long']) expect(await act(name, 'start')).toMatchObject({ ok: true });
  await until(() => readFileSync(join(home, 'logs', 'flood.log'), 'utf8').includes('dropped'));
  for (let count = 0; count < 20; count += 1) expect(await nodeState('flood')).toMatchObject({ status: 'running' });
  await until(async () => /x{8000} … \[\d+ more bytes of this line cut\]/.test((await act('long', 'get_logs')).output));
  expect(await act('flood', 'stop')).toMatchObject({ ok: true });
});

test('`node` works without a router and without a daemon, and says what is missing', async () => {
  await addNode('tick', 'sleep 1000');
  const alone = await runBubbaloop(['node', 'list', '--json'], { env: environment() });
  expect(JSON.parse(alone.stdout)).toMatchObject({ nodes: [{ machine: MACHINE, name: 'tick', status: null }] });
  expect(alone.stderr).toContain('No daemon runs');
  await startDaemon();
  await router.kill();
  expect(await runBubbaloop(['node', 'start', 'tick'], { env: environment() })).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^Started tick, process \d+\.\n$/),
  });
  const list = await runBubbaloop(['node', 'list', '--json'], { env: environment() });
  expect(JSON.parse(list.stdout)).toMatchObject({ nodes: [{ name: 'tick', status: 'running', health: 'unknown' }] });
  const remote = await runBubbaloop(['node', 'stop', 'tick', '--machine', MACHINE], { env: environment() });
  expect(remote).toMatchObject({ code: 1, stderr: expect.stringContaining('No router at') });
  const unknown = await runBubbaloop(['node', 'start', 'nope'], { env: environment() });
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no node "nope"') });
  expect(await runBubbaloop(['node', 'remove', 'tick'], { env: environment() })).toMatchObject({ code: 0 });
  await until(() => ofThisHome().length === 0);
  expect(await runBubbaloop(['node', 'fly'], { env: environment() })).toMatchObject({ code: 2 });
});

/** Processes of nodes of this test's home that are alive. */
function ofThisHome(): readonly number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return (
          isAlive(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`BUBBALOOP_DAEMON_HOME=${home}\0`)
        );
      } catch {
        return false;
      }
    });
}
