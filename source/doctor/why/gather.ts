/** Finds out what {@link Evidence} holds. */
import { processName } from '../../daemon/proc.ts';
import type { RouterInfo } from '../../zenoh/admin.ts';
import type { Session } from '../../zenoh/session.ts';
import { centralLink } from '../check-link.ts';
import type { Facts } from '../facts.ts';
import { addressOf, isOwnAddress } from '../reach.ts';
import { readTcpSockets, socketHolders } from '../sockets.ts';
import { findDenials } from './access.ts';
import { askDeclarations, type DeclarationKind } from './declarations.ts';
import type { Evidence, RouterSeen, Samples } from './evidence.ts';

const ASK_LIMIT_MS = 4_000;

export async function gatherEvidence(
  facts: Facts,
  session: Session,
  keyExpr: string,
  durationMs: number,
): Promise<Evidence> {
  // Asked before doctor subscribes itself: it must not stand among the subscribers. All of a kind, near misses too.
  const ask = (kind: DeclarationKind) => askDeclarations(session, kind, '**', ASK_LIMIT_MS);
  const [routers, own, names, daemons, publishers, subscribers, queryables, tokens, config, link] = await Promise.all([
    facts.routers(),
    facts.ownRouter(),
    facts.names(),
    facts.daemons(),
    ask('publisher'),
    ask('subscriber'),
    ask('queryable'),
    ask('token'),
    facts.routerConfig(),
    centralLink.run(facts),
  ]);
  const samples = await countSamples(session, keyExpr, durationMs);
  return {
    keyExpr,
    endpoint: facts.endpoint,
    own: own === undefined ? undefined : seenRouter(own),
    here: facts.isRouterLocal ? facts.machineId : undefined,
    routers: routers.map(seenRouter),
    links: routers.flatMap(({ zid, sessions }) =>
      sessions.filter(({ whatAmI }) => whatAmI === 'router').map(({ peer }) => [zid, peer] as const),
    ),
    publishers,
    subscribers,
    queryables,
    tokens,
    machines: daemons.map(({ machine }) => machine),
    names: new Map([...localPrograms(own), ...names]),
    denials: config === undefined ? undefined : findDenials(config, keyExpr),
    missingLinks: link.outcome === 'problem' ? [link.seen] : [],
    samples,
  };
}

function seenRouter({ zid, name }: RouterInfo): RouterSeen {
  return { zid, name: name ?? zid };
}

async function countSamples(session: Session, keyExpr: string, durationMs: number): Promise<Samples> {
  let [count, bytes] = [0, 0];
  let lastAtMs: number | undefined;
  let lastKey: string | undefined;
  let viaShm = false;
  const startedAtMs = performance.now();
  const subscriber = await session.declareFrameSubscriber(
    keyExpr,
    (frame) => {
      using sample = frame;
      count += 1;
      bytes += sample.payload.length;
      lastAtMs = performance.now();
      lastKey = sample.keyExpr;
      viaShm ||= sample.shm;
    },
    { channel: { kind: 'ring', capacity: 16 } },
  );
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  const endedAtMs = performance.now();
  count += subscriber.droppedCount;
  await subscriber.undeclare();
  return {
    count,
    bytes,
    overMs: Math.round(endedAtMs - startedAtMs),
    lastAgoMs: lastAtMs === undefined ? undefined : Math.max(0, Math.round(endedAtMs - lastAtMs)),
    lastKey,
    viaShm,
  };
}

/** Sessions that the router has with processes of this machine, by the port that they come from. */
function localPrograms(own: RouterInfo | undefined): Map<string, string> {
  const ports = new Map(
    (own?.sessions ?? []).flatMap(({ peer, links }) => {
      const address = addressOf(links[0]?.dst ?? '');
      return address !== undefined && isOwnAddress(address.host) ? [[address.port, peer] as const] : [];
    }),
  );
  const sockets = readTcpSockets().filter(({ state, localPort }) => state === 'established' && ports.has(localPort));
  const holders = socketHolders(new Set(sockets.map(({ inode }) => inode)));
  return new Map(
    sockets.flatMap(({ localPort, inode }) => {
      const [zid, pid] = [ports.get(localPort), holders.get(inode)];
      return zid === undefined || pid === undefined ? [] : [[zid, `${processName(pid)} (process ${pid})`] as const];
    }),
  );
}
