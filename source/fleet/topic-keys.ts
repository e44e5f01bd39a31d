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

/** Whom to ask for what. */
export interface PageAddress {
  /** The same for the same page, also where it is asked of more routers. */
  readonly name: string;
  /** Zenoh ids. Each is asked by its own: of those behind a wildcard one may be new, and none that can be asked. */
  readonly routers: readonly string[];
  /** A key expression. */
  readonly keys: string;
}

export interface PlacedRouter {
  readonly zid: string;
  readonly name: string;
  /** Another one is never asked. */
  readonly isSafeToAsk?: boolean;
}

/** Up to so many of each, all is asked at once. */
const SMALL_FLEET = 8;

export interface FleetPlaces {
  readonly machines: readonly string[];
  readonly routers: readonly PlacedRouter[];
  /** The machine whose keys are asked first. */
  readonly first?: string;
}

/**
 * The pages of a fleet: all at once where it is small; a router at a time where there are many, since each knows the keys of its
 * own sessions; else a machine at a time.
 */
export function pagesOf({ machines, routers, first }: FleetPlaces): readonly PageAddress[] {
  // Ids are what others say they are, too.
  const safe = routers.filter(({ zid, isSafeToAsk }) => isSafeToAsk === true && /^[\da-f]{1,32}$/.test(zid));
  if (safe.length === 0) return [];
  if (safe.length > SMALL_FLEET) {
    return firstToFront(safe, ({ name }) => name === first).map(({ zid }) => ({
      name: zid,
      routers: [zid],
      keys: '**',
    }));
  }
  const zids = safe.map(({ zid }) => zid).sort();
  if (machines.length <= SMALL_FLEET) return [{ name: 'all', routers: zids, keys: '**' }];
  return firstToFront(machines, (machine) => machine === first).flatMap((machine) => {
    const keys = `bubbaloop/*/${machine}/**`;
    // Names are what others say they are.
    const isUsable = machine !== '' && !/[/*?#$]/.test(machine) && keyExprProblem(keys) === undefined;
    return isUsable ? [{ name: keys, routers: zids, keys }] : [];
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
  let [isLate, isCut] = [false, false];
  const ask = async (router: string): Promise<void> => {
    const options = { target: 'all', consolidation: 'none', ...limits } as const;
    for await (const reply of session.get(`@/${router}/router/${kind}/${page.keys}`, options)) {
      if (!reply.ok && reply.timedOut) isLate = true;
      const read = readHolders(reply, kind, page);
      if (read === undefined) continue;
      const [keyExpr, zids] = read;
      if (!holders.has(keyExpr) && holders.size >= maxKeys) {
        isCut = true;
        // Leaving the loop ends the question.
        return;
      }
      const known = holders.get(keyExpr) ?? new Set<string>();
      for (const zid of zids) if (!isOurs(session, zid)) known.add(zid);
      // What we alone subscribe to is nobody's.
      if (known.size > 0) holders.set(keyExpr, known);
    }
  };
  await Promise.all(page.routers.map(ask));
  return { holders, isCut, isLate };
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
 * Each router tells of its own clients and peers. Those of other routers it names by their router: these count where that
 * router is not asked, too, and tells for itself.
 */
function readHolders(
  reply: Reply,
  kind: string,
  { routers }: PageAddress,
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
  const zids = ['clients', 'peers', 'routers'].flatMap((role) => {
    const list: unknown = Reflect.get(holders, role);
    return Array.isArray(list)
      ? list.filter((zid) => typeof zid === 'string' && (role !== 'routers' || !routers.includes(zid)))
      : [];
  });
  return [reply.sample.keyExpr.slice(at + mark.length), zids];
}
