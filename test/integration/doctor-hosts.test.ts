/** Doctor on a fleet of three hosts: well, cut, and asked for a key that stays where it is. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { DoctorReport } from '../../source/doctor/report.ts';
import type { TestHost } from '../support/hosts.ts';
import { startThreeHosts, type ThreeHosts } from '../support/three-hosts.ts';

// Several hosts on two busy cores.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

const support = join(import.meta.dirname, '..', 'support');
const LOCAL = 'tcp/127.0.0.1:7447';
const PATIENT = { timeout: 60_000, interval: 300 };

let three: ThreeHosts;
beforeAll(async () => {
  three = await startThreeHosts(20);
});
afterAll(() => three?.network.end());

async function doctor(host: TestHost, flags = ''): Promise<DoctorReport> {
  const { stdout, stderr } = await host.run(`bubbaloop doctor --json ${flags}`);
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

async function why(host: TestHost, key: string): Promise<{ readonly kind: string; readonly sentences: string[] }> {
  return JSON.parse((await host.run(`bubbaloop doctor why '${key}' --json --duration 1`)).stdout);
}

test('set up by the README: nothing is wrong, on central and on a robot', async () => {
  for (const host of [three.central, ...three.robots]) {
    const report = await doctor(host);
    const found = report.checks.filter(({ outcome }) => outcome === 'warning' || outcome === 'problem');
    expect({ host: host.name, found }).toEqual({ host: host.name, found: [] });
  }
  const [jetson] = three.robots as [TestHost, ...TestHost[]];
  expect((await doctor(jetson, '-c link-central')).checks).toMatchObject([
    { outcome: 'well', seen: 'Linked: central.' },
  ]);
  expect((await doctor(jetson, '-c fleet-ids')).checks).toMatchObject([
    { seen: expect.stringContaining('Machines: 2') },
  ]);
});

test('a raw frame is seen on its robot, and why not on central', async () => {
  const [jetson] = three.robots as [TestHost, ...TestHost[]];
  jetson.start('bubbaloop node run test-camera');
  jetson.start(`${process.execPath} ${support}/listener.ts ${LOCAL} 'bubbaloop/local/**'`);
  three.central.start(`${process.execPath} ${support}/listener.ts ${LOCAL} '**'`);
  const key = 'bubbaloop/local/jetson_1/**';
  await expect.poll(async () => (await why(jetson, key)).kind, PATIENT).toBe('flows');
  const onCentral = await why(three.central, key);
  expect(['local', 'dropped']).toContain(onCentral.kind);
  expect(onCentral.sentences.join(' ')).toContain('not meant to leave their machine');
  expect((await why(jetson, key)).sentences.join(' ')).toContain('rule local-keys');
});

test('the network of a robot is gone: the robot names the link, central misses its daemon', async () => {
  const [jetson] = three.robots as [TestHost, ...TestHost[]];
  await three.network.cut('jetson_1');
  await expect.poll(async () => (await doctor(jetson, '-c link-central')).checks[0]?.outcome, PATIENT).toBe('problem');
  const [link] = (await doctor(jetson, '-c link-central')).checks;
  expect(link?.seen).toMatch(/No link to tcp\/central:7447: (no answer|EHOSTUNREACH)/);
  expect((await why(three.central, 'bubbaloop/global/jetson_1/weather/x')).kind).toBe('no-publisher');
  await three.network.mend('jetson_1');
  await expect.poll(async () => (await doctor(jetson, '-c link-central')).checks[0]?.outcome, PATIENT).toBe('well');
});
