import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { type HostNetwork, type HostProcess, startHosts, type TestHost } from '../support/hosts.ts';
import { heard } from '../support/listener-output.ts';

// Several hosts on two busy cores.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

const root = join(import.meta.dirname, '..', '..');
const support = join(root, 'test', 'support');
const routerBinary = join(root, 'dist', 'native', 'bubbaloop-router');
const LOCAL = 'tcp/127.0.0.1:7447';
const PATIENT = { timeout: 60_000, interval: 200 };

let network: HostNetwork | undefined;
afterEach(async () => {
  await network?.end();
  network = undefined;
});

test('mutual TLS: who has a certificate of this fleet comes in, all others are turned away', async () => {
  const { central, jetson, stranger } = await startFleet();
  await setUp(central, 'setup tls --machine jetson_1');
  await setUp(central, 'setup central --tls');
  const router = central.start('bubbaloop router');
  await ready(router);
  expect(router.output()).not.toContain('warning');
  await bringCertificates(central, jetson, 'jetson_1');
  await setUp(jetson, 'setup jetson --central central --tls');
  jetson.start('bubbaloop router');
  await expect.poll(() => routersSeenBy(central), PATIENT).toEqual(['central', 'jetson_1']);

  // A session of its own, over TLS, with what was brought.
  const remote = await jetson.run('bubbaloop top --once --json --endpoint tls/central:7448');
  expect(remote).toMatchObject({ code: 0 });

  const ca = `${central.home}/.bubbaloop/tls/ca.pem`;
  expect(await refusal(stranger, { endpoint: 'tcp/central:7448' })).toMatch(/eof|close/i);
  expect(await refusal(stranger, { endpoint: 'tcp/central:7447' })).toMatch(/refused/);
  expect(await refusal(stranger, { endpoint: 'tls/central:7448', ca })).toContain('CertificateRequired');

  // Another fleet's certificate, for a machine of the same name.
  await setUp(stranger, 'setup tls --machine jetson_1');
  const foreign = `${stranger.home}/.bubbaloop/tls/machines/jetson_1`;
  expect(await refusal(stranger, { endpoint: 'tls/central:7448', ca, folder: foreign })).toMatch(
    /UnknownCA|BadCertificate|DecryptError/,
  );
  // And the other way round: a central that is another fleet's.
  expect(
    await refusal(stranger, {
      endpoint: 'tls/central:7448',
      ca: `${stranger.home}/.bubbaloop/tls/ca.pem`,
      folder: foreign,
    }),
  ).toMatch(/UnknownIssuer|BadSignature|invalid peer certificate/);
  expect(await routersSeenBy(central)).toEqual(['central', 'jetson_1']);
});

test('a revoked machine is turned away once central’s router has restarted, the others come back', async () => {
  const { central, jetson, stranger: other } = await startFleet();
  await setUp(central, 'setup tls --machine jetson_1 --machine jetson_2');
  await setUp(central, 'setup central --tls');
  const before = central.start('bubbaloop router');
  await ready(before);
  for (const [host, name] of [
    [jetson, 'jetson_1'],
    [other, 'jetson_2'],
  ] as const) {
    await bringCertificates(central, host, name);
    await setUp(host, `setup jetson --central central --tls --machine-id ${name}`);
    host.start('env RUST_LOG=zenoh=debug,warn bubbaloop router');
  }
  await expect.poll(() => routersSeenBy(central), PATIENT).toEqual(['central', 'jetson_1', 'jetson_2']);

  const revoked = await setUp(central, 'setup tls --revoke jetson_2');
  expect(revoked).toContain('jetson_2 is shut out');
  await endInside(before);
  const after = central.start('env RUST_LOG=zenoh_link_tls=debug,warn bubbaloop router');
  await ready(after);
  await expect.poll(() => routersSeenBy(central), PATIENT).toEqual(['central', 'jetson_1']);
  await expect.poll(() => after.output(), PATIENT).toMatch(/UnknownIssuer/);
  expect(await routersSeenBy(central)).toEqual(['central', 'jetson_1']);
});

test('an expired certificate is named on its machine, and turned away by central', async () => {
  const { central, jetson } = await startFleet();
  await setUp(central, 'setup tls');
  await setUp(central, 'setup central --tls');
  const router = central.start('env RUST_LOG=zenoh_link_tls=debug,warn bubbaloop router');
  await ready(router);
  // Valid for less than a second.
  await setUp(central, 'setup tls --machine jetson_1 --days 0.000001', 1);
  await endInside(router);
  const again = central.start('env RUST_LOG=zenoh_link_tls=debug,warn bubbaloop router');
  await ready(again);
  await bringCertificates(central, jetson, 'jetson_1');
  await setUp(jetson, 'setup jetson --central central --tls');

  const started = await jetson.run('bubbaloop router');
  expect(started).toMatchObject({ code: 1 });
  expect(started.stderr).toMatch(/certificate\.pem: the certificate of jetson_1 has expired \(\d{4}-\d\d-\d\d\)/);
  const status = await jetson.run('bubbaloop status');
  expect(status.stdout).toContain('the certificate of jetson_1 has expired');
  expect((await central.run('bubbaloop setup tls')).stdout).toMatch(
    /jetson_1: .*has expired.*--machine jetson_1 --renew/,
  );

  const folder = `${jetson.home}/.bubbaloop/tls`;
  expect(await refusal(jetson, { endpoint: 'tls/central:7448', ca: `${folder}/ca.pem`, folder })).toMatch(
    /CertificateExpired|UnknownCA|BadCertificate/,
  );
  expect(again.output()).toMatch(/[Ee]xpired/);
  expect(await routersSeenBy(central)).toEqual(['central']);

  await setUp(central, 'setup tls --machine jetson_1 --renew');
});

test('central-access.json5: each machine speaks for itself only, and hears nothing of the others', async () => {
  const { central, jetson, stranger: other } = await startFleet();
  await setUp(central, 'setup tls --machine jetson_1 --machine jetson_2');
  const file = `${central.home}/access.json5`;
  const example = readFileSync(join(root, 'configs', 'zenoh', 'central-access.json5'), 'utf8');
  writeFileSync(file, example.replaceAll('/home/USER', central.home));
  const router = central.start(`bubbaloop router --config ${file}`);
  await ready(router);
  for (const [host, name] of [
    [jetson, 'jetson_1'],
    [other, 'jetson_2'],
  ] as const) {
    await bringCertificates(central, host, name);
    await setUp(host, `setup jetson --central central --tls --machine-id ${name}`);
    host.start('bubbaloop router');
  }
  await expect.poll(() => routersSeenBy(central), PATIENT).toEqual(['central', 'jetson_1', 'jetson_2']);

  const node = process.execPath;
  const own = 'bubbaloop/global/jetson_1/cam';
  const forged = 'bubbaloop/global/jetson_2/cam';
  jetson.start(`${node} ${support}/talker.ts ${LOCAL} ${own} ${forged}`);
  other.start(`${node} ${support}/talker.ts ${LOCAL} bubbaloop/global/jetson_2/other`);
  const onCentral = central.start(`${node} ${support}/listener.ts ${LOCAL} 'bubbaloop/global/*/cam' ask`);
  const onJetson = jetson.start(`${node} ${support}/listener.ts ${LOCAL} 'bubbaloop/global/*/cam'`);
  const onOther = other.start(`${node} ${support}/listener.ts ${LOCAL} 'bubbaloop/global/**' ask`);
  await expect.poll(() => heard(onCentral).samples['bubbaloop/global/jetson_1'] ?? 0, PATIENT).toBeGreaterThan(20);
  await expect.poll(() => heard(onCentral).replies['bubbaloop/global/jetson_1'] ?? 0, PATIENT).toBeGreaterThan(0);
  await expect.poll(() => heard(onOther).samples['bubbaloop/global/jetson_2'] ?? 0, PATIENT).toBeGreaterThan(20);
  // The forged ones do exist, on that machine.
  expect(Object.keys(heard(onJetson).samples).sort()).toEqual([
    'bubbaloop/global/jetson_1',
    'bubbaloop/global/jetson_2',
  ]);
  expect(Object.keys(heard(onCentral).samples)).toEqual(['bubbaloop/global/jetson_1']);
  expect(Object.keys(heard(onCentral).replies)).toEqual(['bubbaloop/global/jetson_1']);
  expect(Object.keys(heard(onOther).samples)).toEqual(['bubbaloop/global/jetson_2']);
  expect(Object.keys(heard(onOther).replies)).toEqual(['bubbaloop/global/jetson_2']);
});

test('central-users.json5: who has user and password comes in, who has none or a wrong one is turned away', async () => {
  const { central, jetson, stranger } = await startFleet();
  const file = `${central.home}/users.json5`;
  const example = readFileSync(join(root, 'configs', 'zenoh', 'central-users.json5'), 'utf8');
  writeFileSync(file, example.replaceAll('/home/USER', central.home));
  await writeUser(central, 'central', 'c-secret', 'jetson_1:j-secret');
  await writeUser(jetson, 'jetson_1', 'j-secret');
  await ready(central.start(`bubbaloop router --config ${file}`));
  await setUp(jetson, 'setup jetson --central central');
  const cfg = {
    'transport/auth/usrpwd/user': 'jetson_1',
    'transport/auth/usrpwd/password': 'j-secret',
    'transport/auth/usrpwd/dictionary_file': `${jetson.home}/.bubbaloop/users`,
  };
  writeFileSync(
    `${jetson.home}/.bubbaloop/router.json5`,
    JSON.stringify({ profile: 'jetson', central: 'central', cfg }),
  );
  jetson.start('bubbaloop router');
  await expect.poll(() => routersSeenBy(central), PATIENT).toEqual(['central', 'jetson_1']);
  expect(await routersSeenBy(jetson)).toEqual(['central', 'jetson_1']);

  expect(await refusal(stranger, { endpoint: 'tcp/central:7447' })).toMatch(/close message/);
  expect(await refusal(stranger, { endpoint: 'tcp/central:7447', user: 'jetson_1', password: 'guess' })).toMatch(
    /close message/,
  );
  const session = await stranger.run('bubbaloop top --once --json --endpoint tcp/central:7447');
  expect(session).toMatchObject({ code: 1, stdout: '' });
  expect(await routersSeenBy(central)).toEqual(['central', 'jetson_1']);
});

interface Fleet {
  readonly central: TestHost;
  readonly jetson: TestHost;
  readonly stranger: TestHost;
}

async function startFleet(): Promise<Fleet> {
  network = await startHosts(['central', 'jetson_1', 'stranger'], 1);
  return { central: network.host('central'), jetson: network.host('jetson_1'), stranger: network.host('stranger') };
}

/** What it said on stdout. */
async function setUp(host: TestHost, words: string, code = 0): Promise<string> {
  const result = await host.run(`bubbaloop ${words}`);
  expect({ words, ...result }).toMatchObject({ code });
  return result.stdout;
}

/** As `setup tls` says, without the ssh between. */
async function bringCertificates(central: TestHost, host: TestHost, name: string): Promise<void> {
  const from = `${central.home}/.bubbaloop/tls/machines/${name}`;
  const copy = `cd && tar -C ${from} -c . | sh -c 'mkdir -p .bubbaloop/tls && tar -C .bubbaloop/tls -x'`;
  expect(await host.run(copy)).toMatchObject({ code: 0 });
}

async function writeUser(host: TestHost, user: string, password: string, ...others: readonly string[]): Promise<void> {
  await host.run('mkdir -p ~/.bubbaloop');
  writeFileSync(`${host.home}/.bubbaloop/users`, [`${user}:${password}`, ...others, ''].join('\n'), { mode: 0o600 });
  writeFileSync(`${host.home}/.bubbaloop/credentials.json`, JSON.stringify({ user, password }), { mode: 0o600 });
}

async function ready(router: HostProcess): Promise<void> {
  await expect.poll(() => router.output(), PATIENT).toContain('"ready":true');
}

/** Names, sorted; empty where no router answers. */
async function routersSeenBy(host: TestHost): Promise<string[]> {
  const { code, stdout } = await host.run('bubbaloop top --once --json');
  if (code !== 0) return [];
  const { routers }: { readonly routers: readonly { readonly name: string }[] } = JSON.parse(stdout);
  return routers.map(({ name }) => name).sort();
}

interface Attempt {
  readonly endpoint: string;
  /** PEM of what it trusts. */
  readonly ca?: string;
  /** Holds certificate.pem and key.pem. */
  readonly folder?: string;
  readonly user?: string;
  readonly password?: string;
}

/** Lets a bare router try to connect until it has failed twice; what zenoh says of it. */
async function refusal(host: TestHost, attempt: Attempt): Promise<string> {
  const { endpoint, ca, folder, user, password } = attempt;
  const certificate =
    folder === undefined
      ? {}
      : {
          connect_certificate: `${folder}/certificate.pem`,
          connect_private_key: `${folder}/key.pem`,
          enable_mtls: true,
        };
  const config = {
    mode: 'router',
    listen: { endpoints: ['tcp/127.0.0.1:0'] },
    connect: {
      endpoints: [endpoint],
      timeout_ms: -1,
      exit_on_failure: false,
      retry: { period_init_ms: 200, period_max_ms: 200 },
    },
    scouting: { multicast: { enabled: false } },
    transport: {
      ...(user === undefined ? {} : { auth: { usrpwd: { user, password } } }),
      ...(ca === undefined ? {} : { link: { tls: { root_ca_certificate: ca, ...certificate } } }),
    },
  };
  const file = `${host.home}/attempt.json5`;
  writeFileSync(file, JSON.stringify(config));
  const router = host.start(`env RUST_LOG=zenoh=debug,warn ${routerBinary} -c ${file}`);
  const failures = (): string[] =>
    router
      .output()
      .split('\n')
      .filter((line) => line.includes('Unable to connect to configured peer'));
  await expect.poll(() => failures().length, PATIENT).toBeGreaterThan(1);
  await endInside(router);
  return failures().join('\n');
}

/** SIGTERM, and waits. */
async function endInside(program: HostProcess): Promise<void> {
  const exited = new Promise((resolve) => program.child.once('exit', resolve));
  spawnSync('kill', [`${program.pid()}`]);
  await exited;
}
