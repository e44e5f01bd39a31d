/** What answers at an address: short, harmless questions with time limits. */
import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';

export interface Address {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
}

/** Of a locator, `tcp/[::1]:7447?…`, or a URL, `ws://host:10000`; undefined where it has no host and port. */
export function addressOf(endpoint: string): Address | undefined {
  const match = /^([a-z-]+)(?::\/)?\/(\[[^\]]*\]|[^:/[\]]+):(\d+)/.exec(endpoint);
  if (match === null) return undefined;
  const [, protocol = '', host = '', port = ''] = match;
  return { protocol, host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

/** `HOST:PORT` with the brackets that IPv6 wants. */
export function hostPort({ host, port }: Pick<Address, 'host' | 'port'>): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `unknown`: the name does not resolve. `silent`: nothing came back, as where a firewall drops packets. */
export type Reached =
  | { readonly kind: 'open' }
  | { readonly kind: 'refused' | 'silent' | 'unknown' | 'unreachable'; readonly reason: string };

export function tryTcp(host: string, port: number, limitMs: number): Promise<Reached> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: limitMs });
    const end = (reached: Reached): void => {
      socket.destroy();
      resolve(reached);
    };
    const timer = setTimeout(() => end({ kind: 'silent', reason: `no answer in ${limitMs / 1_000} s` }), limitMs);
    socket.once('close', () => clearTimeout(timer));
    socket.once('connect', () => end({ kind: 'open' }));
    socket.once('error', (error: NodeJS.ErrnoException) => end(unreached(error)));
  });
}

function unreached({ code = '', message }: NodeJS.ErrnoException): Reached {
  if (code === 'ECONNREFUSED') return { kind: 'refused', reason: 'connection refused' };
  if (code === 'ETIMEDOUT') return { kind: 'silent', reason: 'no answer' };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return { kind: 'unknown', reason: 'the name does not resolve' };
  return { kind: 'unreachable', reason: code === '' ? message : code };
}

/** A whole handshake (RFC 6455, with the key of its example): zenoh's plugin logs an error at anything less. */
const UPGRADE = [
  'GET / HTTP/1.1',
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13',
  '',
  '',
].join('\r\n');
/** Masked, as a client's must be, with status 1000. */
const CLOSE_FRAME = Buffer.from([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8]);
const OPTIONS = 'OPTIONS / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

/** Whether a server there speaks HTTP, or accepts a WebSocket; else the reason why it is not said to. */
export function tryHttp(
  host: string,
  port: number,
  kind: 'http' | 'websocket',
  limitMs: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    let answer = '';
    const end = (reason: string | undefined): void => {
      clearTimeout(timer);
      if (kind === 'websocket' && reason === undefined) socket.end(CLOSE_FRAME);
      else socket.destroy();
      resolve(reason);
    };
    const timer = setTimeout(() => end(`no answer in ${limitMs / 1_000} s`), limitMs);
    socket.once('connect', () => socket.write(kind === 'websocket' ? UPGRADE : OPTIONS));
    socket.on('data', (data: Buffer) => {
      answer += data.toString('latin1');
      if (!answer.includes('\r\n')) return;
      const wanted = kind === 'websocket' ? /^HTTP\/1\.1 101 / : /^HTTP\/1\.[01] /;
      end(wanted.test(answer) ? undefined : `it answered ${JSON.stringify(answer.split('\r\n')[0]?.slice(0, 80))}`);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => end(unreachedText(error)));
    socket.once('close', () => end('it closed the connection'));
  });
}

function unreachedText(error: NodeJS.ErrnoException): string {
  const reached = unreached(error);
  return reached.kind === 'open' ? '' : reached.reason;
}

/** Every address that a host has; empty where its name does not resolve. */
export async function resolveHost(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  const found = await lookup(host, { all: true }).catch(() => []);
  return found.map(({ address }) => address);
}

/** Whether an address is one of this machine. */
export function isOwnAddress(host: string): boolean {
  if (host === 'localhost' || host === '0.0.0.0' || host === '::' || host === '::1') return true;
  if (/^127\.\d+\.\d+\.\d+$/.test(host)) return true;
  return Object.values(networkInterfaces()).some((list = []) => list.some(({ address }) => address === host));
}
