/**
 * The router's admin space: who is connected to which router. Wire form: `@/{zid}/router`, JSON, as written by
 * `router_data` in zenoh's adminspace.rs (1.10; older ones lack some fields). All text in it is untrusted.
 */
import { DEFAULT_TIMEOUT_MS, type Session, type WhatAmI } from './session.ts';

/** Every router that answers, with traffic counts from those built with `stats`. */
export const ROUTERS_SELECTOR = '@/*/router?_stats=true';

export interface RouterInfo {
  readonly zid: string;
  /** `1.10.2`; the whole text where it has another form, empty where it is missing. */
  readonly version: string;
  /**
   * Whether it can be asked who declared what. Another router of zenoh 1.10 may stop for good while it answers that
   * (eclipse-zenoh/zenoh#2619); ours is patched, see source/native/patches, and says so in its version. Releases that have a
   * fix of their own come in here.
   */
  readonly isSafeToAsk: boolean;
  /** `metadata.name` of its configuration: the machine's name. */
  readonly name?: string;
  /** Free per-router configuration; null where there is none. */
  readonly metadata: unknown;
  /** Where it listens. */
  readonly locators: readonly string[];
  readonly plugins: readonly RouterPlugin[];
  readonly sessions: readonly RouterSession[];
  readonly stats?: TrafficStats;
}

export interface RouterPlugin {
  readonly name: string;
  readonly path?: string;
  /** Where the router tells it, `Running`. */
  readonly state?: string;
}

/** One transport of the router: another router, a peer or a client. */
export interface RouterSession {
  /** Zid of the other side. */
  readonly peer: string;
  readonly whatAmI: WhatAmI | 'unknown';
  /** `north`, `south:0:client`; missing before zenoh 1.9. */
  readonly region?: string;
  /** Whether both sides use shared memory with each other. */
  readonly shm: boolean;
  /** Cost of the link between routers, where one is set. */
  readonly weight?: number;
  readonly links: readonly RouterLink[];
  readonly stats?: TrafficStats;
}

/** Addresses as the router sees them: `src` its own, `dst` the other side's. */
export interface RouterLink {
  readonly src: string;
  readonly dst: string;
}

/** Counts since the transport was opened, or since the router started. */
export interface TrafficStats {
  readonly rxBytes: number;
  readonly txBytes: number;
  /** Zenoh network messages, by network and by shared memory together. */
  readonly rxMessages: number;
  readonly txMessages: number;
  /** Messages given up because of congestion. */
  readonly rxDropped: number;
  readonly txDropped: number;
}

export type RouterReply =
  | { readonly ok: true; readonly router: RouterInfo }
  /** `keyExpr` is where it came from, empty where the reply was an error. */
  | { readonly ok: false; readonly reason: string; readonly keyExpr: string };

/** Decodes the payload of `@/{zid}/router`. Fields that are missing or of another type are left out, not fatal. */
export function decodeRouter(payload: Uint8Array, keyExpr = ''): RouterReply {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch (error) {
    return { ok: false, reason: `not JSON: ${error instanceof Error ? error.message : String(error)}`, keyExpr };
  }
  if (!isObject(json)) return { ok: false, reason: 'not a JSON object', keyExpr };
  const zid = stringOf(json.zid) ?? zidOf(keyExpr);
  if (zid === undefined) return { ok: false, reason: 'no zid in it', keyExpr };
  const metadata = json.metadata ?? null;
  const name = isObject(metadata) ? stringOf(metadata.name) : undefined;
  const stats = statsOf(json.stats);
  const version = stringOf(json.version) ?? '';
  return {
    ok: true,
    router: {
      zid,
      version: versionOf(version),
      isSafeToAsk: /^v\d+\.\d+\.\d+-bubbaloop\b/.test(version),
      ...(name === undefined || name === '' ? {} : { name }),
      metadata,
      locators: arrayOf(json.locators).flatMap((locator) => stringOf(locator) ?? []),
      plugins: pluginsOf(json.plugins),
      sessions: arrayOf(json.sessions).flatMap(sessionOf),
      ...(stats === undefined ? {} : { stats }),
    },
  };
}

/**
 * Asks every router the session can reach. One that answers rubbish is a value among the others. Throws as
 * `Session.get`; where the time is over, what has come is returned.
 */
export async function getRouters(
  session: Session,
  options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<RouterReply[]> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
  const replies: RouterReply[] = [];
  const get = session.get(ROUTERS_SELECTOR, {
    target: 'all',
    consolidation: 'none',
    timeoutMs,
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const reply of get) {
    if (reply.ok) replies.push(decodeRouter(reply.sample.payload, reply.sample.keyExpr));
    else if (!reply.timedOut) replies.push({ ok: false, reason: reply.message, keyExpr: '' });
  }
  return replies;
}

function sessionOf(json: unknown): RouterSession[] {
  if (!isObject(json)) return [];
  const peer = stringOf(json.peer);
  if (peer === undefined) return [];
  const region = stringOf(json.region);
  const stats = statsOf(json.stats);
  return [
    {
      peer,
      whatAmI: whatAmIOf(json.whatami),
      ...(region === undefined ? {} : { region }),
      shm: json.shm === true,
      ...(typeof json.weight === 'number' ? { weight: json.weight } : {}),
      links: arrayOf(json.links).flatMap((link) =>
        isObject(link) ? [{ src: stringOf(link.src) ?? '', dst: stringOf(link.dst) ?? '' }] : [],
      ),
      ...(stats === undefined ? {} : { stats }),
    },
  ];
}

function whatAmIOf(json: unknown): RouterSession['whatAmI'] {
  return json === 'router' || json === 'peer' || json === 'client' ? json : 'unknown';
}

function pluginsOf(json: unknown): RouterPlugin[] {
  if (!isObject(json)) return [];
  return Object.entries(json).map(([name, plugin]) => {
    const path = isObject(plugin) ? stringOf(plugin.path) : undefined;
    const state = isObject(plugin) ? stringOf(plugin.state) : undefined;
    return { name, ...(path === undefined ? {} : { path }), ...(state === undefined ? {} : { state }) };
  });
}

function statsOf(json: unknown): TrafficStats | undefined {
  if (!isObject(json)) return undefined;
  return {
    rxBytes: countOf(json.rx_bytes),
    txBytes: countOf(json.tx_bytes),
    rxMessages: countOf(json.rx_n_msgs),
    txMessages: countOf(json.tx_n_msgs),
    rxDropped: countOf(json.rx_n_dropped),
    txDropped: countOf(json.tx_n_dropped),
  };
}

/** A number, or the sum where it is split by medium (`{net, shm}`). */
function countOf(json: unknown): number {
  if (typeof json === 'number') return json;
  if (!isObject(json)) return 0;
  return Object.values(json).reduce<number>((sum, part) => sum + (typeof part === 'number' ? part : 0), 0);
}

/** `v1.10.2-release built with rustc …` is `1.10.2`. */
function versionOf(text: string): string {
  return /^v?(\d+\.\d+\.\d+)/.exec(text)?.[1] ?? text;
}

function zidOf(keyExpr: string): string | undefined {
  return /^@\/([^/*]+)\/router$/.exec(keyExpr)?.[1];
}

function stringOf(json: unknown): string | undefined {
  return typeof json === 'string' ? json : undefined;
}

function arrayOf(json: unknown): readonly unknown[] {
  return Array.isArray(json) ? json : [];
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
