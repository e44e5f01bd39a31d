import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bubbaloop, endProcess, runBubbaloop } from '../support/command-line.ts';

let folder: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-router-'));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map(endProcess));
  rmSync(folder, { recursive: true });
});

/** Every port chosen by the system. */
const anyPorts = ['--listen', 'tcp/127.0.0.1:0', '--websocket', '127.0.0.1:0', '--rest'];

test('standalone: REST answers with the router’s admin space, under the machine’s name; SIGTERM ends it with 0', async () => {
  const port = await freePort();
  const router = startRouter(['standalone', ...anyPorts, `127.0.0.1:${port}`], { BUBBALOOP_MACHINE_ID: 'jetson_7' });
  const ready = await router.ready;
  expect(ready).toMatchObject({ ready: true, rest: `127.0.0.1:${port}` });

  const answer = await fetch(`http://127.0.0.1:${port}/@/*/router`);
  const [{ value }] = (await answer.json()) as [{ value: { zid: string; metadata: unknown } }];
  expect(value).toMatchObject({ zid: ready.zid, metadata: { name: 'jetson_7' } });

  const exit = new Promise((resolve) => router.child.once('exit', (code) => resolve(code)));
  router.child.kill('SIGTERM');
  expect(await exit).toBe(0);
});

test('the launcher leaves one process: signals reach the router itself', async () => {
  const router = startRouter(['standalone', ...anyPorts, `127.0.0.1:${await freePort()}`]);
  await router.ready;
  expect(readFileSync(`/proc/${router.child.pid}/comm`, 'utf8')).toMatch(/^bubbaloop-route/);
});

test('jetson: --central becomes the endpoint, retried from 1 s to 4 s', async () => {
  const result = await runBubbaloop(['router', 'jetson', '--central', '[fd7a::1]', '--print-config']);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(result.stdout)).toMatchObject({
    mode: 'router',
    listen: { endpoints: ['tcp/127.0.0.1:7447'] },
    connect: {
      endpoints: ['tcp/[fd7a::1]:7447'],
      exit_on_failure: false,
      retry: { period_init_ms: 1000, period_max_ms: 4_000, period_increase_factor: 2 },
    },
    transport: { shared_memory: { enabled: true } },
  });
});

test('central: every interface for routers, no multicast, gossip that connects routers', async () => {
  const result = await runBubbaloop(['router', 'central', '--print-config']);
  expect(JSON.parse(result.stdout)).toMatchObject({
    listen: { endpoints: ['tcp/0.0.0.0:7447'] },
    scouting: { multicast: { enabled: false }, gossip: { enabled: true, autoconnect: { router: ['router'] } } },
    plugins: { remote_api: { websocket_port: '127.0.0.1:10000' }, rest: { http_port: '127.0.0.1:8000' } },
  });
});

test.each([
  ["{ mode: 'router',\n  listten: { endpoints: [] },\n}", /bad\.json5:2:3: key `listten`: unknown field/],
  [
    "{ mode: 'router',\n  listen: { endpoints: ['tcp/127.0.0.1:0' },\n}",
    /bad\.json5:2:43: near key `listen`: invalid character/,
  ],
  [
    "{\n mode: 'router',\n scouting: {\n  multicast: { enabled: 'maybe' } } }",
    /bad\.json5:4:\d+: key `scouting\/multicast\/enabled`: invalid type/,
  ],
])('%j is refused with file, line and key', async (text, message) => {
  const file = join(folder, 'bad.json5');
  writeFileSync(file, text);
  const result = await runBubbaloop(['router', '-c', file]);
  expect(result.code).toBe(1);
  expect(result.stderr).toMatch(message);
  expect(result.stdout).toBe('');
});

test.each([
  [['jupiter'], 2, 'no router profile "jupiter"'],
  [['central', '--central', 'host'], 2, 'goes with the profile jetson'],
  [['jetson', '--central', 'a"b'], 2, 'holds a blank, a quote or a control character'],
  [['jetson', '--central', 'host:99999'], 2, 'not a port'],
  [['standalone', '-c', 'x.json5'], 2, 'not both'],
  [['-c', '/nowhere/x.json5'], 1, 'no file /nowhere/x.json5'],
  [['--cfg', 'nonsense'], 2, 'KEY:VALUE'],
  [['--websocket', '10000'], 2, 'HOST:PORT'],
])('router %j ends with %i and a sentence', async (words, code, message) => {
  const result = await runBubbaloop(['router', ...words]);
  expect(result.code).toBe(code);
  expect(result.stderr).toContain(message);
});

test.each(['listen', 'websocket', 'rest'])('a %s port held by another program is named, exit code 1', async (which) => {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  const { port } = holder.address() as AddressInfo;
  try {
    const result = await runBubbaloop([
      'router',
      ...(which === 'listen' ? ['--listen', `tcp/127.0.0.1:${port}`] : ['--listen', 'tcp/127.0.0.1:0']),
      ...(which === 'websocket' ? ['--websocket', `127.0.0.1:${port}`] : ['--websocket', '127.0.0.1:0']),
      ...(which === 'rest' ? ['--rest', `127.0.0.1:${port}`] : ['--rest', `127.0.0.1:${await freePort()}`]),
    ]);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(String(port));
    expect(result.stderr).toMatch(/in use|held|taken/);
  } finally {
    holder.close();
  }
});

test('a router that is told to end leaves no shared memory behind', async () => {
  const { child, ready } = startRouter(['standalone', ...anyPorts, `127.0.0.1:${await freePort()}`]);
  const { locators } = await ready;
  await runBubbaloop(['top', '--once', '--endpoint', locators[0] ?? '']);
  const segments = segmentsOf(child.pid);
  expect(segments.length).toBeGreaterThan(0);
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
  expect(segments.filter((file) => existsSync(file))).toEqual([]);
});

/** Files of zenoh's shared memory that a process has open. */
function segmentsOf(pid: number | undefined): string[] {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder)
    .map((name) => readlinkSync(join(folder, name)))
    .filter((file) => file.startsWith('/dev/shm/') && file.endsWith('.zenoh'));
}

type Ready = {
  readonly ready: boolean;
  readonly zid: string;
  readonly locators: readonly string[];
  readonly rest: string | null;
};

function startRouter(
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { child: ChildProcess; ready: Promise<Ready> } {
  const child = spawn(bubbaloop, ['router', ...words], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const ready = new Promise<Ready>((resolve, reject) => {
    child.stdout.once('data', (line) => resolve(JSON.parse(String(line)) as Ready));
    child.once('exit', (code) => reject(new Error(`the router ended with ${code}`)));
  });
  ready.catch(() => undefined);
  return { child, ready };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
