import { expect, test } from 'vitest';
import { openDoors } from '../../source/setup/router-safety.ts';

const config = (parts: Readonly<Record<string, unknown>>): unknown => ({ mode: 'router', ...parts });

test.each([
  [{ listen: { endpoints: ['tcp/127.0.0.1:7447', 'tcp/100.64.0.1:7447'] } }, []],
  [{ listen: { endpoints: ['tcp/0.0.0.0:7447'] } }, ['zenoh (tcp/0.0.0.0:7447)']],
  [{ listen: { endpoints: { router: ['tcp/[::]:7447'], peer: ['tcp/[::1]:0'] } } }, ['zenoh (tcp/[::]:7447)']],
  [{ listen: { endpoints: ['tls/0.0.0.0:7448'] } }, ['zenoh (tls/0.0.0.0:7448)']],
  [{ listen: { endpoints: ['tls/0.0.0.0:7448'] }, transport: { link: { tls: { enable_mtls: true } } } }, []],
  [{ listen: { endpoints: ['tcp/0.0.0.0:7447'] }, transport: { auth: { usrpwd: { dictionary_file: '/x' } } } }, []],
  [{ plugins: { remote_api: { websocket_port: 10_000 } } }, ['WebSocket (10000)']],
  [{ plugins: { remote_api: { websocket_port: '0.0.0.0:10000' } } }, ['WebSocket (0.0.0.0:10000)']],
  [{ plugins: { remote_api: { websocket_port: '127.0.0.1:10000' }, rest: { http_port: '100.64.0.1:8000' } } }, []],
  [{ plugins: { rest: { http_port: '[::]:8000' } } }, ['REST ([::]:8000)']],
  [{ plugins: { rest: { http_port: '8000' } } }, ['REST (8000)']],
])('%j opens %j', (parts, expected) => {
  const doors = openDoors(config(parts));
  expect(doors).toHaveLength(expected.length);
  for (const [index, part] of expected.entries()) expect(doors[index]).toContain(part);
});
