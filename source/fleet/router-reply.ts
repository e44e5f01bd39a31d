/** A router's own description, `@/{zid}/router` of its admin space (JSON, zenoh 1.10; see wire-format.md). */
import type { Sample } from '../zenoh/session.ts';
import type { Router, RouterLink, RouterSession } from './state.ts';

/** A router with its traffic counters since it started, where it was built to count. */
export type RouterReport = Omit<Router, 'receivedPerSecond' | 'sentPerSecond' | 'lostSinceMs'> & {
  readonly receivedBytes?: number;
  readonly sentBytes?: number;
};

type Decoded<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** Reads one reply. What is missing is left empty; only what is no JSON object at all is refused. */
export function readRouterReply(sample: Pick<Sample, 'keyExpr' | 'payload'>): Decoded<RouterReport> {
  const parsed = parseObject(sample.payload);
  const zid = textOf(parsed?.zid) ?? sample.keyExpr.split('/')[1];
  if (parsed === undefined || zid === undefined || zid === '') {
    return { ok: false, reason: `What answers on ${sample.keyExpr} is no router's description (not JSON)` };
  }
  const metadata = objectOf(parsed.metadata);
  const stats = objectOf(parsed.stats);
  return {
    ok: true,
    value: {
      zid,
      name: textOf(metadata?.name) ?? '',
      version: textOf(parsed.version) ?? '',
      locators: listOf(parsed.locators).flatMap((locator) => textOf(locator) ?? []),
      sessions: listOf(parsed.sessions).flatMap(readSession),
      receivedBytes: numberOf(stats?.rx_bytes),
      sentBytes: numberOf(stats?.tx_bytes),
    },
  };
}

function readSession(value: unknown): RouterSession[] {
  const session = objectOf(value);
  const zid = textOf(session?.peer);
  if (session === undefined || zid === undefined) return [];
  const role = session.whatami;
  const isKnown = role === 'router' || role === 'peer' || role === 'client';
  return [
    {
      zid,
      whatAmI: isKnown ? role : 'unknown',
      shm: typeof session.shm === 'boolean' ? session.shm : undefined,
      links: listOf(session.links).map(readLink),
    },
  ];
}

function readLink(value: unknown): RouterLink {
  const link = objectOf(value);
  return { src: textOf(link?.src) ?? '', dst: textOf(link?.dst) ?? '' };
}

function parseObject(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    return objectOf(JSON.parse(new TextDecoder().decode(bytes)));
  } catch {
    return undefined;
  }
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, unknown>>)
    : undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
