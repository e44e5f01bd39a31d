/** What is broken about a router, its links and its fleet, with real routers, and what doctor calls it. */
import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FactsOptions } from '../../source/doctor/facts.ts';
import { daemonKey } from '../../source/wire/keys.ts';
import { encodeDaemonManifest } from '../../source/wire/manifest.ts';
import { openSession } from '../../source/zenoh/open-session.ts';
import { endProcess, runBubbaloop } from '../support/command-line.ts';
import { until } from '../support/daemon-rig.ts';
import { DoctorHome, diagnose } from '../support/doctor.ts';
import { freePorts, type RouterOptions, startRouter, type TestRouter } from '../support/router.ts';

let home: DoctorHome;
const cleanUps: (() => unknown)[] = [];

beforeEach(() => {
  home = new DoctorHome();
});
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  home[Symbol.dispose]();
});

async function router(configOverrides: RouterOptions['configOverrides'] = {}): Promise<TestRouter> {
  const started = await startRouter({ configOverrides });
  cleanUps.push(() => started.stop());
  return started;
}

async function session(endpoint: string, options: Parameters<typeof openSession>[1] = {}) {
  const opened = openSession(endpoint, options);
  cleanUps.push(() => opened.close());
  await opened.connected({ timeoutMs: 20_000 });
  return opened;
}

const look = (id: string, endpoint: string, more: Partial<FactsOptions> = {}) =>
  diagnose(id, { home: home.home, endpoint, ...more });

test('a whole router: nothing is wrong', async () => {
  const { endpoint } = await router();
  const ran = await runBubbaloop(['doctor', '--json', '-c', 'router', '-c', 'fleet', '--endpoint', endpoint], {
    env: {
      BUBBALOOP_HOME: home.folder,
      NODE_OPTIONS: `--import=${join(import.meta.dirname, '..', 'support', 'refuse-react.mjs')}`,
    },
  });
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  const report = JSON.parse(ran.stdout);
  expect(report).toMatchObject({ ok: true, endpoint });
  expect(report.checks.filter(({ area }: { area: string }) => area === 'router')).toMatchObject(
    Array.from({ length: 6 }, () => ({ outcome: 'well' })),
  );
});

test('over the WebSocket: the fleet is seen as well', async () => {
  const { wsUrl } = await router();
  for (const id of ['router-port', 'router-handshake', 'router-admin', 'fleet-versions']) {
    expect(await look(id, wsUrl)).toMatchObject({ outcome: 'well' });
  }
  const ran = await runBubbaloop(['doctor', 'why', 'a/b', '--json', '--duration', '0.3', '--endpoint', wsUrl]);
  expect(JSON.parse(ran.stdout)).toMatchObject({ kind: 'no-publisher' });
});

test('no router: process and port are named, exit code 1', async () => {
  const dead = await router();
  await dead.kill();
  const ran = await runBubbaloop(['doctor', '-c', 'router', '--endpoint', dead.endpoint], {
    env: { BUBBALOOP_HOME: home.folder },
  });
  expect(ran.code).toBe(1);
  expect(ran.stdout).toMatch(/✗ router process: Nobody listens there/);
  expect(ran.stdout).toMatch(/✗ router port: 127\.0\.0\.1:\d+: connection refused/);
  expect(ran.stdout).toContain('remedy: bubbaloop router');
});

test('another program on the port: it is named', async () => {
  const [port = 0] = await freePorts(1);
  const server = createServer().listen(port, '127.0.0.1');
  cleanUps.push(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const endpoint = `tcp/127.0.0.1:${port}`;
  const report = await look('router-process', endpoint);
  expect(report.outcome).toBe('problem');
  expect(report.seen).toContain(`(process ${process.pid}), which is no router`);
  expect((await look('router-handshake', endpoint)).seen).toContain('no session comes of it');
});

test('a wedged router answers nobody new, while a session from before stands; --fix lets it go on', async () => {
  const wedged = await router();
  const old = await session(wedged.endpoint);
  await wedged.suspend();
  const [process_, port, handshake] = await Promise.all(
    ['router-process', 'router-port', 'router-handshake'].map((id) => look(id, wedged.endpoint)),
  );
  // The kernel still takes connections for it.
  expect(port).toMatchObject({ outcome: 'well' });
  expect(process_).toMatchObject({ outcome: 'problem', remedy: `kill -CONT ${wedged.pid}`, isFixable: true });
  expect(handshake?.outcome).toBe('problem');
  expect(handshake?.seen).toContain('no session comes of it');
  expect(handshake?.remedy).toContain(`kill -CONT ${wedged.pid}`);
  // The old session is in this process, which doctor takes for itself; here another program holds one.
  const script = `require('net').connect(${wedged.endpoint.split(':').at(-1)}, '127.0.0.1', () => console.log('in'))`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  cleanUps.push(() => endProcess(child));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  expect((await look('router-handshake', wedged.endpoint)).seen).toContain(`(process ${child.pid})`);
  const mended = await diagnose('router-process', { home: home.home, endpoint: wedged.endpoint }, { fix: true });
  expect(mended).toMatchObject({ outcome: 'well', fixed: `Process ${wedged.pid} was told to go on (SIGCONT).` });
  await until(async () => (await look('router-handshake', wedged.endpoint)).outcome === 'well');
  expect(old.zid).not.toBe('');
});

test('an address that nobody answers at, and a name that does not resolve', async () => {
  expect(await look('router-port', 'tcp/no-such-host.invalid:7447')).toMatchObject({
    outcome: 'problem',
    seen: expect.stringContaining('the name does not resolve'),
  });
  // A program that takes no more connections: the kernel drops what comes, as a firewall does.
  const script =
    "const s = require('net').createServer(); s.listen(0, '127.0.0.1', 1, () => console.log(s.address().port))";
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  cleanUps.push(() => child.kill('SIGKILL'));
  const port = Number(await new Promise((resolve) => child.stdout.once('data', (data) => resolve(String(data)))));
  child.kill('SIGSTOP');
  const fillers = Array.from({ length: 8 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => undefined));
  cleanUps.push(() => {
    for (const filler of fillers) filler.destroy();
  });
  await until(async () => (await look('router-port', `tcp/127.0.0.1:${port}`)).outcome === 'problem');
  expect(await look('router-port', `tcp/127.0.0.1:${port}`)).toMatchObject({
    seen: expect.stringContaining('no answer in 2 s'),
    means: expect.stringContaining('a firewall drops'),
    remedy: expect.stringContaining(`let port ${port} in`),
  });
});

test('admin space off', async () => {
  const { endpoint } = await router({ adminspace: { enabled: false } });
  expect(await look('router-admin', endpoint)).toMatchObject({
    outcome: 'problem',
    remedy: expect.stringContaining('adminspace/enabled:true'),
  });
});

test('WebSocket and REST: one that is taken from the router is missed, one open to all is told', async () => {
  const [port = 0, rest = 0] = await freePorts(2);
  const { endpoint } = await router({
    plugins: {
      remote_api: { websocket_port: `0.0.0.0:${port}` },
      rest: { http_port: `127.0.0.1:${rest}` },
    },
  });
  expect(await look('router-rest', endpoint)).toMatchObject({ outcome: 'well' });
  expect(await look('router-websocket', endpoint)).toMatchObject({
    outcome: 'warning',
    seen: expect.stringContaining('open to everyone'),
    remedy: `bubbaloop router --websocket 127.0.0.1:${port}`,
  });
  const bare = await router({ plugins: {} });
  expect(await look('router-websocket', bare.endpoint)).toMatchObject({ outcome: 'skipped' });
  const hanging = await router();
  await hanging.suspend();
  for (const id of ['router-websocket', 'router-rest']) {
    expect(await look(id, hanging.endpoint)).toMatchObject({
      outcome: 'problem',
      seen: expect.stringContaining('no answer in 2 s'),
    });
  }
});

test('the link to central: up, refused, without a name, and to one that hangs', async () => {
  const central = await router();
  const linked = await router({ connect: { endpoints: [central.endpoint], timeout_ms: -1, exit_on_failure: false } });
  await until(async () => (await look('link-central', linked.endpoint)).outcome === 'well');
  await central.kill();
  await until(async () => (await look('link-central', linked.endpoint)).outcome === 'problem');
  expect(await look('link-central', linked.endpoint)).toMatchObject({
    seen: expect.stringContaining('refuses connections'),
    remedy: expect.stringContaining('bubbaloop router central'),
  });
  const lost = await router({
    connect: { endpoints: ['tcp/no-such-host.invalid:7447'], timeout_ms: 0, exit_on_failure: false },
  });
  expect(await look('link-central', lost.endpoint)).toMatchObject({
    outcome: 'problem',
    seen: expect.stringContaining('no-such-host.invalid does not resolve'),
  });
  const hanging = await router();
  await hanging.suspend();
  const waiting = await router({ connect: { endpoints: [hanging.endpoint], timeout_ms: 0, exit_on_failure: false } });
  expect(await look('link-central', waiting.endpoint)).toMatchObject({
    outcome: 'problem',
    seen: expect.stringContaining('accepts connections'),
  });
  expect(await look('link-central', (await router()).endpoint)).toMatchObject({ outcome: 'skipped' });
});

test('versions and ids that do not fit together', async () => {
  const { endpoint } = await router({ metadata: { name: 'jetson_1' } });
  expect(await look('fleet-versions', endpoint)).toMatchObject({ outcome: 'well' });
  const other = await session(endpoint, { shm: false });
  const old = { zid: 'abcd', version: 'v1.7.2', metadata: { name: 'jetson_1' }, locators: [], sessions: [] };
  await other.declareQueryable('@/abcd/router', (query) => query.reply('@/abcd/router', JSON.stringify(old)));
  const manifest = { version: '0.0.9', machineId: 'jetson_1', uptimeSecs: 1, nodeCount: 0, agentCount: 0, mcpPort: 0 };
  for (const daemon of [other, await session(endpoint, { shm: false })]) {
    await daemon.declareQueryable(daemonKey('jetson_1', 'manifest'), (query) =>
      query.reply(daemonKey('jetson_1', 'manifest'), encodeDaemonManifest(manifest)),
    );
  }
  await until(async () => (await look('fleet-ids', endpoint)).outcome === 'problem');
  const ids = await look('fleet-ids', endpoint);
  expect(ids.seen).toContain('More than one daemon answers as jetson_1');
  expect(ids.seen).toContain('More than one router is called jetson_1');
  const versions = await look('fleet-versions', endpoint);
  expect(versions.outcome).toBe('warning');
  expect(versions.seen).toContain('1.7.2');
  expect(versions.seen).toContain('jetson_1 0.0.9');
});

test('shared memory off at the program’s end, and at the router’s', async () => {
  const { endpoint } = await router();
  const script = join(import.meta.dirname, '..', 'support', 'hold-session.ts');
  const child = spawn(process.execPath, [script, endpoint], { stdio: ['ignore', 'pipe', 'inherit'] });
  cleanUps.push(() => endProcess(child));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const theirs = await look('shm-sessions', endpoint);
  expect(theirs.outcome).toBe('warning');
  expect(theirs.seen).toContain(`hold-session.ts (process ${child.pid})`);
  await endProcess(child);
  await until(async () => (await look('shm-sessions', endpoint)).outcome === 'well');
  const off = await router({ transport: { shared_memory: { enabled: false } } });
  expect(await look('shm-sessions', off.endpoint)).toMatchObject({
    outcome: 'warning',
    seen: expect.stringContaining('off at the router’s end'),
  });
});

test('firewall: a router for other machines behind rules that turn all away', async () => {
  const [port = 0] = await freePorts(1);
  await router({ listen: { endpoints: [`tcp/0.0.0.0:${port}`] } });
  const folder = join(home.folder, 'bin');
  mkdirSync(folder);
  const rules = (text: string) => {
    writeFileSync(join(folder, 'nft'), `#!/bin/sh\ncat <<'END'\n${text}\nEND\n`, { mode: 0o755 });
    return { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  };
  const input = (more: string) =>
    `table inet filter { chain input { type filter hook input priority 0; policy drop;\n${more} } }`;
  const there = `tcp/127.0.0.1:${port}`;
  expect(await look('link-firewall', there, { env: rules(input('tcp dport 22 accept')) })).toMatchObject({
    outcome: 'hint',
    remedy: expect.stringContaining(String(port)),
  });
  expect(await look('link-firewall', there, { env: rules(input(`tcp dport ${port} accept`)) })).toMatchObject({
    outcome: 'well',
  });
});

test('usage: areas, keys and flags that do not exist', async () => {
  const cases: readonly [readonly string[], string][] = [
    [['-c', 'nonsense'], 'no area or check "nonsense"'],
    [['mend'], 'doctor has no "mend"'],
    [['why'], 'wants one key'],
    [['why', 'a//b'], 'not a key expression'],
    [['why', 'a', '--fix'], 'go with doctor alone'],
    [['why', 'a', '--duration', '0'], '--duration wants seconds'],
    [['--endpoint', 'tcp/"x":1'], 'is not an endpoint'],
  ];
  for (const [words, said] of cases) {
    const ran = await runBubbaloop(['doctor', ...words], { env: { BUBBALOOP_HOME: home.folder } });
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toContain(said);
  }
});
