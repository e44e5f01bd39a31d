/** Nodes that somebody else wrote, under a real daemon: from init, from Git, in Python. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bubbaloop, endProcess, type Finished, runBubbaloop } from '../support/command-line.ts';
import { pythonWithZenoh } from '../support/python.ts';
import { removeFolder } from '../support/remove-folder.ts';
import { startRouter, type TestRouter } from '../support/router.ts';
import { startWeatherServer } from '../support/weather-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'bubbaloop-own-'));
const home = join(folder, 'home');
let router: TestRouter;
let daemon: ChildProcess;
let env: NodeJS.ProcessEnv;
const daemonSaid: string[] = [];

beforeAll(async () => {
  router = await startRouter();
  env = {
    ...process.env,
    BUBBALOOP_HOME: home,
    BUBBALOOP_MACHINE_ID: 'robot_1',
    BUBBALOOP_ZENOH_ENDPOINT: router.endpoint,
  };
  daemon = spawn(bubbaloop, ['daemon'], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  if (daemon.stderr === null) throw new Error('no stderr');
  daemon.once('exit', (code, signal) => daemonSaid.push(`it ended with ${code ?? signal}`));
  const lines = createInterface({ input: daemon.stderr });
  await new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      daemonSaid.push(line);
      if (line.includes('Ready:')) resolve();
    });
  });
});
afterAll(async () => {
  await endProcess(daemon);
  await router.stop();
  removeFolder(folder);
});

/** `bubbaloop` in the test's folder. */
const run = (words: readonly string[], timeoutMs = 120_000): Promise<Finished> =>
  runBubbaloop(words, { env, timeoutMs, cwd: folder });
const node = (...words: readonly string[]) => run(['node', ...words], 300_000);

/** `bubbaloop node` that is expected to go well: what it said is shown where it does not. */
const done = async (...words: readonly string[]): Promise<void> => {
  const { code, stderr } = await node(...words);
  if (code !== 0)
    throw new Error(
      `node ${words.join(' ')} ended with ${code}: ${stderr}\nThe daemon said:\n${daemonSaid.join('\n')}`,
    );
};

async function sample(key: string): Promise<Record<string, unknown>> {
  const { code, stdout, stderr } = await run(['sub', key, '-n', '1', '-d', '60', '--json']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as Record<string, unknown>;
}

async function untilHealthy(name: string): Promise<void> {
  for (let attempt = 0; attempt < 120; attempt += 1) {
    const list = JSON.parse((await node('list', '--json')).stdout) as { nodes: { name: string; health: string }[] };
    if (list.nodes.some((entry) => entry.name === name && entry.health === 'healthy')) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error(`${name} did not become healthy: ${(await node('logs', name)).stdout}`);
}

test('a Python node over eclipse-zenoh runs unchanged', async () => {
  const path = join(folder, 'old-lidar');
  mkdirSync(path);
  copyFileSync(join(import.meta.dirname, '..', 'support', 'python-node.py'), join(path, 'main.py'));
  const fields = { name: 'old-lidar', version: '2.0.1', type: 'python', command: `${await pythonWithZenoh()} main.py` };
  writeFileSync(join(path, 'node.yaml'), JSON.stringify(fields));
  await done('validate', path);
  await done('add', path);
  await done('start', 'old-lidar');
  expect(await sample('bubbaloop/global/robot_1/old-lidar/scan')).toMatchObject({
    header: { schema_uri: 'lidar/scan/v1', source_instance: 'old-lidar' },
    body: { ranges: [1.5, 2.5], id: String(2n ** 60n) },
  });
  await untilHealthy('old-lidar');
  await done('stop', 'old-lidar');
  const logs = await node('logs', 'old-lidar');
  expect(logs.stdout).toContain('out lidar up');
  expect(logs.stdout).toContain('out lidar down');
});

test('node init --type python: built, tested, started, its data on the wire', async () => {
  await done('init', 'probe', '--type', 'python');
  await done('validate', 'probe');
  await done('add', 'probe');
  expect(await node('build', 'probe')).toMatchObject({ code: 0, stderr: expect.stringContaining('built') });
  const python = join(folder, 'probe', '.venv', 'bin', 'python');
  execFileSync(python, ['-m', 'unittest'], { cwd: join(folder, 'probe'), stdio: 'pipe' });
  await done('start', 'probe');
  expect(await sample('bubbaloop/global/robot_1/probe/reading')).toMatchObject({
    encoding: 'application/cbor',
    header: { source_instance: 'probe' },
    body: { value: expect.any(Number) },
  });
  await untilHealthy('probe');
  await done('stop', 'probe');
}, 300_000);

test('node add GIT-URL clones, checks and registers; what is no node leaves nothing behind', async () => {
  const repository = join(folder, 'repository');
  await done('init', 'cloned');
  const git = (cwd: string, ...words: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], { cwd, stdio: 'pipe' });
  const commit = (cwd: string) => {
    git(cwd, 'init', '-q');
    git(cwd, 'add', '-A');
    git(cwd, 'commit', '-qm', 'a node');
  };
  commit(join(folder, 'cloned'));
  await done('add', `file://${join(folder, 'cloned')}`);
  const clone = join(home, 'nodes', 'cloned');
  // Not in Git, and there all the same: the author's editor finds the SDK.
  expect(existsSync(join(clone, 'node_modules', 'bubbaloop', 'package.json'))).toBe(true);
  await done('start', 'cloned');
  expect(await sample('bubbaloop/global/robot_1/cloned/reading')).toMatchObject({
    body: { value: expect.any(Number) },
  });
  await done('stop', 'cloned');
  expect(await node('add', `file://${join(folder, 'cloned')}`)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is there already'),
  });
  await done('add', `file://${join(folder, 'cloned')}`, '--name', 'twin');

  mkdirSync(repository);
  writeFileSync(join(repository, 'node.yaml'), 'name: a b\ntype: cobol\n');
  commit(repository);
  const refused = await node('add', `file://${repository}`);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('node.yaml:1:7: name: a node name is');
  expect(refused.stderr).toContain('type: must be "rust" or "python" or "node", not "cobol"');
  for (const url of [
    'file:///nowhere/at/all',
    'git://example.com/x',
    'http://example.com/x',
    'ext::sh -c true',
    '--upload-pack=x@h:y',
  ])
    expect((await node('add', url)).code).toBeGreaterThan(0);
  expect(readdirSync(join(home, 'nodes')).sort()).toEqual(['cloned', 'twin']);
});

test('node add PATH refuses what is wrong, and takes what older nodes have', async () => {
  const path = join(folder, 'older');
  mkdirSync(path);
  writeFileSync(join(path, 'node.yaml'), 'name: older\ntype: python\ncommand: sleep 1000\nlicense: MIT\n');
  const taken = await node('add', path);
  expect(taken).toMatchObject({ code: 0, stderr: expect.stringContaining('license: there is no such field') });
  expect(taken.stderr).toContain('version: is missing');
  await done('remove', 'older');
  writeFileSync(join(path, 'node.yaml'), 'name: older\ntype: python\ncommand: sleep 1000\npublishes: [older/config]\n');
  const refused = await node('add', 'older');
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('older/node.yaml:4:13: publishes[0]: "config" is reserved, not "older/config"');
  expect((await node('list', '--json')).stdout).not.toContain('"older"');
});

test('node validate tells every fault with line and column, and a machine can read them', async () => {
  const path = join(folder, 'faulty');
  mkdirSync(path);
  const lines = [
    'name: daemon',
    'version: 0.1.0',
    'type: node',
    'comand: node index.js',
    "command: node 'index.js",
    'depends_on: [ok, "no/good"]',
    'publishes:',
    '  - faulty/scan',
    '  - faulty/health',
    '  - fau$lty/x',
    'success_exit_codes: [0, 256]',
  ];
  writeFileSync(join(path, 'node.yaml'), lines.join('\n'));
  writeFileSync(join(path, 'config.yaml'), 'a: [1\nb: 2\n');
  const text = await node('validate', path);
  expect(text.code).toBe(1);
  for (const fault of [
    'node.yaml:1:7: name: "daemon" is reserved, not "daemon"',
    'node.yaml:4:1: comand: there is no such field',
    'node.yaml:6:18: depends_on[1]: a node name is',
    'node.yaml:9:5: publishes[1]: "health" is reserved, not "faulty/health"',
    'node.yaml:10:5: publishes[2]: a topic is',
    'node.yaml:11:25: success_exit_codes[1]: must be at most 255, not 256',
    'config.yaml:2:',
  ])
    expect(text.stdout).toContain(fault);
  const json = JSON.parse((await node('validate', path, '--json')).stdout) as { ok: boolean; faults: unknown[] };
  expect(json.ok).toBe(false);
  expect(json.faults).toContainEqual({
    file: join(path, 'node.yaml'),
    line: 4,
    column: 1,
    kind: 'unknown-field',
    message: 'comand: there is no such field',
  });
  expect(await node('validate', join(folder, 'nowhere'))).toMatchObject({ code: 1 });
});

test.each([
  ['rate_hz: quick\n', /config\.yaml:1:10: rate_hz: must be a number, not "quick"/],
  ['rate: 1\n', /config\.yaml:1:1: rate: there is no such field/],
])('a node whose configuration says %j does not start, and says why', async (config, message) => {
  const name = `strict_${config.length}`;
  await done('init', name);
  writeFileSync(join(folder, name, 'config.yaml'), config);
  const result = await node('run', `./${name}`);
  expect(result).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(message) });
  const missing = await node('run', `./${name}`, '--config', 'nowhere.yaml');
  expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('nowhere.yaml: the file does not exist') });
});

test('a node whose own code is wrong says where', async () => {
  const path = join(folder, 'wrong');
  mkdirSync(path);
  const start =
    "import { defineNode } from 'bubbaloop/node';\nexport const node = defineNode({ kind: 'wrong', run() {\n";
  for (const [code, message] of [
    [`${start}throw new Error('no such device'); } });`, /wrong failed: Error: no such device\n +at .*main\.ts:3/],
    [`${start}const = 1; } });`, /main\.ts cannot be loaded: [\s\S]*main\.ts/],
    ['export const x = 1;', /main\.ts exports no node/],
  ] as const) {
    writeFileSync(join(path, 'main.ts'), code);
    expect(await node('run', './wrong')).toMatchObject({ code: 1, stderr: expect.stringMatching(message) });
  }
});

test.each([
  [['init', 'a b'], 2, /a node name is/],
  [['init', 'daemon'], 2, /reserved/],
  [['init', 'x', '--type', 'cobol'], 2, /There is no type "cobol"/],
  [['run', './nowhere.ts'], 1, /There is no .*nowhere\.ts/],
  [['run', 'nowhere'], 2, /A node of yours is named by its path/],
])('node %j ends with %i and says why', async (words, code, message) => {
  expect(await node(...words)).toMatchObject({ code, stderr: expect.stringMatching(message) });
});

test('what node init writes is sound TypeScript against the types of the package', async () => {
  await done('init', 'typed');
  const root = join(import.meta.dirname, '..', '..');
  const types = join(root, 'node_modules', '@types');
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const check = () =>
    execFileSync(process.execPath, [tsc, '-p', '.', '--typeRoots', types], { cwd: join(folder, 'typed') });
  check();
  const main = readFileSync(join(folder, 'typed', 'main.ts'), 'utf8');
  writeFileSync(join(folder, 'typed', 'main.ts'), main.replace('config.rate_hz', 'config.rate'));
  expect(check).toThrow();
  writeFileSync(join(folder, 'typed', 'main.ts'), main.replace('outputs.reading', 'outputs.reeding'));
  expect(check).toThrow();
});

test('SIGTERM: the token goes, nothing is published any more, exit code 0', async () => {
  await done('init', 'brief');
  const child = spawn(bubbaloop, ['node', 'run', 'brief/main.ts'], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  for await (const line of createInterface({ input: child.stderr })) if (line.endsWith(': started')) break;
  child.stderr.resume();
  const tokens = await run(['sub', 'bubbaloop/global/robot_1/brief', '--liveliness', '-n', '1', '-d', '30']);
  expect(tokens).toMatchObject({ code: 0, stdout: '+ bubbaloop/global/robot_1/brief\n' });
  const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve([code, signal])));
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  const after = await run(['sub', 'bubbaloop/global/robot_1/brief', '--liveliness', '-n', '1', '-d', '1']);
  expect(after).toMatchObject({ code: 1, stdout: '' });
});

test('the nodes that come with bubbaloop: the daemon leaves the figures to system-telemetry', async () => {
  const path = join(folder, 'system-telemetry');
  mkdirSync(path);
  writeFileSync(join(path, 'config.yaml'), 'period_s: 0.3\n');
  const fields = {
    name: 'system-telemetry',
    version: '1.0.0',
    type: 'node',
    command: 'bubbaloop node run system-telemetry',
  };
  writeFileSync(join(path, 'node.yaml'), JSON.stringify(fields));
  const key = 'bubbaloop/global/robot_1/system-telemetry/metrics';
  expect(await sample(key)).toMatchObject({ header: { source_instance: 'daemon' } });
  await done('add', path);
  await done('start', 'system-telemetry');
  await untilHealthy('system-telemetry');
  const { stdout } = await run(['sub', key, '-n', '12', '-d', '60', '--json']);
  // What the daemon was just sending may still come.
  const messages = stdout
    .trim()
    .split('\n')
    .slice(-8)
    .map((line) => JSON.parse(line) as { header: { source_instance: string }; body: object });
  expect(new Set(messages.map(({ header }) => header.source_instance))).toEqual(new Set(['system-telemetry']));
  expect(messages[0]?.body).toMatchObject({
    memory: { total_bytes: expect.any(Number) },
    uptime_secs: expect.any(Number),
  });
  await done('stop', 'system-telemetry');
  expect(await sample(key)).toMatchObject({ header: { source_instance: 'daemon' } });
}, 180_000);

test('openmeteo over HTTP, in front of a service that is away and comes', async () => {
  const service = await startWeatherServer();
  await service.away();
  const config = join(folder, 'weather.yaml');
  writeFileSync(config, `latitude: 43.3\nlongitude: -2\nurl: ${service.url}\n`);
  const child = spawn(bubbaloop, ['node', 'run', 'openmeteo', '--config', config], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  while (!said.some((line) => line.includes('cannot be reached')))
    await new Promise((resolve) => setTimeout(resolve, 50));
  await service.back();
  expect(await sample('bubbaloop/global/robot_1/weather/current')).toMatchObject({
    header: { schema_uri: 'bubbaloop://openmeteo/current/v1', source_instance: 'openmeteo' },
    body: { latitude: 43.3, current: { temperature_2m: 21.5 } },
  });
  while (!said.some((line) => line.includes('well again'))) await new Promise((resolve) => setTimeout(resolve, 50));
  // Who comes later asks for the newest.
  const daily = await run(['get', 'bubbaloop/global/robot_1/weather/daily', '--json']);
  expect(JSON.parse(daily.stdout)).toMatchObject({ body: { daily: { time: ['2026-11-25', '2026-11-26'] } } });
  // What was just being asked when it came back may fail in another way.
  expect(said.filter((line) => line.includes('weather service')).length).toBeLessThanOrEqual(4);
  await endProcess(child);
  await service.close();
}, 180_000);
