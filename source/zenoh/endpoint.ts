/** Where a router is: a zenoh locator, `tcp/host:port`, or the URL of its WebSocket, `ws://host:port`. */
import { SessionError, type SessionKind } from './session.ts';

export const ENDPOINT_VARIABLE = 'BUBBALOOP_ZENOH_ENDPOINT';
export const DEFAULT_ENDPOINT = 'tcp/127.0.0.1:7447';

/** The `--endpoint` flag, else the environment's BUBBALOOP_ZENOH_ENDPOINT, else tcp/127.0.0.1:7447. Not yet checked. */
export function resolveEndpoint(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  if (flag !== undefined) return flag;
  return env[ENDPOINT_VARIABLE] || DEFAULT_ENDPOINT;
}

export interface Endpoint {
  readonly kind: SessionKind;
  /** As zenoh or the WebSocket takes it. */
  readonly text: string;
}

/** Locators of zenoh that a client can connect to by host and port. */
const HOST_PROTOCOLS = ['tcp', 'udp', 'tls', 'quic', 'ws'];
const PATH_PROTOCOLS = ['unixsock-stream', 'unixpipe'];
const URL_PROTOCOLS = ['ws', 'wss'];
const DEFAULT_PORT = 7447;
const DEFAULT_WS_PORT = 10_000;
const FORMS = '`tcp/HOST:PORT`, or `ws://HOST:PORT` for the router’s WebSocket';

/** Checks what can be checked without a network; throws SessionError `invalid-argument` that says what to write. */
export function parseEndpoint(text: string): Endpoint {
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) throw bad(text, 'it has control characters in it');
  const trimmed = text.trim();
  if (trimmed === '') throw bad(text, `it is empty; write ${FORMS}`);
  if (trimmed !== text || /\s/.test(text))
    throw bad(text, 'it has spaces in it', suggestion(text.replaceAll(/\s/g, '')));
  if (/["'`,;]/.test(text)) throw bad(text, 'it has quotes or a list in it', suggestion(text.replaceAll(/["'`]/g, '')));
  const url = /^([a-z][a-z0-9+-]*):\/\/(.*)$/i.exec(text);
  if (url) return parseUrl(text, (url[1] ?? '').toLowerCase(), url[2] ?? '');
  const locator = /^([a-z][a-z-]*)\/(.*)$/i.exec(text);
  if (!locator) throw bad(text, 'the protocol is missing', suggestion(text));
  return parseLocator(text, locator[1] ?? '', locator[2] ?? '');
}

function parseUrl(text: string, scheme: string, rest: string): Endpoint {
  if (!URL_PROTOCOLS.includes(scheme)) {
    const protocol = HOST_PROTOCOLS.includes(scheme) ? scheme : 'tcp';
    const isHttp = scheme === 'http' || scheme === 'https';
    const hint = isHttp ? `ws://${withPort(rest, DEFAULT_WS_PORT)}` : `${protocol}/${withPort(rest, DEFAULT_PORT)}`;
    throw bad(text, isHttp ? 'a router is not reached over HTTP' : 'a zenoh locator has one slash', hint);
  }
  const authority = rest.replace(/[/?#].*$/, '');
  checkAuthority(text, authority, `${scheme}://`, DEFAULT_WS_PORT);
  let parsed: URL;
  try {
    parsed = new URL(text);
  } catch {
    throw bad(text, 'it is not a valid URL');
  }
  if (parsed.username !== '' || parsed.password !== '') throw bad(text, 'a WebSocket URL takes no user and password');
  if (parsed.hash !== '') throw bad(text, 'a WebSocket URL takes no “#”');
  return { kind: 'remote', text };
}

function parseLocator(text: string, protocol: string, rest: string): Endpoint {
  if (protocol !== protocol.toLowerCase())
    throw bad(text, 'the protocol is written small', suggestion(text.toLowerCase()));
  if (PATH_PROTOCOLS.includes(protocol)) {
    if (rest === '') throw bad(text, 'the path is missing', `${protocol}/run/zenoh.sock`);
    return { kind: 'native', text };
  }
  if (protocol === 'wss' || protocol === 'http' || protocol === 'https') {
    throw bad(text, 'a secure WebSocket is a URL', `wss://${withPort(rest, DEFAULT_WS_PORT)}`);
  }
  if (!HOST_PROTOCOLS.includes(protocol)) {
    throw bad(
      text,
      `“${protocol}” is no protocol of zenoh (${[...HOST_PROTOCOLS, ...PATH_PROTOCOLS].join(', ')})`,
      suggestion(text),
    );
  }
  // Zenoh's own metadata and configuration may follow: `tcp/host:7447?rel=0#iface=eth0`.
  checkAuthority(text, rest.replace(/[?#].*$/, ''), `${protocol}/`, DEFAULT_PORT);
  return { kind: 'native', text };
}

function checkAuthority(text: string, authority: string, prefix: string, defaultPort: number): void {
  if (authority === '') throw bad(text, 'the host is missing', `${prefix}127.0.0.1:${defaultPort}`);
  if (authority.includes('/'))
    throw bad(
      text,
      'only HOST:PORT follows the protocol',
      `${prefix}${withPort(authority.replace(/\/.*$/, ''), defaultPort)}`,
    );
  const match = /^(\[[^\]]*\]|[^:]*)(?::([^:]*))?$/.exec(authority);
  if (!match) throw bad(text, 'an IPv6 address stands in brackets', `${prefix}[::1]:${defaultPort}`);
  const [, host = '', port] = match;
  if (host === '' || host === '[]') throw bad(text, 'the host is missing', `${prefix}127.0.0.1:${port || defaultPort}`);
  if (port === undefined || port === '') throw bad(text, 'the port is missing', `${prefix}${host}:${defaultPort}`);
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535 || Number(port) === 0) {
    throw bad(text, 'the port is a number from 1 to 65535', `${prefix}${host}:${defaultPort}`);
  }
}

/** The endpoint that was probably meant. */
function suggestion(text: string): string | undefined {
  const bare = text.replace(/^[a-z][a-z0-9+-]*:?\/{1,2}/i, '').replace(/[/,;].*$/, '');
  if (bare === '') return undefined;
  if (/^wss?:\/\//i.test(text))
    return `${text.slice(0, text.indexOf(':')).toLowerCase()}://${withPort(bare, DEFAULT_WS_PORT)}`;
  return `tcp/${withPort(bare, DEFAULT_PORT)}`;
}

function withPort(authority: string, port: number): string {
  const bare = authority.replace(/[/?#].*$/, '').replace(/:$/, '');
  return /^(\[.*\]|[^:]+)$/.test(bare) ? `${bare}:${port}` : bare;
}

function bad(text: string, why: string, hint?: string): SessionError {
  const short = text.length > 120 ? `${text.slice(0, 120)}…` : text;
  const shown = short.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '�');
  const tail = hint === undefined ? `write ${FORMS}` : `did you mean \`${hint}\`?`;
  return new SessionError(
    'invalid-argument',
    `“${shown}” is not an endpoint: ${why}${why.includes('write ') ? '' : `; ${tail}`}`,
  );
}
