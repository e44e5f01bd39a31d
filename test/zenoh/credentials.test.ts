import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { CREDENTIALS_VARIABLE, credentialConfig, readCredentials } from '../../source/zenoh/credentials.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bubbaloop-credentials-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function read(text: string): unknown {
  const file = join(folder, 'credentials.json');
  writeFileSync(file, text);
  return readCredentials({ [CREDENTIALS_VARIABLE]: file });
}

test('without a file nothing is shown', () => {
  expect(readCredentials({})).toEqual({});
  expect(readCredentials({ [CREDENTIALS_VARIABLE]: '' })).toEqual({});
  expect(credentialConfig({})).toEqual({});
});

test('paths are relative to the file, and all of it stands where zenoh looks', () => {
  const credentials = read('{ "user": "a", "password": "b", "ca": "ca.pem", "certificate": "/c.pem", "key": "k.pem" }');
  expect(credentialConfig(credentials as ReturnType<typeof readCredentials>)).toEqual({
    auth: { usrpwd: { user: 'a', password: 'b' } },
    link: {
      tls: {
        root_ca_certificate: join(folder, 'ca.pem'),
        enable_mtls: true,
        connect_certificate: '/c.pem',
        connect_private_key: join(folder, 'k.pem'),
      },
    },
  });
});

test('an authority alone is enough to check the router', () => {
  expect(credentialConfig({ ca: '/ca.pem' })).toEqual({ link: { tls: { root_ca_certificate: '/ca.pem' } } });
});

test.each([
  ['{ "user": ', /credentials\.json.*JSON/],
  ['[]', /no object/],
  ['{ "pasword": "x" }', /there is no “pasword”/],
  ['{ "user": "x" }', /go together/],
  ['{ "ca": 5 }', /“ca” wants a text/],
])('%j is refused by name of the file', (text, message) => {
  expect(() => read(text)).toThrow(message);
});

test('a file that is named and missing is refused', () => {
  expect(() => readCredentials({ [CREDENTIALS_VARIABLE]: join(folder, 'none.json') })).toThrow(/none\.json.*ENOENT/);
});
