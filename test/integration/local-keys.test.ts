import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { type HostNetwork, type HostProcess, startHosts } from '../support/hosts.ts';
import { heard } from '../support/listener-output.ts';

// Several hosts on two busy cores.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 240_000 });

const support = join(import.meta.dirname, '..', 'support');
const LOCAL = 'bubbaloop/local/jetson_1';
const GLOBAL = 'bubbaloop/global/jetson_1';
const PATIENT = { timeout: 60_000, interval: 200 };

let network: HostNetwork | undefined;
afterEach(async () => {
  await network?.end();
  network = undefined;
});

test('bubbaloop/local stays on the machine whatever central subscribes to, and all else passes', async () => {
  const { onCentral, onHistory, onJetson } = await startTwo({});
  await expect.poll(() => heard(onJetson).samples[LOCAL] ?? 0, PATIENT).toBeGreaterThan(10);
  await expect.poll(() => heard(onJetson).replies[LOCAL] ?? 0, PATIENT).toBeGreaterThan(0);
  await expect.poll(() => heard(onCentral).samples[GLOBAL] ?? 0, PATIENT).toBeGreaterThan(20);
  await expect.poll(() => heard(onCentral).replies[GLOBAL] ?? 0, PATIENT).toBeGreaterThan(0);
  expect(heard(onCentral).samples).not.toHaveProperty(LOCAL);
  expect(heard(onCentral).replies).not.toHaveProperty(LOCAL);
  expect(heard(onHistory)).toMatchObject({ samples: {}, replies: {} });
});

test('without the rule it would have come: the test can see it', async () => {
  const { onCentral, onHistory } = await startTwo({ extra: '--cfg access_control/enabled:false' });
  await expect.poll(() => heard(onCentral).samples[LOCAL] ?? 0, PATIENT).toBeGreaterThan(10);
  await expect.poll(() => heard(onHistory).samples[LOCAL] ?? 0, PATIENT).toBeGreaterThan(10);
});

test('an interface that comes up after the router has started is closed, too', async () => {
  const { onCentral, onJetson, jetson } = await startTwo({ isVpnLate: true });
  await expect.poll(() => heard(onCentral).samples[GLOBAL] ?? 0, PATIENT).toBeGreaterThan(20);
  await expect.poll(() => heard(onJetson).samples[LOCAL] ?? 0, PATIENT).toBeGreaterThan(10);
  expect(heard(onCentral).samples).not.toHaveProperty(LOCAL);
  expect(jetson.output()).not.toContain('rror');
});

interface Two {
  readonly jetson: HostProcess;
  /** Listens to `**`. */
  readonly onCentral: HostProcess;
  /** Listens to what advanced publishers would keep, which `**` does not match. */
  readonly onHistory: HostProcess;
  readonly onJetson: HostProcess;
}

/** A central router, a robot's, a program on the robot that talks on both scopes, and a `**` listener on each host. */
async function startTwo(options: { readonly extra?: string; readonly isVpnLate?: boolean }): Promise<Two> {
  network = await startHosts(['central', 'jetson_1'], 2);
  const [central, jetson] = [network.host('central'), network.host('jetson_1')];
  central.start('bubbaloop router central');
  const address = options.isVpnLate === true ? '10.78.0.1' : 'central';
  const router = jetson.start(`bubbaloop router jetson --central ${address} ${options.extra ?? ''}`);
  const node = process.execPath;
  const local = 'tcp/127.0.0.1:7447';
  jetson.start(`${node} ${support}/talker.ts ${local} ${LOCAL}/cam/raw ${LOCAL}/cam/@adv/raw ${GLOBAL}/cam/compressed`);
  const onJetson = jetson.start(`${node} ${support}/listener.ts ${local} '**' ask`);
  const onCentral = central.start(`${node} ${support}/listener.ts ${local} '**' ask`);
  const onHistory = central.start(`${node} ${support}/listener.ts ${local} 'bubbaloop/local/**/@adv/**' ask`);
  await expect.poll(() => heard(onJetson).samples[LOCAL] ?? 0, PATIENT).toBeGreaterThan(0);
  if (options.isVpnLate === true) network.addVpn('central', 'jetson_1');
  return { jetson: router, onCentral, onHistory, onJetson };
}
