import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askControlSocket } from '../../source/daemon/control-socket.ts';
import { type Daemon, runDaemon } from '../../source/daemon/daemon.ts';
import { findHome, type Home } from '../../source/daemon/home.ts';
import { readRegistry } from '../../source/daemon/registry.ts';
import { CBOR_ENCODING } from '../../source/wire/cbor.ts';
import { encodeCbor } from '../../source/wire/cbor-encode.ts';
import { type CommandResult, decodeCommandResult } from '../../source/wire/command.ts';
import { type DaemonEvent, decodeDaemonEvent, encodeDaemonCommand } from '../../source/wire/daemon-command.ts';
import type { Decoded } from '../../source/wire/decoded.ts';
import { daemonKey, daemonTokenKey, healthKey, legacyHealthKey, logKey } from '../../source/wire/keys.ts';
import { decodeLogChunk, type LogChunk } from '../../source/wire/log-chunk.ts';
import { decodeDaemonManifest } from '../../source/wire/manifest.ts';
import { decodeNodeList, type NodeState } from '../../source/wire/node-state.ts';
import { decodeShmLedger } from '../../source/wire/shm-ledger.ts';
import type { Session } from '../../source/zenoh/session.ts';
import { FakeNetwork } from '../support/fake-session.ts';

const MACHINE = 'jetson_1';
let folder: string;
let home: Home;
let network: FakeNetwork;
let screen: Session;
let said: string[];
const daemons: Daemon[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-daemon-'));
  home = findHome(join(folder, 'home'), {});
  network = new FakeNetwork();
  screen = await network.connect();
  said = [];
});
afterEach(async () => {
  await Promise.all(daemons.splice(0).map((daemon) => daemon.stop()));
  await screen.close();
  rmSync(folder, { recursive: true });
});

/** Registers nodes: name to command. */
function register(nodes: Readonly<Record<string, string>>, more: object = {}): void {
  mkdirSync(home.folder, { recursive: true });
  const entries = Object.entries(nodes).map(([name, command]) => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'node.yaml'), JSON.stringify({ name, version: '1.0.0', type: 'node', command, ...more }));
    return { path, addedAt: '2026-01-01T00:00:00Z' };
  });
  writeFileSync(home.registryFile, JSON.stringify({ nodes: entries }));
}

async function start(machineId = MACHINE, at = home): Promise<Daemon> {
  const daemon = await runDaemon({
    home: at,
    machineId,
    version: '0.1.0',
    endpoint: 'tcp/127.0.0.1:7447',
    openSession: () => network.session(),
    say: (message) => said.push(message),
  });
  daemons.push(daemon);
  return daemon;
}

async function ask<T>(key: string, decode: (bytes: Uint8Array) => Decoded<T>, payload?: Uint8Array): Promise<T[]> {
  const answers: T[] = [];
  for await (const reply of screen.get(key, { target: 'all', consolidation: 'none', payload, timeoutMs: 15_000 })) {
    if (!reply.ok) throw new Error(reply.message);
    expect(reply.sample.encoding).toBe(CBOR_ENCODING);
    const value = decode(reply.sample.payload);
    if (!value.ok) throw new Error(value.reason);
    answers.push(value.value);
  }
  return answers;
}

async function nodeState(name: string): Promise<NodeState> {
  const [list] = await ask(daemonKey('*', 'nodes'), decodeNodeList);
  const node = list?.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new Error(`no node ${name}`);
  return node;
}

async function command(fields: object, key = daemonKey(MACHINE, 'command')): Promise<CommandResult> {
  const results = await ask(key, decodeCommandResult, encodeCbor({ request_id: 'r1', ...fields }));
  expect(results).toHaveLength(1);
  const [result] = results;
  if (result === undefined) throw new Error('no result');
  return result;
}

const until = async (isDone: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isDone())) await new Promise((resolve) => setTimeout(resolve, 20));
};

describe('discovery', () => {
  it('answers a wildcard for manifest, nodes and shared memory, and shows a token', async () => {
    register({ tick: 'sleep 1000' });
    await start();
    expect(await ask('bubbaloop/global/*/daemon/manifest', decodeDaemonManifest)).toMatchObject([
      { machineId: MACHINE, version: '0.1.0', nodeCount: 1 },
    ]);
    expect(await ask('bubbaloop/global/*/daemon/shm', decodeShmLedger)).toMatchObject([{ machineId: MACHINE }]);
    expect(await nodeState('tick')).toMatchObject({
      status: 'stopped',
      health: 'unknown',
      version: '1.0.0',
      machineId: MACHINE,
    });
    expect(await screen.liveliness.get('bubbaloop/global/*/*')).toEqual([daemonTokenKey(MACHINE)]);
  });

  it('takes everything back when it ends', async () => {
    const before = network.declarations();
    const daemon = await start();
    await daemon.stop();
    expect(network.declarations()).toEqual(before);
    expect(readdirSync(home.folder)).not.toContain('daemon.lock');
    expect(existsSync(home.socketFile)).toBe(false);
  });
});

describe('commands', () => {
  it('starts, restarts and stops a real process', async () => {
    register({
      tick: `sh -c 'echo "$BUBBALOOP_MACHINE_ID $BUBBALOOP_NODE_NAME $BUBBALOOP_ZENOH_ENDPOINT"; exec sleep 1000'`,
    });
    await start();
    const started = await command({ command: 'start', node_name: 'tick', target_machine: MACHINE });
    expect(started).toMatchObject({ success: true, requestId: 'r1', respondingMachine: MACHINE });
    const first = await nodeState('tick');
    expect(first).toMatchObject({ status: 'running', restartCount: 0 });
    expect(first.startedAtMs).toBeGreaterThan(0);
    expect(await command({ command: 'start', node_name: 'tick' })).toMatchObject({
      success: true,
      message: expect.stringContaining('already runs'),
    });
    expect((await command({ command: 'get_logs', node_name: 'tick' })).output).toContain(
      `out ${MACHINE} tick tcp/127.0.0.1:7447`,
    );

    expect(await command({ command: 'restart', node_name: 'tick' })).toMatchObject({ success: true });
    const second = await nodeState('tick');
    expect(second.pid).not.toBe(first.pid);

    expect(await command({ command: 'stop', node_name: 'tick' })).toMatchObject({
      success: true,
      message: 'Stopped tick: SIGTERM.',
    });
    expect(await nodeState('tick')).toMatchObject({ status: 'stopped', pid: undefined, lastExit: 'SIGTERM' });
    expect(() => process.kill(second.pid ?? 0, 0)).toThrow();
  });

  it('says what a node said when it failed, at once or later', async () => {
    register(
      { bad: `sh -c 'echo no such device; exit 3'`, later: `sh -c 'sleep 0.7; echo gone >&2; exit 4'` },
      { restart: 'never' },
    );
    await start();
    expect(await command({ command: 'start', node_name: 'bad' })).toMatchObject({
      success: false,
      message: 'bad failed: exit 3, last line "no such device".',
    });
    expect(await nodeState('bad')).toMatchObject({
      status: 'failed',
      lastExit: 'exit 3',
      lastLogLines: ['no such device'],
    });
    expect(await command({ command: 'start', node_name: 'later' })).toMatchObject({ success: true });
    await until(async () => (await nodeState('later')).status === 'failed');
    expect(await nodeState('later')).toMatchObject({ lastExit: 'exit 4', lastLogLines: ['gone'] });
  });

  it('starts again what failed, until that is a crash loop', async () => {
    register({ bad: `sh -c 'echo no such device; exit 3'` });
    await start();
    expect(await command({ command: 'start', node_name: 'bad' })).toMatchObject({
      success: false,
      message: expect.stringMatching(
        /^bad failed: exit 3, last line "no such device"\. It is started again in 0\.\d s\.$/,
      ),
    });
    await until(async () => (await nodeState('bad')).lastExit?.includes('5 times') === true);
    expect(await nodeState('bad')).toMatchObject({
      status: 'failed',
      lastExit: 'exit 3, ended 5 times within 60 s',
      restartCount: 4,
      lastLogLines: ['no such device'],
    });
    expect(await command({ command: 'stop', node_name: 'bad' })).toMatchObject({ success: true });
    expect(await nodeState('bad')).toMatchObject({ status: 'stopped' });
  });

  it('starts first what a node depends on', async () => {
    register({ camera: 'sleep 1000' });
    const path = join(folder, 'detector');
    mkdirSync(path);
    writeFileSync(
      join(path, 'node.yaml'),
      'name: detector\ncommand: sleep 1000\ndepends_on: [camera, not-registered]\n',
    );
    const registry: { nodes: unknown[] } = JSON.parse(readFileSync(home.registryFile, 'utf8'));
    writeFileSync(home.registryFile, JSON.stringify({ nodes: [{ path }, ...registry.nodes] }));
    await start();
    expect(await command({ command: 'start', node_name: 'detector' })).toMatchObject({ success: true });
    const [camera, detector] = [await nodeState('camera'), await nodeState('detector')];
    expect([camera.status, detector.status]).toEqual(['running', 'running']);
    expect(camera.startedAtMs).toBeLessThanOrEqual(detector.startedAtMs ?? 0);
  });

  it.each([
    [{ command: 'start', node_name: 'nope' }, 'There is no node "nope" on jetson_1; its nodes: tick.'],
    [{ command: 'fly', node_name: 'tick' }, 'does not know the command "fly"'],
    [{ command: '\u001b[2Jx', node_name: 'tick' }, 'the command "x"'],
    [{ command: 'clean', node_name: 'tick' }, 'has no "clean"'],
    [{ command: 'add', node_name: '', parameters: { source: 'tick' } }, 'is not an absolute path'],
    [{ command: 'add', node_name: '', parameters: { source: '/nowhere' } }, 'no node.yaml in "/nowhere"'],
    [{ command: 'add', node_name: '', parameters: 5 }, 'cannot be read: parameters is the number 5'],
    [{ command: 'instance', node_name: 'tick' }, 'wants a name of its own'],
    [{ command: 'instance', node_name: 'nope', parameters: { name: 'b' } }, 'There is no node "nope"'],
    [{ command: 'remove', node_name: 'nope' }, 'There is no node "nope" on jetson_1'],
    [{ command: 'build', node_name: 'tick' }, 'has no "build"'],
    [{ node_name: 'tick' }, 'cannot be read: command is absent'],
    [{ command: 5, node_name: 'tick' }, 'cannot be read: command is the number 5'],
  ])('refuses %j with a sentence', async (fields, message) => {
    register({ tick: 'sleep 1000' });
    await start();
    const result = await command(fields);
    expect(result).toMatchObject({ success: false, message: expect.stringContaining(message) });
  });

  it('answers what is no CBOR, and an empty query', async () => {
    await start();
    for (const payload of [Buffer.from('not cbor'), undefined]) {
      const answers = await ask(daemonKey(MACHINE, 'command'), decodeCommandResult, payload);
      expect(answers).toMatchObject([{ success: false, message: expect.stringContaining('cannot be read') }]);
    }
  });

  it('answers a wildcard only for itself', async () => {
    register({ tick: 'sleep 1000' });
    await start();
    const key = 'bubbaloop/global/**/daemon/command';
    expect(await command({ command: 'get_logs', node_name: 'tick', target_machine: MACHINE }, key)).toMatchObject({
      success: true,
    });
    const payload = encodeCbor({ command: 'get_logs', node_name: 'tick', target_machine: 'other' });
    expect(await ask(key, decodeCommandResult, payload)).toEqual([]);
  });

  it('builds, and remembers autostart', async () => {
    register({ tick: 'sleep 1000' }, { build: `sh -c 'echo compiling; touch built'` });
    const daemon = await start();
    expect(await command({ command: 'build', node_name: 'tick' })).toMatchObject({
      success: true,
      output: 'compiling',
    });
    expect(existsSync(join(folder, 'tick', 'built'))).toBe(true);
    expect(await command({ command: 'enable_autostart', node_name: 'tick' })).toMatchObject({ success: true });
    expect(await nodeState('tick')).toMatchObject({ autostartEnabled: true, buildOutput: ['compiling'] });
    await daemon.stop();
    await start();
    await until(async () => (await nodeState('tick')).status === 'running');
  });
});

describe('what a daemon does with a node beyond running it', () => {
  it('uninstalls and installs', async () => {
    register({ tick: 'sleep 1000' });
    await start();
    await command({ command: 'start', node_name: 'tick' });
    await command({ command: 'enable_autostart', node_name: 'tick' });
    expect(await command({ command: 'uninstall', node_name: 'tick' })).toMatchObject({ success: true });
    expect(await nodeState('tick')).toMatchObject({
      status: 'not-installed',
      installed: false,
      autostartEnabled: false,
      pid: undefined,
    });
    for (const word of ['start', 'restart', 'enable_autostart']) {
      expect(await command({ command: word, node_name: 'tick' })).toMatchObject({
        success: false,
        message: 'tick is not installed: bubbaloop node install tick.',
      });
    }
    expect(await command({ command: 'install', node_name: 'tick' })).toMatchObject({ success: true });
    expect(await command({ command: 'start', node_name: 'tick' })).toMatchObject({ success: true });
  });

  it('does not install what is not built', async () => {
    register({ rs: './target/rs' });
    await start();
    expect(await command({ command: 'uninstall', node_name: 'rs' })).toMatchObject({ success: true });
    expect(await command({ command: 'install', node_name: 'rs' })).toMatchObject({
      success: false,
      message: expect.stringContaining('its program is missing (./target/rs); build it first'),
    });
  });

  it('adds, makes an instance, removes', async () => {
    register({ tick: 'sleep 1000' });
    await start();
    const source = join(folder, 'second');
    mkdirSync(source);
    writeFileSync(join(source, 'node.yaml'), 'name: second\ncommand: ./not-there\n');
    expect(await command({ command: 'add', node_name: '', parameters: { source } })).toMatchObject({
      success: true,
      message: 'Added second on jetson_1. Build it: bubbaloop node build second',
    });
    expect(await command({ command: 'start', node_name: 'second' })).toMatchObject({
      success: false,
      message: expect.stringContaining('not-there was not found'),
    });
    const parameters = { name: 'third' };
    expect(await command({ command: 'instance', node_name: 'tick', parameters })).toMatchObject({ success: true });
    expect(await nodeState('third')).toMatchObject({ baseNode: 'tick', status: 'stopped' });
    expect(await command({ command: 'remove', node_name: 'second' })).toMatchObject({ success: true });
    await expect(nodeState('second')).rejects.toThrow('no node second');
  });

  it('builds one at a time, into the log, and ends a build with itself', async () => {
    const build = `sh -c 'trap : TERM; echo compiling; while :; do sleep 0.1; done'`;
    register({ tick: 'sleep 1000' }, { build });
    const daemon = await start();
    const first = command({ command: 'build', node_name: 'tick' }).catch((error: Error) => error);
    const log = () => command({ command: 'get_logs', node_name: 'tick' });
    await until(async () => (await log()).output.includes(' out compiling'));
    expect(await nodeState('tick')).toMatchObject({ status: 'building' });
    for (const word of ['build', 'clean', 'start', 'restart', 'remove']) {
      expect(await command({ command: word, node_name: 'tick' })).toMatchObject({
        success: false,
        message: expect.stringContaining('being built'),
      });
    }
    await daemon.stop();
    await first;
    expect(readFileSync(join(home.logFolder, 'tick.log'), 'utf8')).toContain('build ends: the daemon is stopping');
  });
});

describe('logs over zenoh', () => {
  it('are read only while someone follows, and answered to a query', async () => {
    register({ tick: `sh -c 'while :; do echo tock; sleep 0.1; done'` });
    await start();
    await command({ command: 'start', node_name: 'tick' });
    const key = logKey(MACHINE, 'tick');
    const chunks: LogChunk[] = [];
    const subscriber = await screen.declareSubscriber(key, (sample) => {
      const chunk = decodeLogChunk(sample.payload);
      if (chunk.ok) chunks.push(chunk.value);
    });
    await until(() => chunks.filter(({ text }) => text.includes(' out tock\n')).length >= 3);
    expect(chunks[0]).toMatchObject({ machineId: MACHINE, node: 'tick' });
    const joined = chunks.slice(1).every((chunk, index) => chunk.start === chunks[index]?.end);
    expect(joined).toBe(true);
    await subscriber.undeclare();

    const [history] = await ask(`${key}?lines=2`, decodeLogChunk);
    expect(history?.text.split('\n')).toHaveLength(3);
    expect(history?.file).toBe(chunks[0]?.file);
    const since = Date.now() + 3_600_000;
    expect(await ask(`${key}?lines=2;since_ms=${since}`, decodeLogChunk)).toMatchObject([{ text: '' }]);
    await expect(ask(logKey(MACHINE, 'nope'), decodeLogChunk)).rejects.toThrow('There is no node "nope" on jetson_1');
    await command({ command: 'remove', node_name: 'tick' });
    await until(() => !network.declarations().some((declared) => declared.includes('logs/tick')));
  });
});

describe('the registry', () => {
  it('that is damaged is set aside and written again as the daemon knows it; the nodes run on', async () => {
    register({ tick: 'sleep 1000' });
    await start();
    await command({ command: 'start', node_name: 'tick' });
    const { pid } = await nodeState('tick');
    writeFileSync(home.registryFile, '{"nodes": [');
    utimesSync(home.registryFile, new Date(0), new Date(0));
    await command({ command: 'start', node_name: 'tick' });
    const [, aside = ''] = /kept as (\S+\.damaged-\S+);/.exec(said.join('\n')) ?? [];
    expect(readFileSync(aside, 'utf8')).toBe('{"nodes": [');
    expect(readRegistry(home.registryFile)).toMatchObject([{ path: join(folder, 'tick') }]);
    expect(await nodeState('tick')).toMatchObject({ pid, status: 'running' });
    expect(await command({ command: 'enable_autostart', node_name: 'tick' })).toMatchObject({ success: true });
  });

  it('shows a node that cannot run, with the reason, and runs it once it is mended', async () => {
    register({ broken: 'a | b', gone: 'sleep 1000' });
    rmSync(join(folder, 'gone', 'node.yaml'));
    await start();
    expect(await nodeState('gone')).toMatchObject({
      status: 'failed',
      lastExit: expect.stringContaining('does not exist'),
    });
    expect(await command({ command: 'start', node_name: 'gone' })).toMatchObject({ success: false });
    expect(await command({ command: 'start', node_name: 'broken' })).toMatchObject({
      success: false,
      message: expect.stringContaining('operator |'),
    });
    writeFileSync(join(folder, 'gone', 'node.yaml'), 'name: gone\ncommand: sleep 1000\n');
    expect(await command({ command: 'start', node_name: 'gone' })).toMatchObject({ success: true });
    expect(await nodeState('gone')).toMatchObject({ status: 'running' });
  });

  it('is followed while the daemon runs; one that is broken changes nothing', async () => {
    register({ tick: 'sleep 1000' });
    await start();
    await command({ command: 'start', node_name: 'tick' });
    const { pid } = await nodeState('tick');

    writeFileSync(home.registryFile, '{');
    expect(await command({ command: 'fly', node_name: '' })).toMatchObject({ success: false });
    await command({ command: 'get_logs', node_name: 'tick' });
    expect(said.join()).toContain('is not a registry of nodes');
    expect(await nodeState('tick')).toMatchObject({ pid });

    register({ other: 'sleep 1000' });
    utimesSync(home.registryFile, new Date(), new Date());
    expect(await command({ command: 'start', node_name: 'other' })).toMatchObject({ success: true });
    // What is no longer registered ends.
    await until(() => {
      try {
        process.kill(pid ?? 0, 0);
        return false;
      } catch {
        return true;
      }
    });
  });
});

describe('heartbeats', () => {
  it('make a running node healthy, in both forms of the key', async () => {
    register({ a: 'sleep 1000', b: 'sleep 1000', c: 'sleep 1000' });
    await start();
    for (const name of ['a', 'b']) await command({ command: 'start', node_name: name });
    expect(await nodeState('a')).toMatchObject({ health: 'unknown' });
    await screen.put(healthKey(MACHINE, 'a'), 'ok');
    await screen.put(legacyHealthKey('b'), 'ok');
    await screen.put(healthKey(MACHINE, 'c'), 'ok');
    await screen.put(healthKey('other', 'a'), 'ok');
    await until(async () => (await nodeState('b')).health === 'healthy');
    expect(await nodeState('a')).toMatchObject({ health: 'healthy' });
    expect(await nodeState('c')).toMatchObject({ status: 'stopped', health: 'unknown' });
    await command({ command: 'restart', node_name: 'a' });
    expect(await nodeState('a')).toMatchObject({ health: 'unknown' });
  });
});

describe('the older command path', () => {
  async function put(request: Parameters<typeof encodeDaemonCommand>[0]): Promise<readonly DaemonEvent[]> {
    const events: DaemonEvent[] = [];
    const subscriber = await screen.declareSubscriber(daemonKey(MACHINE, 'events'), (sample) => {
      const event = decodeDaemonEvent(sample.payload);
      if (event.ok && event.value.id === request.id) events.push(event.value);
    });
    await screen.put(daemonKey(MACHINE, 'command'), encodeDaemonCommand(request), { encoding: CBOR_ENCODING });
    await until(() => events.some((event) => event.type === 'done'));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await subscriber.undeclare();
    return events;
  }

  it('answers with events, the last of which is done, and only to those who know the token', async () => {
    register({ tick: 'sleep 1000' });
    const daemon = await start();
    const authToken = readFileSync(home.tokenFile, 'utf8').trim();
    for (const wrong of [undefined, 'bb_00000000000000000000000000000000']) {
      const events = await put({ id: '1', command: { kind: 'start_node', name: 'tick' }, authToken: wrong });
      expect(events.map(({ type }) => type)).toEqual(['error', 'done']);
    }
    expect(await nodeState('tick')).toMatchObject({ status: 'stopped' });
    expect(
      (await put({ id: '2', command: { kind: 'start_node', name: 'tick' }, authToken })).map(({ type }) => type),
    ).toEqual(['result', 'done']);
    const [list] = await put({ id: '3', command: { kind: 'list_nodes' }, authToken });
    expect(JSON.parse(list?.text ?? '')).toEqual([
      { name: 'tick', status: 'Running', health: 'Unknown', node_type: 'node', installed: true, is_built: true },
    ]);
    const [health] = await put({ id: '4', command: { kind: 'health' }, authToken });
    expect(JSON.parse(health?.text ?? '')).toMatchObject({ machine_id: MACHINE, node_count: 1 });
    const unknown = await put({ id: '5', command: { kind: 'unknown', word: 'fly' }, authToken });
    expect(unknown.map(({ type }) => type)).toEqual(['error', 'done']);

    const path = join(folder, 'second');
    mkdirSync(path);
    writeFileSync(join(path, 'node.yaml'), 'name: second\ncommand: sleep 1\n');
    await put({
      id: '6',
      command: { kind: 'install_node', source: path, name: undefined, config: undefined },
      authToken,
    });
    expect(await nodeState('second')).toMatchObject({ status: 'stopped' });
    await put({ id: '7', command: { kind: 'remove_node', name: 'tick' }, authToken });
    await expect(nodeState('tick')).rejects.toThrow();
    await put({ id: '8', command: { kind: 'shutdown' }, authToken });
    await daemon.shutdownRequested;
  });

  it('answers each command of a flood: those that find too many before them with an error', async () => {
    register({ tick: 'sleep 1000' });
    await start();
    const authToken = readFileSync(home.tokenFile, 'utf8').trim();
    const answers = new Map<string, DaemonEvent[]>();
    const subscriber = await screen.declareSubscriber(daemonKey(MACHINE, 'events'), (sample) => {
      const event = decodeDaemonEvent(sample.payload);
      if (event.ok) answers.set(event.value.id, [...(answers.get(event.value.id) ?? []), event.value]);
    });
    const ids = Array.from({ length: 300 }, (_, index) => `flood-${index}`);
    for (const id of ids) {
      const request = encodeDaemonCommand({ id, command: { kind: 'start_node', name: 'tick' }, authToken });
      await screen.put(daemonKey(MACHINE, 'command'), request, { encoding: CBOR_ENCODING });
    }
    await until(() => ids.every((id) => answers.get(id)?.at(-1)?.type === 'done'));
    await subscriber.undeclare();
    const firsts = ids.map((id) => answers.get(id)?.[0]);
    expect(firsts.filter((event) => event?.type === 'result').length).toBeGreaterThanOrEqual(64);
    const refused = firsts.filter((event) => event?.type === 'error');
    expect(refused.length).toBeGreaterThan(0);
    expect(new Set(refused.map((event) => event?.text))).toEqual(new Set(['64 commands wait already: send it again.']));
    expect(await nodeState('tick')).toMatchObject({ status: 'running' });
  });
});

describe('without a router', () => {
  it('supervises, answers its socket, and is found when the router comes', async () => {
    network.cut();
    register({ tick: 'sleep 1000' });
    await start();
    expect(said.join()).toContain('No router at');
    const request = encodeCbor({ command: 'start', node_name: 'tick' });
    const answer = await askControlSocket(home.socketFile, request, 5_000);
    expect(decodeCommandResult(answer ?? new Uint8Array(0))).toMatchObject({ value: { success: true } });
    const list = decodeNodeList(
      (await askControlSocket(home.socketFile, new Uint8Array(0), 5_000)) ?? new Uint8Array(0),
    );
    const pid = list.ok ? list.value.nodes[0]?.pid : undefined;
    expect(pid).toBeGreaterThan(0);
    network.restore();
    await screen.connected();
    await until(async () => (await ask(daemonKey('*', 'nodes'), decodeNodeList)).length > 0);
    expect(await nodeState('tick')).toMatchObject({ status: 'running', pid });
    network.cut();
    network.restore();
    await screen.connected();
    await until(async () => (await ask(daemonKey('*', 'nodes'), decodeNodeList).catch(() => [])).length > 0);
    expect(await nodeState('tick')).toMatchObject({ status: 'running', pid });
  });
});

describe('a second daemon', () => {
  it('is refused on the same home and on the same machine id, and leaves the first alone', async () => {
    await start();
    await expect(start('other')).rejects.toThrow(/already runs on .*: process \d+, machine jetson_1/);
    const second = findHome(join(folder, 'second-home'), {});
    await expect(start(MACHINE, second)).rejects.toThrow(/Another daemon answers as machine jetson_1/);
    expect(readdirSync(second.folder)).not.toContain('daemon.lock');
    expect(await ask(daemonKey('*', 'manifest'), decodeDaemonManifest)).toHaveLength(1);
  });
});
