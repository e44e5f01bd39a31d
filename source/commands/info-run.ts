import { EXIT_OK } from '../errors.ts';
import { plural } from '../view/format.ts';
import { scriptJson } from '../wire/exact-json.ts';
import { plainText } from '../wire/plain-text.ts';
import { getRouters, type RouterInfo } from '../zenoh/admin.ts';
import type { Session } from '../zenoh/session.ts';
import { booleanFlag, type Invocation } from './command.ts';
import { Output } from './output.ts';
import { withZenoh } from './zenoh-words.ts';

/** Routers answer in milliseconds; one with its admin space off never does. */
const ANSWER_MS = 1_000;

interface SessionInfo {
  readonly zid: string;
  readonly endpoint: string;
  readonly kind: Session['kind'];
  readonly routers: readonly RouterWords[];
  /** Zids, of every router's sessions. */
  readonly peers: readonly string[];
}

interface RouterWords {
  readonly zid: string;
  /** Whether the session goes through it. */
  readonly isOwn: boolean;
  /** What its admin space says; undefined where that is off. */
  readonly details: RouterInfo | undefined;
}

/** As zenoh's z_info, and what the routers tell of themselves. */
export async function runInfo(invocation: Invocation): Promise<number> {
  return withZenoh(invocation, async (session) => {
    const info = await readInfo(session);
    await new Output(process.stdout).write(booleanFlag(invocation, 'json') ? infoJson(info) : infoText(info));
    return EXIT_OK;
  });
}

async function readInfo(session: Session): Promise<SessionInfo> {
  const replies = await getRouters(session, { timeoutMs: ANSWER_MS });
  const known = replies.flatMap((reply) => (reply.ok ? [reply.router] : []));
  const own = session.link.state === 'connected' ? session.link.routerZid : undefined;
  const routers = known.map((details) => ({ zid: details.zid, isOwn: details.zid === own, details }));
  const isMissing = own !== undefined && !known.some(({ zid }) => zid === own);
  const peers = known.flatMap(({ sessions }) => sessions.filter(({ whatAmI }) => whatAmI === 'peer'));
  return {
    zid: session.zid,
    endpoint: session.endpoint,
    kind: session.kind,
    routers: [...(isMissing ? [{ zid: own, isOwn: true, details: undefined }] : []), ...routers].sort(
      (left, right) => Number(right.isOwn) - Number(left.isOwn) || (left.zid < right.zid ? -1 : 1),
    ),
    peers: [...new Set(peers.map(({ peer }) => peer))].sort(),
  };
}

function infoText({ zid, endpoint, kind, routers, peers }: SessionInfo): string {
  const lines = [
    `zid      ${plainText(zid)}  (${kind}, ${plainText(endpoint)})`,
    ...routers.map((router) => `router   ${plainText(router.zid)}${routerWords(router)}`),
    ...peers.map((peer) => `peer     ${plainText(peer)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function routerWords({ isOwn, details }: RouterWords): string {
  if (details === undefined) return '  (its admin space does not answer)';
  const { name, version, locators, sessions } = details;
  const words = [name, version, plural(sessions.length, 'session'), ...locators, isOwn ? '(this session’s)' : ''];
  return words.flatMap((word) => (word ? `  ${plainText(word)}` : [])).join('');
}

function infoJson({ zid, endpoint, kind, routers, peers }: SessionInfo): string {
  const record = {
    zid,
    endpoint,
    kind,
    routers: routers.map(({ zid: routerZid, isOwn, details }) => ({
      zid: routerZid,
      is_own: isOwn,
      name: details?.name,
      version: details?.version,
      locators: details?.locators,
      session_count: details?.sessions.length,
    })),
    peers,
  };
  return `${scriptJson(record)}\n`;
}
