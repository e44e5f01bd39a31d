import { afterEach, expect, test, vi } from 'vitest';
import { type HostNetwork, startHosts } from '../support/hosts.ts';
import { startUserManager, type TestUserManager } from '../support/user-manager.ts';

// Several hosts on two busy cores.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

const PATIENT = { timeout: 60_000, interval: 300 };
const UNITS = 'bubbaloop-router bubbaloop-daemon';

let network: HostNetwork | undefined;
let manager: TestUserManager | undefined;
afterEach(async () => {
  await manager?.stop();
  await network?.end();
  network = undefined;
  manager = undefined;
});

test('with --systemd router and daemon run at once, come back when killed, and a second setup leaves them alone', async () => {
  network = await startHosts(['central', 'jetson_1'], 1);
  const [central, jetson] = [network.host('central'), network.host('jetson_1')];
  await central.run('bubbaloop setup central');
  central.start('bubbaloop router');
  manager = await startUserManager(jetson);
  const { assignments } = manager;
  const setUp = `${assignments} bubbaloop setup jetson --central central --systemd`;

  manager.setLingering(false);
  const first = await jetson.run(setUp);
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(first.stdout).toContain('Running: bubbaloop-router.service, bubbaloop-daemon.service.');
  await expect.poll(async () => (await jetson.run('bubbaloop status')).code, PATIENT).toBe(0);

  const pids = async (): Promise<string> =>
    (await jetson.run(`${assignments} systemctl --user show -p MainPID ${UNITS}`)).stdout;
  const before = await pids();
  manager.setLingering(true);
  const again = await jetson.run(setUp);
  expect(first.stdout).toContain('sudo loginctl enable-linger');
  expect(again.stdout).not.toContain('enable-linger');
  expect(again.stdout).toMatch(/unchanged +.*bubbaloop-router\.service/);
  expect(await pids()).toBe(before);

  await jetson.run(`${assignments} systemctl --user kill -s KILL ${UNITS}`);
  await expect.poll(async () => (await jetson.run('bubbaloop status')).code, PATIENT).toBe(0);
  expect(await pids()).not.toBe(before);

  const status = JSON.parse((await jetson.run('bubbaloop status --json')).stdout);
  expect(status).toMatchObject({
    machine: 'jetson_1',
    profile: 'jetson',
    router: { isUp: true, endpoint: 'tcp/127.0.0.1:7447' },
    central: { endpoint: 'tcp/central:7447', isLinked: true, name: 'central' },
    daemon: { isRunning: true, isExpected: true },
    problems: [],
  });
  await jetson.run(`${assignments} systemctl --user stop bubbaloop-daemon`);
  const without = await jetson.run('bubbaloop status');
  expect(without).toMatchObject({ code: 1, stdout: expect.stringContaining('✗ daemon   not running') });
});

test('a Tailscale address is found, offered, and taken when told to', async () => {
  network = await startHosts(['central'], 1);
  const central = network.host('central');
  expect(await central.run('bubbaloop setup central --address tailscale')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('no Tailscale address'),
  });
  await central.run(
    'ip link add tailscale0 type veth peer name other && ip addr add 100.101.2.3/32 dev tailscale0 && ip link set tailscale0 up && ip link set other up',
  );
  const offered = await central.run('bubbaloop setup central');
  expect(offered.stdout).toContain('Tailscale: this machine is 100.101.2.3 (tailscale0)');
  expect(offered.stdout).toContain('setup central --address tailscale');
  expect(await central.run('bubbaloop setup central --address tailscale')).toMatchObject({ code: 0 });
  const router = central.start('bubbaloop router');
  await expect.poll(() => router.output(), PATIENT).toContain('"tcp/100.101.2.3:7447"');
  expect(router.output()).not.toContain('warning');
});
