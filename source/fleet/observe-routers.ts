/** What the routers' admin space tells: who is connected, and how much flows. */
import { decodeRouter, ROUTERS_SELECTOR, type RouterInfo } from '../zenoh/admin.ts';
import type { Session } from '../zenoh/session.ts';
import type { BadAnswer } from './events.ts';
import type { Router } from './state.ts';

interface Limits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

export interface RoutersAnswer {
  readonly routers: readonly Router[];
  readonly bad: readonly BadAnswer[];
  /** Time to the first reply. */
  readonly latencyMs?: number;
}

/** Asks every router, with its traffic counters. Throws as `session.get` does. */
export async function askRouters(session: Session, meter: RateMeter, limits: Limits): Promise<RoutersAnswer> {
  const askedAtMs = performance.now();
  const routers = new Map<string, Router>();
  const bad: BadAnswer[] = [];
  let latencyMs: number | undefined;
  for await (const reply of session.get(ROUTERS_SELECTOR, { ...everyone, ...limits })) {
    if (!reply.ok) continue;
    latencyMs ??= performance.now() - askedAtMs;
    const { payload, keyExpr } = reply.sample;
    const read = decodeRouter(payload, keyExpr);
    if (read.ok) routers.set(read.router.zid, toRouter(read.router, meter(read.router, performance.now())));
    else bad.push({ message: `What answers on ${keyExpr} does not describe itself as a router does: ${read.reason}` });
  }
  return { routers: [...routers.values()], bad, latencyMs };
}

const everyone = { target: 'all', consolidation: 'none' } as const;

function toRouter(info: RouterInfo, rates: Rates): Router {
  return {
    zid: info.zid,
    name: info.name ?? '',
    version: info.version,
    isSafeToAsk: info.isSafeToAsk,
    locators: info.locators,
    sessions: info.sessions.map(({ peer, whatAmI, shm, links }) => ({ zid: peer, whatAmI, shm, links })),
    receivedPerSecond: rates.receivedPerSecond,
    sentPerSecond: rates.sentPerSecond,
  };
}

interface Rates {
  readonly receivedPerSecond?: number;
  readonly sentPerSecond?: number;
}

/** Turns a router's counters into bytes per second, by what it told before; empty where it does not count. */
export type RateMeter = (info: Pick<RouterInfo, 'zid' | 'stats'>, atMs: number) => Rates;

/** The first rate comes soon; after it a rate is the mean over longer, so that our own questions do not make it jump. */
const FIRST_SPAN_MS = 900;
const SPAN_MS = 4_000;

export function createRateMeter(): RateMeter {
  const last = new Map<
    string,
    { readonly atMs: number; readonly rx: number; readonly tx: number; readonly rates: Rates }
  >();
  return ({ zid, stats }, atMs) => {
    if (stats === undefined) return {};
    const { rxBytes: rx, txBytes: tx } = stats;
    const before = last.get(zid);
    if (before === undefined || rx < before.rx || tx < before.tx) {
      last.set(zid, { atMs, rx, tx, rates: {} });
      return {};
    }
    const spanMs = atMs - before.atMs;
    if (spanMs < (before.rates.receivedPerSecond === undefined ? FIRST_SPAN_MS : SPAN_MS)) return before.rates;
    const rates = {
      receivedPerSecond: steadyRate(before.rates.receivedPerSecond, ((rx - before.rx) * 1000) / spanMs),
      sentPerSecond: steadyRate(before.rates.sentPerSecond, ((tx - before.tx) * 1000) / spanMs),
    };
    last.set(zid, { atMs, rx, tx, rates });
    return rates;
  };
}

/** Within a tenth of what was shown before it is the same: a figure that flickers tells nothing and costs a redraw. */
function steadyRate(before: number | undefined, now: number): number {
  return before !== undefined && Math.abs(now - before) <= Math.max(64, before * 0.1) ? before : now;
}
