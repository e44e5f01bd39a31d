import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { askControlSocket, openControlSocket } from '../../source/daemon/control-socket.ts';

test('a client that goes away before its answer harms nobody', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bubbaloop-socket-'));
  const path = join(folder, 'daemon.sock');
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Uint8Array>();
  const close = await openControlSocket(path, async (request) => {
    if (request.length > 0) return request;
    asked.resolve();
    return answer.promise;
  });
  const impatient = createConnection(path);
  impatient.end();
  await asked.promise;
  impatient.destroy();
  await new Promise((resolve) => impatient.once('close', resolve));
  // An error of the socket that nobody hears fails this test, as it would end the daemon.
  answer.resolve(new Uint8Array(1_000_000));
  expect(await askControlSocket(path, new Uint8Array([7]), 20_000)).toEqual(Buffer.from([7]));
  await close();
  rmSync(folder, { recursive: true });
});
