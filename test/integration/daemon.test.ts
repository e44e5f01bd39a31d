import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { decodeRawFrame, type RawFrame } from '../../source/wire/camera.ts';
import { EVERY_TOKEN, rawFrameKey } from '../../source/wire/keys.ts';
import { decodeDaemonManifest } from '../../source/wire/manifest.ts';
import { decodeShmLedger, type ShmSegment } from '../../source/wire/shm-ledger.ts';
import { bubbaloop } from '../support/command-line.ts';
import { DaemonRig, isAlive, killDaemon, until } from '../support/daemon-rig.ts';

const MACHINE = 'it_1';
let rig: DaemonRig;
beforeEach(async () => {
  rig = await DaemonRig.start(MACHINE);
});
afterEach(() => rig.end());

test('a camera started over zenoh sends frames through shared memory, and the ledger says whose it is', async () => {
  await rig.addNode('front_door', `${bubbaloop} node run test-camera`, { restart: 'never' });
  await rig.startDaemon();
  expect(await rig.ask('manifest', decodeDaemonManifest)).toMatchObject({ machineId: MACHINE, nodeCount: 1 });
  expect(await rig.act('front_door', 'start')).toMatchObject({ ok: true });

  const frames: Omit<RawFrame, 'data'>[] = [];
  let shmCount = 0;
  const subscriber = await rig.session.declareFrameSubscriber(
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

  const node = await rig.node('front_door');
  await until(async () => (await rig.node('front_door'))?.health === 'healthy');
  expect((await rig.session.liveliness.get(EVERY_TOKEN)).sort()).toEqual([
    `bubbaloop/global/${MACHINE}/daemon`,
    `bubbaloop/global/${MACHINE}/front_door`,
  ]);
  const isItsOwn = ({ owner, sizeBytes }: ShmSegment): boolean => owner?.pid === node?.pid && sizeBytes > 30_000_000;
  // A ledger is answered again for a second.
  await until(async () => (await rig.ask('shm', decodeShmLedger))?.segments.some(isItsOwn) === true);
  const ledger = await rig.ask('shm', decodeShmLedger);
  const segment = ledger?.segments.find(isItsOwn);
  expect(segment).toMatchObject({ owner: { name: 'front_door' }, orphan: false });
  expect(segment?.readers.map(({ pid }) => pid)).toContain(process.pid);
  expect(ledger?.usedBytes).toBeGreaterThan(30_000_000);
  await subscriber.undeclare();

  // kill -9 leaves the segments behind: orphans once the readers have let go, too.
  process.kill(node?.pid ?? 0, 'SIGKILL');
  await until(async () => (await rig.node('front_door'))?.status === 'failed');
  expect(await rig.node('front_door')).toMatchObject({ lastExit: 'SIGKILL', health: 'unknown' });
  await until(async () => {
    const after = await rig.ask('shm', decodeShmLedger);
    return after?.segments.find(({ name }) => name === segment?.name)?.owner === undefined;
  });
});

test('the daemon outlives its router, and comes back by itself with the nodes still running', async () => {
  await rig.addNode('tick', 'sleep 1000');
  await rig.startDaemon();
  await rig.act('tick', 'start');
  const pid = (await rig.node('tick'))?.pid;
  for (let round = 0; round < 3; round += 1) {
    await rig.router.kill();
    await until(() => rig.session.link.state === 'lost');
    expect(isAlive(pid)).toBe(true);
    await rig.router.restartOnSamePorts();
    await rig.session.connected({ timeoutMs: 20_000 });
    await until(async () => (await rig.node('tick')) !== undefined);
    expect(await rig.node('tick')).toMatchObject({ pid, status: 'running' });
  }
  expect(await rig.act('tick', 'stop')).toMatchObject({ ok: true });
});

test('SIGTERM ends the daemon and every process under it, stubborn ones too', async () => {
  await rig.addNode(
    'stubborn',
    `sh -c 'trap : TERM; (setsid sh -c "trap : TERM; while :; do sleep 1; done" &); while :; do sleep 1; done'`,
  );
  await rig.addNode('polite', 'sleep 1000');
  const { child: daemon } = await rig.startDaemon();
  const pids: (number | undefined)[] = [];
  for (const name of ['stubborn', 'polite']) {
    expect(await rig.act(name, 'start')).toMatchObject({ ok: true });
    pids.push((await rig.node(name))?.pid);
  }
  const exit = new Promise((resolve) => daemon.once('exit', (code, signal) => resolve({ code, signal })));
  daemon.kill('SIGTERM');
  expect(await exit).toEqual({ code: 0, signal: null });
  expect(pids.filter(isAlive)).toEqual([]);
  expect(rig.processes()).toEqual([]);
  expect(await rig.ask('manifest', decodeDaemonManifest)).toBeUndefined();
});

test('nodes outlive a daemon that was killed, their logs go on, and the next one takes them over', async () => {
  await rig.addNode('tick', `sh -c 'while :; do echo tick; sleep 0.1; done'`);
  await rig.addNode('idle', 'sleep 1000');
  await rig.addNode('brief', `sh -c 'sleep 1; exit 3'`, { restart: 'never' });
  const { child: daemon } = await rig.startDaemon();
  for (const name of ['tick', 'idle', 'brief']) expect(await rig.act(name, 'start')).toMatchObject({ ok: true });
  expect(await rig.act('idle', 'stop')).toMatchObject({ ok: true });
  const before = await rig.node('tick');
  await killDaemon(daemon);
  expect(isAlive(before?.pid)).toBe(true);
  const log = () => readFileSync(join(rig.home, 'logs', 'tick.log'), 'utf8');
  const lengthBefore = log().length;
  await until(() => log().length > lengthBefore + 200 && log().endsWith('\n'));
  await until(() => readFileSync(join(rig.home, 'logs', 'brief.log'), 'utf8').includes('ended: exit 3'));

  const { child: next } = await rig.startDaemon();
  expect(await rig.node('tick')).toMatchObject({
    status: 'running',
    pid: before?.pid,
  });
  expect(await rig.node('idle')).toMatchObject({ status: 'stopped' });
  expect(await rig.node('brief')).toMatchObject({ status: 'failed', lastExit: 'exit 3' });
  expect(await rig.act('tick', 'restart')).toMatchObject({ ok: true });
  expect(isAlive(before?.pid)).toBe(false);

  next.kill('SIGTERM');
  await new Promise((resolve) => next.once('exit', resolve));
  expect(rig.processes()).toEqual([]);
  await rig.startDaemon();
  expect(await rig.node('tick')).toMatchObject({ status: 'stopped' });
});

test('a node ends with its shim, its family too, and is started again', async () => {
  await rig.addNode('tick', `sh -c '(setsid sleep 1000 &); exec sleep 1000'`);
  await rig.startDaemon();
  await rig.act('tick', 'start');
  const first = (await rig.node('tick'))?.pid;
  const family = rig.processes();
  const state: { shim: { pid: number } } = JSON.parse(readFileSync(join(rig.home, 'run', 'tick.json'), 'utf8'));
  process.kill(state.shim.pid, 'SIGKILL');
  await until(async () => {
    const node = await rig.node('tick');
    return node?.status === 'running' && node.pid !== first;
  });
  expect(family.length).toBeGreaterThanOrEqual(3);
  expect(family.filter(isAlive)).toEqual([]);
  expect(await rig.node('tick')).toMatchObject({ restartCount: 1, lastExit: 'SIGKILL' });
});

test('--keep-nodes leaves them to the next daemon', async () => {
  await rig.addNode('tick', 'sleep 1000');
  const { child: daemon } = await rig.startDaemon(['--keep-nodes']);
  await rig.act('tick', 'start');
  const pid = (await rig.node('tick'))?.pid;
  daemon.kill('SIGTERM');
  await new Promise((resolve) => daemon.once('exit', resolve));
  expect(isAlive(pid)).toBe(true);
  await rig.startDaemon();
  expect(await rig.node('tick')).toMatchObject({ status: 'running', pid });
});

test('a second daemon says who is first, with exit code 1', async () => {
  const { child: daemon } = await rig.startDaemon();
  const sameHome = await rig.run('daemon');
  expect(sameHome).toMatchObject({ code: 1, stdout: '' });
  expect(sameHome.stderr).toContain(`process ${daemon.pid}, machine ${MACHINE}`);
  const sameMachine = await rig.run('daemon', '--home', join(rig.folder, 'other'));
  expect(sameMachine).toMatchObject({ code: 1 });
  expect(sameMachine.stderr).toContain(`Another daemon answers as machine ${MACHINE}`);
});

test('a node that floods its output and a line of a megabyte hold up nothing', async () => {
  await rig.addNode('flood', 'yes a line that is repeated without end');
  await rig.addNode('long', `sh -c 'head -c 1000000 /dev/zero | tr "\\0" x; echo; exec sleep 1000'`);
  await rig.startDaemon();
  for (const name of ['flood', 'long']) expect(await rig.act(name, 'start')).toMatchObject({ ok: true });
  await until(() => readFileSync(join(rig.home, 'logs', 'flood.log'), 'utf8').includes('dropped'));
  for (let count = 0; count < 20; count += 1) expect(await rig.node('flood')).toMatchObject({ status: 'running' });
  await until(async () =>
    /x{8000} … \[\d+ more bytes of this line cut\]/.test((await rig.act('long', 'get_logs')).output),
  );
  expect(await rig.act('flood', 'stop')).toMatchObject({ ok: true });
});

test('`node` works without a router and without a daemon, and says what is missing', async () => {
  await rig.addNode('tick', 'sleep 1000');
  const alone = await rig.run('node', 'list', '--json');
  expect(JSON.parse(alone.stdout)).toMatchObject({ nodes: [{ machine: MACHINE, name: 'tick', status: null }] });
  expect(alone.stderr).toContain('No daemon runs');
  await rig.startDaemon();
  await rig.router.kill();
  expect(await rig.run('node', 'start', 'tick')).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/^Started tick, process \d+\.\n$/),
  });
  const list = await rig.run('node', 'list', '--json');
  expect(JSON.parse(list.stdout)).toMatchObject({ nodes: [{ name: 'tick', status: 'running', health: 'unknown' }] });
  const remote = await rig.run('node', 'stop', 'tick', '--machine', MACHINE);
  expect(remote).toMatchObject({ code: 1, stderr: expect.stringContaining('No router at') });
  const unknown = await rig.run('node', 'start', 'nope');
  expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no node "nope"') });
  expect(await rig.run('node', 'remove', 'tick')).toMatchObject({ code: 0 });
  await until(() => rig.processes().length === 0);
  expect(await rig.run('node', 'fly')).toMatchObject({ code: 2 });
});
