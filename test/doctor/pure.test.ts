import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { isShutOut } from '../../source/doctor/check-link.ts';
import { addressOf } from '../../source/doctor/reach.ts';
import { parseTcpSockets, readTcpSockets, socketHolders } from '../../source/doctor/sockets.ts';
import { findDenials } from '../../source/doctor/why/access.ts';
import { parseLinkState } from '../../source/doctor/why/linkstate.ts';
import { nearest } from '../../source/doctor/why/nearest.ts';

test('addresses of locators and URLs', () => {
  expect(addressOf('tcp/127.0.0.1:7447')).toEqual({ protocol: 'tcp', host: '127.0.0.1', port: 7447 });
  expect(addressOf('tls/[fd7a::1]:7448?rel=1')).toEqual({ protocol: 'tls', host: 'fd7a::1', port: 7448 });
  expect(addressOf('wss://central.example:10000/x')).toEqual({
    protocol: 'wss',
    host: 'central.example',
    port: 10_000,
  });
  expect(addressOf('unixsock-stream//run/zenoh.sock')).toBeUndefined();
});

test('the kernel’s table of sockets is read, and whose a socket is', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const found = readTcpSockets().find((socket) => socket.localPort === port);
  expect(found).toMatchObject({ state: 'listening', isOpen: false });
  expect(socketHolders(new Set([found?.inode ?? '']))).toEqual(new Map([[found?.inode, process.pid]]));
  server.close();
  const [open] = parseTcpSockets(
    '   0: 00000000:1D17 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1 x\n',
  );
  expect(open).toEqual({ state: 'listening', localPort: 7447, remotePort: 0, isOpen: true, inode: '77' });
});

// Texts as nftables 1.0.6 and iptables 1.8.9 print them.
const DROPPING = `table inet filter {
	chain input {
		type filter hook input priority filter; policy drop;
		iifname "lo" accept
		tcp dport 22 accept
	}
}`;
test.each([
  ['nft, all dropped', DROPPING, true],
  ['nft, the port let in', DROPPING.replace('22', '{ 22, 7447 }'), false],
  ['nft, open', DROPPING.replace('policy drop', 'policy accept'), false],
  ['iptables, all dropped', '-P INPUT DROP\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n', true],
  ['iptables, the rest rejected', '-P INPUT ACCEPT\n-A INPUT -j REJECT --reject-with icmp-host-prohibited\n', true],
  ['iptables, the port let in', '-P INPUT DROP\n-A INPUT -p tcp -m tcp --dport 7447 -j ACCEPT\n', false],
  ['a port that only begins like it', '-P INPUT DROP\n-A INPUT -p tcp -m tcp --dport 74470 -j ACCEPT\n', true],
])('firewall: %s', (_name, rules, isShut) => {
  expect(isShutOut(rules, 7447)).toBe(isShut);
});

const rule = {
  id: 'local-keys',
  permission: 'deny',
  messages: ['put'],
  flows: ['egress'],
  key_exprs: ['bubbaloop/local/**'],
};
const access = (more: object) => ({
  access_control: { enabled: true, default_permission: 'allow', rules: [rule], ...more },
});

test('access control: which rule drops a key, for whom, and whether this machine is spared', () => {
  const key = 'bubbaloop/local/jetson_1/front/raw';
  const toNetwork = access({
    subjects: [{ id: 'net', interfaces: ['eth0'] }],
    policies: [{ rules: ['local-keys'], subjects: ['net'] }],
  });
  expect(findDenials(toNetwork, key)).toMatchObject([
    { rule: 'local-keys', subjects: ['net'], sparesThisMachine: true },
  ]);
  expect(findDenials(toNetwork, 'bubbaloop/global/jetson_1/x')).toEqual([]);
  const everyone = { subjects: [{ id: 'all' }], policies: [{ rules: ['local-keys'], subjects: ['all'] }] };
  expect(findDenials(access(everyone), key)).toMatchObject([{ sparesThisMachine: false }]);
  const butLoopback = { ...everyone, subjects: [{ id: 'all' }, { id: 'here', interfaces: ['lo'] }] };
  expect(findDenials(access(butLoopback), key)).toMatchObject([{ sparesThisMachine: true }]);
  expect(findDenials(access({ ...everyone, policies: [] }), key)).toEqual([]);
  expect(findDenials(access({ ...everyone, enabled: false }), key)).toEqual([]);
  expect(findDenials(access({ default_permission: 'deny', rules: [] }), key)).toMatchObject([{ rule: undefined }]);
  expect(findDenials({ access_control: { enabled: true, rules: 'nonsense' } }, key)).toEqual([]);
});

test('links as routers know them', () => {
  const text =
    'graph {\n    0 [ label = "c71b" ]\n    1 [ label = "e5ea" ]\n    1 -- 0 [ label = "100.8" ]\n    1 -- 7 [ ]\n}\n';
  expect(parseLinkState(text)).toEqual([['e5ea', 'c71b']]);
  expect(parseLinkState('nonsense')).toEqual([]);
});

test('near misses: spelling, one chunk more or less; nothing far', () => {
  const others = ['bubbaloop/global/jetson-1/front/raw', 'bubbaloop/global/jetson_1/front', 'a/b/c', '**'];
  expect(nearest('bubbaloop/global/jetson_1/front/raw', others)).toEqual(others.slice(0, 2));
  expect(nearest('x', ['y'])).toEqual([]);
});
