/** Which keys are published and subscribed to, from the routers' admin space, a page at a time. */
import { keyExprIntersects, keyExprProblem } from '../zenoh/key-expr.ts';
import type { Reply, Session } from '../zenoh/session.ts';

export interface TopicKey {
  readonly keyExpr: string;
  /** Zenoh ids, each once. */
  readonly publishers: readonly string[];
  readonly subscribers: readonly string[];
}

export interface TopicPage {
  /** By key expression. */
  readonly keys: ReadonlyMap<string, TopicKey>;
  /** There are more than were taken. */
  readonly isCut: boolean;
  /** Somebody did not answer in time. */
  readonly isLate: boolean;
}

export interface PageLimits {
  readonly maxKeys: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Whom to ask for what, in one question. */
export interface PageAddress {
  /** A router's zenoh id; `*` for all. */
  readonly router: string;
  /** A key expression. */
  readonly keys: string;
}

/** Up to so many of each, all is asked at once. */
const SMALL_FLEET = 8;

export interface FleetPlaces {
  readonly machines: readonly string[];
  readonly routers: readonly { readonly zid: string; readonly name: string }[];
  /** The machine whose keys are asked first. */
  readonly first?: string;
}

/**
 * The pages of a fleet: all at once where it is small; a router at a time where there are many, since each knows the keys of its
 * own sessions; else a machine at a time.
 */
export function pagesOf({ machines, routers, first }: FleetPlaces): readonly PageAddress[] {
  if (routers.length > SMALL_FLEET) {
    return firstToFront(routers, ({ name }) => name === first).map(({ zid }) => ({ router: zid, keys: '**' }));
  }
  if (machines.length <= SMALL_FLEET) return [{ router: '*', keys: '**' }];
  return firstToFront(machines, (machine) => machine === first).flatMap((machine) => {
    const keys = `bubbaloop/*/${machine}/**`;
    // Names are what others say they are.
    const isUsable = machine !== '' && !/[/*?#$]/.test(machine) && keyExprProblem(keys) === undefined;
    return isUsable ? [{ router: '*', keys }] : [];
  });
}

function firstToFront<T>(list: readonly T[], isFirst: (item: T) => boolean): readonly T[] {
  return [...list.filter(isFirst), ...list.filter((item) => !isFirst(item))];
}

/** Asks for one page. Our own session's declarations are left out. Throws as `session.get` does. */
export async function askTopicPage(session: Session, page: PageAddress, limits: PageLimits): Promise<TopicPage> {
  const published = await askDeclared(session, 'publisher', page, limits);
  const subscribed = await askDeclared(session, 'subscriber', page, limits);
  const keys = new Map<string, { readonly publishers: Set<string>; readonly subscribers: Set<string> }>();
  for (const [keyExpr, zids] of published.holders) keys.set(keyExpr, { publishers: zids, subscribers: new Set() });
  const patterns: (readonly [keyExpr: string, zids: ReadonlySet<string>])[] = [];
  for (const [keyExpr, zids] of subscribed.holders) {
    if (/[*$]/.test(keyExpr)) patterns.push([keyExpr, zids]);
    else if (keys.has(keyExpr)) addAll(keys.get(keyExpr)?.subscribers, zids);
    // Somebody waits for what nobody sends: worth a line.
    else if (zids.size > 0) keys.set(keyExpr, { publishers: new Set(), subscribers: new Set(zids) });
  }
  for (const [pattern, zids] of patterns) {
    for (const [keyExpr, { subscribers }] of keys) if (keyExprIntersects(pattern, keyExpr)) addAll(subscribers, zids);
  }
  return {
    keys: new Map(
      [...keys].map(([keyExpr, { publishers, subscribers }]) => [
        keyExpr,
        { keyExpr, publishers: [...publishers].sort(), subscribers: [...subscribers].sort() },
      ]),
    ),
    isCut: published.isCut || subscribed.isCut,
    isLate: published.isLate || subscribed.isLate,
  };
}

function addAll(set: Set<string> | undefined, more: ReadonlySet<string>): void {
  for (const one of more) set?.add(one);
}

interface Declared {
  readonly holders: Map<string, Set<string>>;
  readonly isCut: boolean;
  readonly isLate: boolean;
}

async function askDeclared(
  session: Session,
  kind: 'publisher' | 'subscriber',
  page: PageAddress,
  { maxKeys, ...limits }: PageLimits,
): Promise<Declared> {
  const holders = new Map<string, Set<string>>();
  let isLate = false;
  for await (const reply of session.get(`@/${page.router}/router/${kind}/${page.keys}`, {
    target: 'all',
    consolidation: 'none',
    ...limits,
  })) {
    if (!reply.ok && reply.timedOut) isLate = true;
    const read = readHolders(reply, kind, page);
    if (read === undefined) continue;
    const [keyExpr, zids] = read;
    // Leaving the loop ends the question.
    if (!holders.has(keyExpr) && holders.size >= maxKeys) return { holders, isCut: true, isLate };
    const known = holders.get(keyExpr) ?? new Set<string>();
    for (const zid of zids) if (!isOurs(session, zid)) known.add(zid);
    // What we alone subscribe to is nobody's.
    if (known.size > 0) holders.set(keyExpr, known);
  }
  return { holders, isCut: false, isLate };
}

/** Over a WebSocket all have the router's own id, and cannot be told from us: they are not counted. */
function isOurs(session: Session, zid: string): boolean {
  return withoutZeros(zid) === withoutZeros(session.zid);
}

/** Some write an id with its leading zeros, some without. */
function withoutZeros(zid: string): string {
  return zid.replace(/^0+/, '');
}

/**
 * Each router tells of its own clients and peers. Those of other routers it names by their router: these count where only one
 * router is asked, and tell for themselves where all are.
 */
function readHolders(
  reply: Reply,
  kind: string,
  { router }: PageAddress,
): readonly [keyExpr: string, zids: readonly string[]] | undefined {
  if (!reply.ok) return undefined;
  const mark = `/router/${kind}/`;
  const at = reply.sample.keyExpr.indexOf(mark);
  if (at < 0) return undefined;
  let holders: unknown;
  try {
    holders = JSON.parse(new TextDecoder().decode(reply.sample.payload));
  } catch {
    // Another program may answer here, with anything: it is no router, and tells nothing of keys.
    return undefined;
  }
  if (typeof holders !== 'object' || holders === null) return undefined;
  const roles = router === '*' ? ['clients', 'peers'] : ['clients', 'peers', 'routers'];
  const zids = roles.flatMap((role) => {
    const list: unknown = Reflect.get(holders, role);
    return Array.isArray(list)
      ? list.filter((zid) => typeof zid === 'string' && (role !== 'routers' || zid !== router))
      : [];
  });
  return [reply.sample.keyExpr.slice(at + mark.length), zids];
}
