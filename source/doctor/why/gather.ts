/** Finds out what {@link Evidence} holds. */
import type { RouterInfo } from '../../zenoh/admin.ts';
import { type Session, SessionError } from '../../zenoh/session.ts';
import { centralLink } from '../check-link.ts';
import type { Facts } from '../facts.ts';
import { sessionPrograms } from '../session-programs.ts';
import { findDenials } from './access.ts';
import { askDeclarations, type DeclarationKind, type Declarations, withTold } from './declarations.ts';
import type { Evidence, RouterSeen } from './evidence.ts';
import { parseLinkState } from './linkstate.ts';

const ASK_LIMIT_MS = 4_000;

export interface WhyOptions {
  /** How long samples are waited for. */
  readonly durationMs: number;
  /** Whether routers are asked who declared what that could stop while they answer, too. */
  readonly asksAll: boolean;
}

export async function gatherEvidence(
  facts: Facts,
  session: Session,
  keyExpr: string,
  { durationMs, asksAll }: WhyOptions,
): Promise<Evidence> {
  const routers = await facts.routers();
  const unasked = asksAll ? [] : routers.filter(({ isSafeToAsk }) => !isSafeToAsk);
  // Ids are what others say they are.
  const safe = routers.flatMap(({ zid, isSafeToAsk }) => (isSafeToAsk && /^[\da-f]+$/.test(zid) ? [zid] : []));
  const asked = unasked.length === 0 ? ['*'] : safe;
  // Asked before doctor subscribes itself: it must not stand among the subscribers. All of a kind, near misses too.
  const ask = async (kind: DeclarationKind): Promise<Declarations> =>
    withTold(
      await askDeclarations(session, asked, kind, '**', ASK_LIMIT_MS),
      unasked.map(({ zid }) => zid),
    );
  const [own, names, daemons, publishers, subscribers, queryables, tokens, config, link, linkStates] =
    await Promise.all([
      facts.ownRouter(),
      facts.names(),
      facts.daemons(),
      ask('publisher'),
      ask('subscriber'),
      ask('queryable'),
      ask('token'),
      facts.routerConfig(),
      centralLink.run(facts),
      askLinkStates(session, asked),
    ]);
  const programs = [...sessionPrograms(own?.sessions ?? [])].map(
    ([zid, { name, pid }]) => [zid, `${name} (process ${pid})`] as const,
  );
  const { samples, reached } = await countSamples(session, asked, keyExpr, durationMs, own?.zid ?? '');
  return {
    keyExpr,
    endpoint: facts.endpoint,
    own: own === undefined ? undefined : seenRouter(own),
    here: facts.isRouterLocal ? facts.machineId : undefined,
    routers: routers.map(seenRouter),
    unasked: unasked.map(seenRouter),
    links: [
      ...linkStates,
      ...routers.flatMap(({ zid, sessions }) =>
        sessions.filter(({ whatAmI }) => whatAmI === 'router').map(({ peer }) => [zid, peer] as const),
      ),
    ],
    publishers,
    subscribers,
    queryables,
    tokens,
    machines: daemons.map(({ machine }) => machine),
    names: new Map([...programs, ...names]),
    denials: config === undefined ? undefined : findDenials(config, keyExpr),
    missingLinks: link.outcome === 'problem' ? [link.seen] : [],
    samples,
    reached,
  };
}

async function askLinkStates(session: Session, routers: readonly string[]): Promise<Evidence['links'][number][]> {
  const links: Evidence['links'][number][] = [];
  const options = { target: 'all', consolidation: 'none', timeoutMs: ASK_LIMIT_MS } as const;
  const ask = async (router: string): Promise<void> => {
    for await (const reply of session.get(`@/${router}/router/linkstate/*`, options)) {
      if (reply.ok) links.push(...parseLinkState(new TextDecoder().decode(reply.sample.payload)));
    }
  };
  await Promise.all(routers.map(ask));
  return links;
}

function seenRouter({ zid, name }: RouterInfo): RouterSeen {
  return { zid, name: name ?? zid };
}

/** Throws SessionError `link-lost` where the link goes before the time is over. */
function waitOnLink(session: Session, durationMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = session.onLink((link) => {
      if (link.state !== 'lost') return;
      end();
      reject(new SessionError('link-lost', link.reason));
    });
    const end = (): void => {
      clearTimeout(timer);
      stop();
    };
    const timer = setTimeout(() => {
      end();
      resolve();
    }, durationMs);
  });
}

async function countSamples(
  session: Session,
  routers: readonly string[],
  keyExpr: string,
  durationMs: number,
  ownZid: string,
): Promise<Pick<Evidence, 'samples' | 'reached'>> {
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
  await waitOnLink(session, durationMs);
  const endedAtMs = performance.now();
  count += subscriber.droppedCount;
  const { known } = await askDeclarations(session, routers, 'subscriber', keyExpr, ASK_LIMIT_MS);
  await subscriber.undeclare();
  const reached = known.filter((entry) => entry.keyExpr === keyExpr && entry.ofRouters.includes(ownZid));
  const samples = {
    count,
    bytes,
    overMs: Math.round(endedAtMs - startedAtMs),
    lastAgoMs: lastAtMs === undefined ? undefined : Math.max(0, Math.round(endedAtMs - lastAtMs)),
    lastKey,
    viaShm,
  };
  return { samples, reached: new Set([ownZid, ...reached.map(({ atRouter }) => atRouter)]) };
}
