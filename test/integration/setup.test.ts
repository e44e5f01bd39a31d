import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { bubbaloop, type Finished, runBubbaloop } from '../support/command-line.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** In a HOME of its own, with nothing set. */
const run = (...words: readonly string[]): Promise<Finished> =>
  runBubbaloop(words, {
    env: {
      HOME: folder,
      XDG_CONFIG_HOME: undefined,
      BUBBALOOP_HOME: undefined,
      BUBBALOOP_MACHINE_ID: undefined,
      BUBBALOOP_ZENOH_ENDPOINT: undefined,
    },
  });

const home = (name: string): string => join(folder, '.bubbaloop', name);
const read = (file: string): string => readFileSync(file, 'utf8');

async function routerConfig(): Promise<unknown> {
  const { code, stdout, stderr } = await run('router', '--print-config');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
}

test('jetson: what is written is what the router and every command take', async () => {
  const first = await run('setup', 'jetson', '--central', '127.0.0.1', '--machine-id', 'jetson-1');
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toContain('machine jetson_1');
  expect(first.stdout).toContain(`new  ${home('router.json5')}`);
  expect(await routerConfig()).toMatchObject({
    metadata: { name: 'jetson_1' },
    connect: { endpoints: ['tcp/127.0.0.1:7447'] },
    listen: { endpoints: ['tcp/127.0.0.1:7447'] },
    access_control: { enabled: true },
  });
  const settings = JSON.parse((await run('config', '--json')).stdout);
  expect(settings.settings.BUBBALOOP_MACHINE_ID).toEqual({ value: 'jetson_1', origin: 'file' });

  const again = await run('setup', 'jetson', '--central', '127.0.0.1');
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).not.toMatch(/^ {2}(?:new|changed)/m);
  expect(again.stdout).toContain(`unchanged  ${home('router.json5')}`);

  const other = await run('setup', 'jetson', '--central', 'localhost:7000');
  expect(other.stdout).toMatch(/^ {2}changed +.*router\.json5/m);
  expect(await routerConfig()).toMatchObject({ connect: { endpoints: ['tcp/localhost:7000'] } });
});

test('central: where its WebSocket and REST listen is loopback, unless told otherwise', async () => {
  await run('setup', 'central');
  expect(await routerConfig()).toMatchObject({
    listen: { endpoints: ['tcp/0.0.0.0:7447'] },
    plugins: { remote_api: { websocket_port: '127.0.0.1:10000' }, rest: { http_port: '127.0.0.1:8000' } },
  });
  await run('setup', 'central', '--websocket', '127.0.0.2:10001', '--rest', '127.0.0.2:8001');
  expect(await routerConfig()).toMatchObject({
    plugins: { remote_api: { websocket_port: '127.0.0.2:10001' }, rest: { http_port: '127.0.0.2:8001' } },
  });
});

test('a dry run writes nothing, not even a folder', async () => {
  const dry = await run('setup', 'central', '--systemd', '--dry-run');
  expect(dry).toMatchObject({ code: 0 });
  expect(dry.stdout).toContain('Would set up');
  expect(dry.stdout).toContain('Nothing was written.');
  expect(readdirSync(folder)).toEqual([]);
});

test('a file that was edited is kept, and replaced only when told to', async () => {
  await run('setup', 'central');
  const edited = `${read(home('router.json5'))}// mine\n`;
  writeFileSync(home('router.json5'), edited);
  const again = await run('setup', 'central');
  expect(again).toMatchObject({ code: 0 });
  expect(again.stdout).toContain('kept, you edited it');
  const other = await run('setup', 'central', '--address', '127.0.0.1');
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
  expect(other.stdout).toContain('NOT WRITTEN');
  expect(read(home('router.json5'))).toBe(edited);
  expect(await run('setup', 'central', '--address', '127.0.0.1', '--force')).toMatchObject({ code: 0 });
  expect(read(home('router.json5.old'))).toBe(edited);
  expect(await routerConfig()).toMatchObject({ listen: { endpoints: ['tcp/127.0.0.1:7447', 'tcp/127.0.0.1:7447'] } });
});

test('what a hand adds to router.json5 reaches the router, and a flag goes before it', async () => {
  await run('setup', 'central');
  writeFileSync(
    home('router.json5'),
    "{ profile: 'central', name: 'hub', rest: '127.0.0.1:8123', cfg: { 'transport/unicast/max_sessions': 7 } }",
  );
  expect(await routerConfig()).toMatchObject({
    metadata: { name: 'hub' },
    plugins: { rest: { http_port: '127.0.0.1:8123' } },
    transport: { unicast: { max_sessions: 7 } },
  });
  const { stdout } = await run('router', '--print-config', '--name', 'other', '--rest', '127.0.0.1:8124');
  expect(JSON.parse(stdout)).toMatchObject({
    metadata: { name: 'other' },
    plugins: { rest: { http_port: '127.0.0.1:8124' } },
  });
  // A profile that is named is that profile.
  expect(JSON.parse((await run('router', 'standalone', '--print-config')).stdout).metadata.name).not.toBe('hub');
});

test.each([
  ["{ profile: 'central',\n  central: 'x' }", /router\.json5:2:3: `central` goes with/],
  ["{ profile: 'centrall' }", /router\.json5:1:3: `profile` is one of/],
  ["{ profile: 'central',\n\n  lissen: [] }", /router\.json5:3:3: there is no key "lissen"/],
  ["{ profile: 'central', listen: 'tcp/0.0.0.0:1' }", /router\.json5:1:23: `listen` wants a list/],
  ["{ profile: 'central'\n  cfg: {} }", /router\.json5:2:3: not valid JSON5/],
])('router.json5 %j is refused with line and column', async (text, message) => {
  await run('setup', 'central');
  writeFileSync(home('router.json5'), text);
  for (const words of [['router'], ['status']]) {
    const result = await run(...words);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toMatch(message);
  }
});

test.each([
  [['jetson'], 2, 'setup jetson wants to know the central router'],
  [['jetson', '--central', 'a"b'], 2, 'holds a blank, a quote or a control character'],
  [['jetson', '--central', 'no-such-host.invalid'], 1, 'The address of "no-such-host.invalid" is not known'],
  [['jetson', '--central', 'host:99999'], 2, 'not a port'],
  [['central', '--central', 'x'], 2, '--central goes with setup jetson'],
  [['central', '--address', '1.2.3.4 ; x'], 2, '--address wants one address'],
  [['central', '--websocket', '10000'], 2, '--websocket wants HOST:PORT'],
  [['jetson', '--central', '127.0.0.1', '--rest', '127.0.0.1:1'], 2, '--rest goes with setup central'],
  [['central', '--machine', 'x'], 2, '--machine goes with setup tls'],
  [['central', '--tls'], 1, 'ca.pem is missing'],
  [['jetson', '--central', '127.0.0.1', '--tls'], 1, 'tls/machines/ID'],
  [['tls', '--machine', '../x'], 2, 'no machine id'],
  [['tls', '--revoke', 'jetson_9'], 1, 'no certificate for "jetson_9"'],
  [['tls', '--days', '0'], 2, '--days lies between'],
  [['moon'], 2, 'setup has no "moon"'],
])('setup %j ends with %i, a sentence, and nothing written', async (words, code, message) => {
  const result = await run('setup', ...words);
  expect(result.code).toBe(code);
  expect(result.stderr).toContain(message);
  expect(readdirSync(folder)).toEqual([]);
});

test('a home that cannot be written is named, and nothing is half written', async () => {
  writeFileSync(join(folder, '.bubbaloop'), '');
  const result = await run('setup', 'central', '--systemd');
  expect(result.code).toBe(1);
  expect(result.stderr).toMatch(/\.bubbaloop\/router\.json5 cannot be written/);
  expect(readdirSync(folder)).toEqual(['.bubbaloop']);
});

test('units: this installation, Restart=always, and a home of their own where it is not the default', async () => {
  const result = await run('setup', 'jetson', '--central', '127.0.0.1', '--systemd', '--home', join(folder, 'a home'));
  expect(result.stdout).toContain('bubbaloop-daemon.service');
  for (const name of ['router', 'daemon']) {
    const unit = read(join(folder, '.config', 'systemd', 'user', `bubbaloop-${name}.service`));
    expect(unit).toContain(`ExecStart=${bubbaloop} ${name}\n`);
    expect(unit).toContain('Restart=always\n');
    expect(unit).toContain(`Environment="BUBBALOOP_HOME=${join(folder, 'a home')}"\n`);
    expect(unit).not.toContain('@bubbaloop@');
  }
  expect(existsSync(join(folder, 'a home', 'router.json5'))).toBe(true);
  // No user manager here: it says what is left to do.
  expect(result).toMatchObject({ code: 1, stderr: expect.stringContaining('systemctl --user enable') });
});

test('tls: keys are secret, a second run changes nothing, another name makes central’s certificate anew', async () => {
  expect(await run('setup', 'tls', '--machine', 'jetson_1')).toMatchObject({ code: 0, stderr: '' });
  const before = read(home('tls/certificate.pem'));
  const authority = read(home('tls/ca.pem'));
  const machine = read(home('tls/machines/jetson_1/certificate.pem'));
  const again = await run('setup', 'tls', '--machine', 'jetson_1', '--machine', 'jetson_2');
  expect(again).toMatchObject({ code: 0 });
  expect(read(home('tls/certificate.pem'))).toBe(before);
  expect(read(home('tls/machines/jetson_1/certificate.pem'))).toBe(machine);
  expect(read(home('tls/trusted.pem')).match(/BEGIN CERTIFICATE/g)).toHaveLength(2);

  expect(await run('setup', 'tls', '--host', 'hub.example.org')).toMatchObject({ code: 0 });
  expect(read(home('tls/certificate.pem'))).not.toBe(before);
  expect(read(home('tls/ca.pem'))).toBe(authority);
  expect(await run('setup', 'tls', '--host', 'hub.example.org')).toMatchObject({ code: 0 });

  const { statSync } = await import('node:fs');
  for (const key of ['tls/key.pem', 'tls/ca-key.pem', 'tls/machines/jetson_1/key.pem']) {
    expect(statSync(home(key)).mode & 0o777).toBe(0o600);
  }
  writeFileSync(home('tls/certificate.pem'), '-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n');
  await run('setup', 'central', '--tls');
  expect(await run('router')).toMatchObject({ code: 1, stderr: expect.stringContaining('damaged certificate') });
});

test('a router that is open to everyone says so when it starts', async () => {
  // Held by another: so it ends by itself.
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  const { port } = holder.address() as AddressInfo;
  try {
    const open = ['--listen', 'tcp/0.0.0.0:0', '--websocket', '0.0.0.0:0', '--rest', `127.0.0.1:${port}`];
    const result = await run('router', 'central', ...open);
    expect(result.stderr).toContain('warning: the WebSocket (0.0.0.0:0) is open to everyone');
    expect(result.stderr).toContain('warning: zenoh (tcp/0.0.0.0:0) is open to everyone');
    expect(result.stderr).not.toContain('warning: REST');
    const closed = ['--listen', 'tcp/127.0.0.1:0', '--websocket', '127.0.0.1:0', '--rest', `127.0.0.1:${port}`];
    expect((await run('router', 'central', ...closed)).stderr).not.toContain('warning');
  } finally {
    holder.close();
  }
});
