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
}

export interface PageLimits {
  readonly maxKeys: number;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** A page that holds the keys of one machine; undefined where its name cannot be part of a key. */
export function machinePage(machine: string): string | undefined {
  const page = `bubbaloop/*/${machine}/**`;
  return machine === '' || /[/*?#$]/.test(machine) || keyExprProblem(page) !== undefined ? undefined : page;
}

/** All keys, for a network that is small. */
export const EVERY_KEY = '**';

/** Asks all routers for one page. Our own session's declarations are left out. Throws as `session.get` does. */
export async function askTopicPage(session: Session, page: string, limits: PageLimits): Promise<TopicPage> {
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
  };
}

function addAll(set: Set<string> | undefined, more: ReadonlySet<string>): void {
  for (const one of more) set?.add(one);
}

interface Declared {
  readonly holders: Map<string, Set<string>>;
  readonly isCut: boolean;
}

async function askDeclared(
  session: Session,
  kind: 'publisher' | 'subscriber',
  page: string,
  { maxKeys, ...limits }: PageLimits,
): Promise<Declared> {
  const holders = new Map<string, Set<string>>();
  for await (const reply of session.get(`@/*/router/${kind}/${page}`, {
    target: 'all',
    consolidation: 'none',
    ...limits,
  })) {
    const read = readHolders(reply, kind);
    if (read === undefined) continue;
    const [keyExpr, zids] = read;
    // Leaving the loop ends the question.
    if (!holders.has(keyExpr) && holders.size >= maxKeys) return { holders, isCut: true };
    const known = holders.get(keyExpr) ?? new Set<string>();
    for (const zid of zids) if (zid !== session.zid) known.add(zid);
    // What we alone subscribe to is nobody's.
    if (known.size > 0) holders.set(keyExpr, known);
  }
  return { holders, isCut: false };
}

/** Each router tells of its own clients and peers; those of other routers it names by their router, which tells itself. */
function readHolders(reply: Reply, kind: string): readonly [keyExpr: string, zids: readonly string[]] | undefined {
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
  const zids = ['clients', 'peers'].flatMap((role) => {
    const list: unknown = Reflect.get(holders, role);
    return Array.isArray(list) ? list.filter((zid) => typeof zid === 'string') : [];
  });
  return [reply.sample.keyExpr.slice(at + mark.length), zids];
}
