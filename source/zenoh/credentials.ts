/** What a session shows to a router that asks who it is: user and password, a certificate for TLS, or both. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { SessionError } from './session.ts';

/** Names a JSON file with any of `user`, `password`, and paths, relative to it, `ca`, `certificate`, `key`. */
export const CREDENTIALS_VARIABLE = 'BUBBALOOP_ZENOH_CREDENTIALS';

/** Paths are absolute. */
export type Credentials = Readonly<Partial<Record<(typeof keys)[number], string>>>;

const keys = ['user', 'password', 'ca', 'certificate', 'key'] as const;
const paths: readonly string[] = ['ca', 'certificate', 'key'];

/** Read anew at each attempt: a renewed certificate is taken up. Throws SessionError `invalid-argument`. */
export function readCredentials(env: Readonly<Record<string, string | undefined>> = process.env): Credentials {
  const file = env[CREDENTIALS_VARIABLE];
  if (file === undefined || file === '') return {};
  const wrong = (what: string): SessionError =>
    new SessionError('invalid-argument', `${file} (${CREDENTIALS_VARIABLE}): ${what}`);
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw wrong('it holds no object');
  const credentials: Partial<Record<(typeof keys)[number], string>> = {};
  for (const [name, value] of Object.entries(json)) {
    const key = keys.find((candidate) => candidate === name);
    if (key === undefined) throw wrong(`there is no “${name}”; there are ${keys.join(', ')}`);
    if (typeof value !== 'string' || value === '') throw wrong(`“${name}” wants a text`);
    credentials[key] = paths.includes(key) ? resolve(dirname(file), value) : value;
  }
  if ((credentials.user === undefined) !== (credentials.password === undefined))
    throw wrong('“user” and “password” go together');
  return credentials;
}

/** From now on in this process and what it starts: for routers of our own, which take nobody who wants to be asked. */
export function showNoCredentials(): void {
  process.env[CREDENTIALS_VARIABLE] = '';
}

/** As they stand under `transport` in zenoh's configuration. */
export function credentialConfig(credentials: Credentials): {
  readonly auth?: Readonly<Record<string, unknown>>;
  readonly link?: Readonly<Record<string, unknown>>;
} {
  const { user, password, ca, certificate, key } = credentials;
  const isMutual = certificate !== undefined && key !== undefined;
  return {
    ...(user === undefined ? {} : { auth: { usrpwd: { user, password } } }),
    ...(ca === undefined
      ? {}
      : {
          link: {
            tls: {
              root_ca_certificate: ca,
              ...(isMutual ? { enable_mtls: true, connect_certificate: certificate, connect_private_key: key } : {}),
            },
          },
        }),
  };
}
