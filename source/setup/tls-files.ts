/** Where a machine's certificates lie: in `tls` of its home. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export interface TlsFiles {
  readonly folder: string;
  /** The fleet's authority, which central's certificate is checked against. */
  readonly authority: string;
  /** On central only. */
  readonly authorityKey: string;
  /** This machine's own. */
  readonly certificate: string;
  readonly key: string;
  /** On central only: the issuers of the machines that are let in. */
  readonly trusted: string;
  /** On central only: a folder for each machine, to be copied to it. */
  readonly machines: string;
}

/** Port for TLS: 7447 is that of sessions on the machine itself. */
export const TLS_PORT = 7448;

export function tlsFiles(home: string): TlsFiles {
  const folder = join(home, 'tls');
  return {
    folder,
    authority: join(folder, 'ca.pem'),
    authorityKey: join(folder, 'ca-key.pem'),
    certificate: join(folder, 'certificate.pem'),
    key: join(folder, 'key.pem'),
    trusted: join(folder, 'trusted.pem'),
    machines: join(folder, 'machines'),
  };
}

/** The first file that is missing for that role; undefined where all are there. */
export function missingTlsFile(files: TlsFiles, role: 'central' | 'jetson'): string | undefined {
  const needed = [files.authority, files.certificate, files.key, ...(role === 'central' ? [files.trusted] : [])];
  return needed.find((file) => !existsSync(file));
}

/** Keys and values of zenoh's configuration. */
export function tlsConfig(files: TlsFiles, role: 'central' | 'jetson'): Readonly<Record<string, unknown>> {
  const key = (name: string): string => `transport/link/tls/${name}`;
  if (role === 'central') {
    return {
      [key('root_ca_certificate')]: files.trusted,
      [key('listen_certificate')]: files.certificate,
      [key('listen_private_key')]: files.key,
      [key('enable_mtls')]: true,
      [key('close_link_on_expiration')]: true,
    };
  }
  return {
    [key('root_ca_certificate')]: files.authority,
    [key('connect_certificate')]: files.certificate,
    [key('connect_private_key')]: files.key,
    [key('enable_mtls')]: true,
  };
}
