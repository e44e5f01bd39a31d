import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeFleetKey } from '../../source/daemon/fleet-key-file.ts';
import { CBOR_ENCODING } from '../../source/wire/cbor.ts';
import { type CommandResult, decodeCommandResult, encodeNodeCommand } from '../../source/wire/command.ts';
import { FleetKey } from '../../source/wire/fleet-key.ts';
import { daemonKey } from '../../source/wire/keys.ts';
import { decodeNodeList } from '../../source/wire/node-state.ts';
import { bubbaloop, type Finished } from '../support/command-line.ts';
import { DaemonRig, isAlive, killDaemon, until } from '../support/daemon-rig.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { SmallDisk, setReadOnly } from '../support/mounts.ts';

const MACHINE = 'faulty_1';
/** Lines so long that a page of its log is full at once. */
const TICK = `sh -c 'while :; do printf "tick %02000d\\n" 0; sleep 0.1; done'`;
const WORDS = 'BAD YAML {{{';
let rig: DaemonRig;
beforeEach(async () => {
  rig = await DaemonRig.start(MACHINE, { shm: false });
});
afterEach(() => rig.end());

const registryFile = () => join(rig.home, 'nodes.json');
const yamlFile = (folder: string) => join(rig.folder, 'nodes', folder, 'node.yaml');
const log = (name: string) => readFileSync(join(rig.home, 'logs', `${name}.log`), 'utf8');

/** The answer is a failure that says all of these. */
function expectRefusal(
  result: Finished | { readonly ok: boolean; readonly message: string },
  ...texts: string[]
): void {
  const message = 'ok' in result ? result.message : result.stderr;
  expect('ok' in result ? result.ok : result.code === 0, message).toBe(false);
  for (const text of texts) expect(message).toContain(text);
}

const pidsOf = async (...names: readonly string[]) =>
  Promise.all(names.map(async (name) => (await rig.node(name))?.pid));

describe('a full disk', () => {
  let disk: SmallDisk;
  beforeEach(() => {
    disk = new SmallDisk(rig.home);
  });
  afterEach(async () => {
    await rig.endDaemons();
    disk.unmount();
  });

  test('changes nothing, is named in each answer, and is over by itself when there is room', async () => {
    for (const name of ['tick', 'idle', 'spare']) await rig.addNode(name, name === 'tick' ? TICK : 'sleep 1000');
    const extra = rig.makeNode('extra', 'sleep 1000');
    const { child: daemon, said } = await rig.startDaemon();
    for (const name of ['tick', 'idle']) expect(await rig.act(name, 'start')).toMatchObject({ ok: true });
    const pids = await pidsOf('tick', 'idle');
    const registry = readFileSync(registryFile(), 'utf8');

    disk.fill();
    const full = 'The disk is full: make room and try again.';
    expectRefusal(await rig.run('node', 'add', extra), 'nodes.json cannot be written', full);
    expectRefusal(await rig.act('tick', 'enable_autostart'), full);
    expectRefusal(await rig.act('tick', 'remove'), full);
    expectRefusal(await rig.act('tick', 'uninstall'), full);
    expectRefusal(await rig.act('tick', 'restart'), 'tick is not restarted, and runs on', full);
    expectRefusal(await rig.act('spare', 'start'), full, 'It is started again in');
    expect(await pidsOf('tick', 'idle')).toEqual(pids);
    expect(pids.every(isAlive)).toBe(true);
    // What needs no room is done, and is remembered.
    expect(await rig.act('idle', 'stop')).toMatchObject({ ok: true, message: expect.stringContaining('Stopped idle') });
    expect(await rig.node('idle')).toMatchObject({ status: 'stopped' });
    expect((await rig.act('tick', 'get_logs')).output).toContain('out tick');
    expect(readFileSync(registryFile(), 'utf8')).toBe(registry);
    await until(() => said().includes('The audit log cannot be written: ENOSPC'));

    // Killed meanwhile: the next one needs no room to take over.
    await killDaemon(daemon);
    const next = await rig.startDaemon();
    expect(next.said()).toContain('Found 1 nodes');
    expect(await pidsOf('tick')).toEqual(pids.slice(0, 1));
    expect(await rig.node('idle')).toMatchObject({ status: 'stopped' });
    expectRefusal(await rig.act('idle', 'start'), full);
    expect(await rig.act('idle', 'stop')).toMatchObject({ ok: true });
    disk.clear();
    await until(() => /daemon lost lines: \d+ writes failed\n.* out tick/.test(log('tick')));
    expect(await rig.run('node', 'add', extra)).toMatchObject({ code: 0 });
    expect(await rig.act('tick', 'restart')).toMatchObject({ ok: true });
  });

  test('keeps a damaged registry where it is, and the nodes, until there is room for another', async () => {
    await rig.addNode('tick', TICK);
    const { said } = await rig.startDaemon();
    expect(await rig.act('tick', 'start')).toMatchObject({ ok: true });
    const pids = await pidsOf('tick');
    writeFileSync(registryFile(), WORDS);
    utimesSync(registryFile(), 0, 0);
    disk.fill();
    await until(() => said().includes('nodes.json cannot be written'));
    expect(readFileSync(registryFile(), 'utf8')).toBe(WORDS);
    expect(await pidsOf('tick')).toEqual(pids);
    disk.clear();
    await until(() => said().includes('is kept as'));
    expect(JSON.parse(readFileSync(registryFile(), 'utf8')).nodes).toHaveLength(1);
    expect(await pidsOf('tick')).toEqual(pids);
  });

  test('holds up what is wanted only until there is room', async () => {
    await rig.addNode('spare', 'sleep 1000');
    await rig.startDaemon();
    disk.fill();
    expectRefusal(await rig.act('spare', 'start'), 'The disk is full');
    expect(await rig.node('spare')).toMatchObject({
      status: 'failed',
      lastExit: expect.stringContaining('disk is full'),
    });
    disk.clear();
    await until(async () => (await rig.node('spare'))?.status === 'running');
    expect(await rig.node('spare')).toMatchObject({ restartCount: 0 });
  });
});

test('a full disk of logs loses lines and nothing else', async () => {
  const disk = new SmallDisk(join(rig.home, 'logs'), 256 * 1024);
  try {
    await rig.addNode('flood', 'yes a line that is repeated without end');
    await rig.addNode('tick', TICK);
    await rig.startDaemon();
    for (const name of ['flood', 'tick'])
      expect(await rig.act(name, 'start')).toEqual({
        ok: true,
        output: '',
        message: expect.stringContaining('Started'),
      });
    const pids = await pidsOf('flood', 'tick');
    disk.fill();
    expect(await rig.run('node', 'enable', 'tick')).toMatchObject({ code: 0 });
    expect(await rig.act('flood', 'stop')).toMatchObject({ ok: true });
    expect(await rig.act('flood', 'start')).toMatchObject({ ok: true });
    expect(await pidsOf('tick')).toEqual(pids.slice(1));
    expect(await rig.act('flood', 'stop')).toMatchObject({ ok: true });
    disk.clear();
    rmSync(join(rig.home, 'logs', 'flood.log'));
    await until(() => /daemon lost lines: \d+ writes failed\n.* out tick/.test(log('tick')));
  } finally {
    await rig.endDaemons();
    disk.unmount();
  }
});

test('a home that becomes read-only is named, the nodes run on, and are taken over when it can be written', async () => {
  for (const name of ['tick', 'idle']) await rig.addNode(name, name === 'tick' ? TICK : 'sleep 1000');
  const { child: daemon } = await rig.startDaemon();
  for (const name of ['tick', 'idle']) expect(await rig.act(name, 'start')).toMatchObject({ ok: true });
  const pids = await pidsOf('tick', 'idle');
  setReadOnly(rig.home, true);
  try {
    const closed = 'mend its permissions or its mount';
    expectRefusal(await rig.run('node', 'remove', 'tick'), 'EROFS', closed);
    expectRefusal(await rig.act('tick', 'disable_autostart'), 'EROFS', closed);
    expectRefusal(await rig.act('tick', 'restart'), 'runs on', closed);
    expectRefusal(await rig.run('key', 'create'), 'fleet-key cannot be written', closed);
    expect(await pidsOf('tick', 'idle')).toEqual(pids);
    // Obeyed, and that the next daemon will not know of it is said.
    const stopped = await rig.act('idle', 'stop');
    expect(stopped).toMatchObject({ ok: true });
    expect(stopped.message).toMatch(/^Stopped idle: .*A daemon after this one would not know of it: .*EROFS/);
    expectRefusal(await rig.act('idle', 'start'), 'EROFS', closed);
    await killDaemon(daemon);
    await expect(rig.startDaemon()).rejects.toThrow(closed);
    expect(isAlive(pids[0])).toBe(true);
  } finally {
    setReadOnly(rig.home, false);
  }
  await rig.startDaemon();
  expect(await pidsOf('tick')).toEqual(pids.slice(0, 1));
  expect(await rig.act('idle', 'stop')).toMatchObject({ ok: true });
});

test('a clock that jumps changes no state: restarts, heartbeats and ages go by another clock', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bubbaloop-clock-'));
  const clock = new FakeClock(join(folder, 'clock'));
  const key = FleetKey.generate();
  const signer = { key, sender: 'test@console' };
  const hour = 3_600;
  try {
    await rig.addNode('beat', `${bubbaloop} node run heartbeat`);
    await rig.addNode('crash', `sh -c 'exit 7'`);
    writeFleetKey(join(rig.home, 'fleet-key'), key, { overwrite: false });
    const { child: daemon } = await rig.startDaemon([], clock.env);
    expect(await rig.run('node', 'start', 'beat')).toMatchObject({ code: 0 });
    await until(async () => (await rig.node('beat'))?.health === 'healthy');
    const ageMs = async () => {
      const answer = await rig.ask('nodes', decodeNodeList);
      return (answer?.timestampMs ?? 0) - (answer?.nodes.find(({ name }) => name === 'beat')?.startedAtMs ?? 0);
    };
    expectRefusal(await rig.run('node', 'start', 'crash'), 'exit 7', 'It is started again in');
    let jumps = 0;
    while ((await rig.node('crash'))?.lastExit !== 'exit 7, ended 5 times within 60 s') {
      jumps += 1;
      clock.set(jumps % 2 === 0 ? 24 * hour : -24 * hour);
      await until(
        async () => Math.abs(((await rig.ask('nodes', decodeNodeList))?.timestampMs ?? 0) - Date.now()) > hour,
      );
      expect(await rig.node('beat')).toMatchObject({ status: 'running', health: 'healthy', restartCount: 0 });
      expect(await ageMs()).toBeGreaterThan(0);
      expect(await ageMs()).toBeLessThan(hour * 1_000);
    }
    expect(await rig.node('crash')).toMatchObject({ status: 'failed', restartCount: 4 });

    // Only what is signed with a time needs the right one, and the answer has both.
    expectRefusal(await rig.act('beat', 'stop', { signer }), 'this machine’s clock', 'set the clock that is wrong');
    expect(await rig.run('node', 'enable', 'beat')).toMatchObject({ code: 0 });
    const before = await rig.node('beat');
    await killDaemon(daemon);
    clock.set(48 * hour);
    await rig.startDaemon([], clock.env);
    expect(await rig.node('beat')).toMatchObject({ pid: before?.pid, status: 'running' });
    expect(await ageMs()).toBeGreaterThan(0);
    expect(await ageMs()).toBeLessThan(hour * 1_000);
    clock.set(0);
    await until(async () => (await rig.act('beat', 'stop', { signer })).ok);
    expect(await rig.node('beat')).toMatchObject({ status: 'stopped' });
  } finally {
    await rig.endDaemons();
    rmSync(folder, { recursive: true });
  }
});

describe('a registry that is damaged when a daemon starts', () => {
  const config = () => join(rig.folder, 'second.yaml');
  let pids: readonly (number | undefined)[];
  beforeEach(async () => {
    writeFileSync(`${rig.folder}/second.yaml`, 'a: 1\n');
    await rig.addNode('tick', TICK);
    await rig.addNode('idle', 'sleep 1000');
    expect(await rig.run('node', 'instance', 'tick', 'second', '--config', config())).toMatchObject({ code: 0 });
    const { child: daemon } = await rig.startDaemon();
    for (const name of ['tick', 'second']) expect(await rig.act(name, 'start')).toMatchObject({ ok: true });
    pids = await pidsOf('tick', 'second');
    await killDaemon(daemon);
  });

  test.each([
    ['long ago', 60],
    ['just now', 0],
  ])('%s is kept aside and written again with the nodes that run', async (_label, ageSecs) => {
    writeFileSync(registryFile(), WORDS);
    const changed = Date.now() / 1_000 - ageSecs;
    utimesSync(registryFile(), changed, changed);
    const { said } = await rig.startDaemon();
    // At once, though what was changed just now may still be mended by whoever changed it.
    expect(await pidsOf('tick', 'second')).toEqual(pids);
    await until(() => said().includes('is kept as'));
    expect(said()).toContain('nodes.json is not a registry of nodes');
    expect(said()).toMatch(/written again with the nodes that run \(second, tick\)/);
    const aside = readdirSync(rig.home).find((name) => name.startsWith('nodes.json.damaged-')) ?? '';
    expect(readFileSync(join(rig.home, aside), 'utf8')).toBe(WORDS);
    const path = join(rig.folder, 'nodes', 'tick');
    const entries = JSON.parse(readFileSync(registryFile(), 'utf8')).nodes;
    expect(entries).toHaveLength(2);
    expect(entries).toEqual(
      expect.arrayContaining([
        { path, addedAt: expect.any(String) },
        { path, addedAt: expect.any(String), name_override: 'second', config_override: config() },
      ]),
    );
    expect(await rig.act('second', 'restart')).toMatchObject({ ok: true });
    expect(await rig.act('second', 'stop')).toMatchObject({ ok: true });
    expect(await rig.run('node', 'add', join(rig.folder, 'nodes', 'idle'))).toMatchObject({ code: 0 });
    expect(await pidsOf('tick')).toEqual(pids.slice(0, 1));
  });

  test('that is gone is written again with the nodes that run; with all of them by a daemon that knew it', async () => {
    rmSync(registryFile());
    const { said } = await rig.startDaemon();
    expect(said()).toMatch(/nodes\.json was gone; it is written again with the nodes that run \(second, tick\)/);
    expect(await pidsOf('tick', 'second')).toEqual(pids);
    expect(await rig.run('node', 'add', join(rig.folder, 'nodes', 'idle'))).toMatchObject({ code: 0 });
    rmSync(registryFile());
    await until(() => said().includes('written again as this daemon knows it'));
    expect(JSON.parse(readFileSync(registryFile(), 'utf8')).nodes).toHaveLength(3);
    expect(await pidsOf('tick', 'second')).toEqual(pids);
    // A registry without nodes is another matter.
    for (const name of ['tick', 'second', 'idle']) expect(await rig.act(name, 'remove')).toMatchObject({ ok: true });
    expect(JSON.parse(readFileSync(registryFile(), 'utf8'))).toEqual({ nodes: [] });
    expect(pids.some(isAlive)).toBe(false);
  });

  test('that cannot even be read is left alone; the nodes that run are shown and obey', async () => {
    const content = readFileSync(registryFile());
    rmSync(registryFile());
    mkdirSync(registryFile());
    const { said } = await rig.startDaemon();
    expect(said()).toContain('nodes.json cannot be read: EISDIR');
    expect(await pidsOf('tick', 'second')).toEqual(pids);
    expectRefusal(await rig.act('tick', 'enable_autostart'), 'cannot be read');
    expect(await rig.act('second', 'stop')).toMatchObject({ ok: true });
    rmdirSync(registryFile());
    writeFileSync(registryFile(), content);
    await until(async () => (await rig.node('idle')) !== undefined);
    expect(await pidsOf('tick')).toEqual(pids.slice(0, 1));
    expect(await rig.node('second')).toMatchObject({ status: 'stopped' });
  });
});

test('a node.yaml that goes wrong touches no process, its own neither', async () => {
  await rig.addNode('alpha', 'sleep 1000');
  const path = rig.makeNode('beta-folder', TICK, { name: 'beta' });
  expect(await rig.run('node', 'add', path)).toMatchObject({ code: 0 });
  const { child: daemon } = await rig.startDaemon();
  for (const name of ['alpha', 'beta']) expect(await rig.act(name, 'start')).toMatchObject({ ok: true });
  const pids = await pidsOf('alpha', 'beta');
  const good = readFileSync(yamlFile('beta-folder'), 'utf8');

  writeFileSync(yamlFile('beta-folder'), 'name: [no\n  yaml: {');
  expectRefusal(await rig.act('beta', 'restart'), 'beta is not restarted, and runs on', yamlFile('beta-folder'));
  expect(await pidsOf('alpha', 'beta')).toEqual(pids);
  await killDaemon(daemon);
  await rig.startDaemon();
  expect(await pidsOf('alpha', 'beta')).toEqual(pids);

  writeFileSync(yamlFile('beta-folder'), good.replace('"beta"', '"alpha"'));
  const twin = `its name alpha is that of the node in ${join(rig.folder, 'nodes', 'alpha')}`;
  expectRefusal(await rig.act('beta', 'restart'), twin, 'mend its node.yaml');
  expect(await pidsOf('alpha', 'beta')).toEqual(pids);
  expect(await rig.act('beta', 'stop')).toMatchObject({ ok: true });
  expect(await rig.node('beta')).toMatchObject({ status: 'failed', lastExit: expect.stringContaining(twin) });
  expectRefusal(await rig.act('beta', 'start'), twin);
  expect(await pidsOf('alpha')).toEqual(pids.slice(0, 1));
  writeFileSync(yamlFile('beta-folder'), good);
  expect(await rig.act('beta', 'start')).toMatchObject({ ok: true });

  // Nor is such a folder added.
  rig.makeNode('twin', 'sleep 1000', { name: 'alpha' });
  expectRefusal(
    await rig.run('node', 'add', join(rig.folder, 'nodes', 'twin')),
    'There is a node alpha already',
    '--name',
  );
  writeFileSync(yamlFile('twin'), WORDS);
  expectRefusal(
    await rig.run('node', 'add', join(rig.folder, 'nodes', 'twin')),
    yamlFile('twin'),
    'must be a map of fields',
  );
  expect(await pidsOf('alpha')).toEqual(pids.slice(0, 1));
});

test('what cannot be done is answered with what is wrong, and the others run on', async () => {
  await rig.addNode('tick', TICK);
  await rig.addNode('missing', './target/release/missing --fast');
  await rig.addNode('brief', `sh -c 'echo no such device /dev/ttyUSB0; exit 3'`, { restart: 'never' });
  await rig.addNode('quoted', `sh -c 'never closed`);
  await rig.startDaemon();
  expect(await rig.act('tick', 'start')).toMatchObject({ ok: true });
  const pids = await pidsOf('tick');
  expectRefusal(await rig.act('nope', 'start'), 'There is no node "nope" on faulty_1; its nodes: tick, missing, brief');
  expectRefusal(
    await rig.act('missing', 'start'),
    './target/release/missing was not found',
    join(rig.folder, 'nodes', 'missing'),
  );
  expectRefusal(await rig.act('brief', 'start'), 'exit 3, last line "no such device /dev/ttyUSB0"');
  expectRefusal(await rig.act('quoted', 'start'), 'quote');
  expect(await askRaw('fly', 'tick')).toMatchObject({
    success: false,
    message: expect.stringMatching(/does not know the command "fly"; it knows start, stop, restart, .*get_logs/),
  });
  expect(await rig.node('brief')).toMatchObject({ status: 'failed', lastLogLines: ['no such device /dev/ttyUSB0'] });
  expect(await pidsOf('tick')).toEqual(pids);
});

/** The answer to a command that no client of ours sends. */
async function askRaw(command: string, nodeName: string): Promise<CommandResult | undefined> {
  const request = { command, nodeName, requestId: 'r', targetMachine: MACHINE, timestampMs: Date.now() };
  const payload = encodeNodeCommand(request);
  for await (const reply of rig.session.get(daemonKey(MACHINE, 'command'), { payload, encoding: CBOR_ENCODING })) {
    const result = reply.ok ? decodeCommandResult(reply.sample.payload) : undefined;
    if (result?.ok) return result.value;
  }
  return undefined;
}
