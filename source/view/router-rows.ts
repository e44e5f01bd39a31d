/** Rows of routers, and of the sessions that they report. */
import { compareNames } from '../fleet/compare-names.ts';
import { routerLabel } from '../fleet/conditions.ts';
import { type FleetState, type Router, type RouterSession, routerFreshness } from '../fleet/state.ts';
import type { PeerRow, RouterRow } from './rows.ts';

export function routerRows(state: FleetState): RouterRow[] {
  const list = [...state.routers.values()].sort(byRouterName);
  return list.map((router) => ({
    key: router.zid,
    router,
    freshness: routerFreshness(state, router),
    lostSinceMs: router.lostSinceMs,
    linkedTo: router.sessions
      .filter((session) => session.whatAmI === 'router')
      .map((session) => nameOfRouter(state, session.zid)),
  }));
}

export function peerRows(state: FleetState): PeerRow[] {
  return [...state.routers.values()].sort(byRouterName).flatMap((router) =>
    router.sessions
      .map((session) => ({
        key: `${router.zid}/${session.zid}`,
        session,
        freshness: routerFreshness(state, router),
        lostSinceMs: router.lostSinceMs,
        who: whoIs(state, session),
        at: routerLabel(router),
      }))
      // Those with a name first: an unnamed session is somebody's script or a dashboard.
      .sort((a, b) => Number(a.who === '') - Number(b.who === '') || compareNames(a.who + a.key, b.who + b.key)),
  );
}

function whoIs(state: FleetState, session: RouterSession): string {
  if (session.zid === state.zid) return 'this top';
  if (session.whatAmI === 'router') return nameOfRouter(state, session.zid);
  return state.names.get(session.zid) ?? '';
}

function nameOfRouter(state: FleetState, zid: string): string {
  return routerLabel(state.routers.get(zid) ?? { zid, name: '' });
}

function byRouterName(a: Router, b: Router): number {
  return compareNames(routerLabel(a), routerLabel(b)) || compareNames(a.zid, b.zid);
}
