/** What can be said about a router's configuration before it runs: who can reach it, and whether its certificates serve. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { UserError } from '../errors.ts';

type Json = Readonly<Record<string, unknown>>;

/** Sentences on what this configuration opens to everybody on the network; empty where nothing is. */
export function openDoors(config: unknown): string[] {
  const doors: string[] = [];
  const websocket = at(config, 'plugins', 'remote_api', 'websocket_port');
  const rest = at(config, 'plugins', 'rest', 'http_port');
  if (isOpen(websocket)) {
    doors.push(
      `the WebSocket (${String(websocket)}) is open to everyone who reaches this machine; it asks nobody for a password. ` +
        'Name loopback or the VPN’s address: --websocket 127.0.0.1:10000',
    );
  }
  if (isOpen(rest)) {
    doors.push(
      `REST (${String(rest)}) is open to everyone who reaches this machine; it asks nobody for a password. ` +
        'Name loopback or the VPN’s address: --rest 127.0.0.1:8000',
    );
  }
  const plain = listenEndpoints(config).filter((endpoint) => isOpenEndpoint(endpoint, config));
  if (plain.length > 0 && at(config, 'transport', 'auth', 'usrpwd', 'dictionary_file') == null) {
    doors.push(
      `zenoh (${plain.join(', ')}) is open to everyone who reaches this machine, without a password or certificate. ` +
        'Name the VPN’s address (--listen tcp/ADDRESS:7447), or see `bubbaloop setup tls`',
    );
  }
  return doors;
}

/** Throws UserError where a certificate that the configuration names is missing, is none, or is not valid at `nowMs`. */
export function checkCertificates(config: unknown, nowMs: number): void {
  const tls = at(config, 'transport', 'link', 'tls');
  const trusted = at(tls, 'root_ca_certificate');
  // Only that there are some: of a list of issuers one may have expired without harm to the others.
  if (typeof trusted === 'string') readCertificates(trusted);
  for (const key of ['listen_certificate', 'connect_certificate']) {
    const file = at(tls, key);
    if (typeof file === 'string') checkOwnCertificate(file, nowMs);
  }
  for (const key of ['listen_private_key', 'connect_private_key']) {
    const file = at(tls, key);
    if (typeof file === 'string') readPem(file);
  }
}

/** Every certificate of a PEM file, with who it is for and until when. Throws UserError. */
export function readCertificates(file: string): X509Certificate[] {
  const blocks = readPem(file).match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw new UserError(`${file} holds no certificate.`, { hint: HINT });
  return blocks.map((block) => {
    try {
      return new X509Certificate(block);
    } catch (error) {
      throw new UserError(`${file} holds a damaged certificate.`, { hint: HINT, cause: error });
    }
  });
}

const HINT = 'Certificates of a fleet are made by `bubbaloop setup tls` on the central server.';

function checkOwnCertificate(file: string, nowMs: number): void {
  for (const certificate of readCertificates(file)) {
    const problem = certificateProblem(certificate, nowMs);
    if (problem !== undefined) throw new UserError(`${file}: ${problem}.`, { hint: HINT });
  }
}

/** Why a certificate is not valid at `nowMs`, undefined where it is. */
export function certificateProblem(certificate: X509Certificate, nowMs: number): string | undefined {
  const name = commonNameOf(certificate);
  if (certificate.validToDate.getTime() < nowMs)
    return `the certificate of ${name} has expired (${dayOf(certificate.validToDate)})`;
  if (certificate.validFromDate.getTime() > nowMs)
    return `the certificate of ${name} is valid from ${certificate.validFromDate.toISOString()} only: is the clock right?`;
  return undefined;
}

export function commonNameOf(certificate: X509Certificate): string {
  return /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? 'an unnamed machine';
}

export function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UserError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`, {
      hint: HINT,
      cause: error,
    });
  }
}

/** A list of endpoints, or one list a mode. */
function listenEndpoints(config: unknown): string[] {
  const value = at(config, 'listen', 'endpoints');
  const mode = at(config, 'mode');
  const list = Array.isArray(value) ? value : at(value, typeof mode === 'string' ? mode : 'router');
  return Array.isArray(list) ? list.filter((endpoint) => typeof endpoint === 'string') : [];
}

function isOpenEndpoint(endpoint: string, config: unknown): boolean {
  const [protocol = '', address = ''] = endpoint.split('/');
  const isMutual = at(config, 'transport', 'link', 'tls', 'enable_mtls') === true;
  if ((protocol === 'tls' || protocol === 'quic') && isMutual) return false;
  return isOpen(address.replace(/[?#].*$/, ''));
}

/** A port alone, and the addresses that stand for all. */
function isOpen(address: unknown): boolean {
  if (typeof address === 'number') return true;
  return typeof address === 'string' && /^(?:0\.0\.0\.0:|\[::0?\]:|\d+$)/.test(address);
}

function at(value: unknown, ...path: readonly string[]): unknown {
  let here: unknown = value;
  for (const key of path) here = typeof here === 'object' && here !== null ? (here as Json)[key] : undefined;
  return here;
}
