import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { NetworkInterfaceInfo } from 'node:os';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { detectTailscale, isCarrierGradeNat, tailscaleAddress } from '../../source/setup/tailscale.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-tailscale-'));
  vi.stubEnv('PATH', `${folder}:/usr/bin:/bin`);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

function withProgram(script: string): void {
  const file = join(folder, 'tailscale');
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

const ip = (address: string): NetworkInterfaceInfo => ({
  address,
  family: 'IPv4',
  netmask: '255.255.255.255',
  mac: '00:00:00:00:00:00',
  internal: false,
  cidr: `${address}/32`,
});

test.each([
  ['100.64.0.0', true],
  ['100.127.255.255', true],
  ['100.63.255.255', false],
  ['100.128.0.0', false],
  ['10.64.0.1', false],
])('%s: %j', (address, expected) => {
  expect(isCarrierGradeNat(address)).toBe(expected);
});

test('the interface of Tailscale goes before another one with such an address', () => {
  expect(tailscaleAddress({ eth0: [ip('192.168.1.2')] })).toBe(undefined);
  expect(tailscaleAddress({ wwan0: [ip('100.70.0.1')] })).toEqual({ address: '100.70.0.1', interfaceName: 'wwan0' });
  expect(tailscaleAddress({ wwan0: [ip('100.70.0.1')], tailscale0: [ip('100.101.1.2')] })).toEqual({
    address: '100.101.1.2',
    interfaceName: 'tailscale0',
  });
});

test('without the program the interfaces speak', async () => {
  expect(await detectTailscale({ tailscale0: [ip('100.101.1.2')] })).toEqual({
    address: '100.101.1.2',
    interfaceName: 'tailscale0',
    backendState: undefined,
    dnsName: undefined,
    complaints: [],
  });
});

test('what the program says is taken, also where it is stopped and ends with 1', async () => {
  withProgram(
    `echo '{"BackendState":"Stopped","Self":{"DNSName":"jetson.tail1.ts.net."},"Health":["not in map poll"]}'; exit 1`,
  );
  expect(await detectTailscale({})).toMatchObject({
    address: undefined,
    backendState: 'Stopped',
    dnsName: 'jetson.tail1.ts.net',
    complaints: ['not in map poll'],
  });
});

test.each([['echo rubbish'], ['echo "[1]"'], ['exit 3'], ['kill -9 $$']])(
  '%j is no answer, and no failure',
  async (script) => {
    withProgram(script);
    expect(await detectTailscale({})).toMatchObject({ backendState: undefined, complaints: [] });
  },
);

test('a program that hangs is given up', async () => {
  withProgram('exec sleep 60');
  expect(await detectTailscale({})).toMatchObject({ backendState: undefined });
});
