/** Who declared what at which router, by the admin space: `@/{zid}/router/{kind}/{keyExpr}`, see wire-format. */
import type { Reply, Session } from '../../zenoh/session.ts';

export type DeclarationKind = 'publisher' | 'subscriber' | 'queryable' | 'token';

export interface Declared {
  readonly keyExpr: string;
  /** Router that the program is connected to. */
  readonly routerZid: string;
  /** Empty for a program inside the router: who comes by WebSocket or REST. */
  readonly zid: string;
}

/** A subscription that a router knows of, and at which routers it was made. */
export interface Known {
  readonly keyExpr: string;
  readonly atRouter: string;
  readonly ofRouters: readonly string[];
}

export interface Declarations {
  readonly declared: readonly Declared[];
  readonly known: readonly Known[];
  /** More than could be read in time, or than is kept. */
  readonly isCut: boolean;
}

const MAX_REPLIES = 20_000;

/** What `keyExpr` meets, of one kind, at these routers: zenoh ids, or `*` for all. Throws as `Session.get`. */
export async function askDeclarations(
  session: Session,
  routers: readonly string[],
  kind: DeclarationKind,
  keyExpr: string,
  timeoutMs: number,
): Promise<Declarations> {
  const parts = await Promise.all(routers.map((router) => askRouter(session, router, kind, keyExpr, timeoutMs)));
  return {
    declared: parts.flatMap(({ declared }) => declared),
    known: parts.flatMap(({ known }) => known),
    isCut: parts.some(({ isCut }) => isCut),
  };
}

/** With what the routers that were asked tell of those that were not: who declared it there is not known. */
export function withTold({ declared, known, isCut }: Declarations, unasked: readonly string[]): Declarations {
  const told = new Map(
    known.flatMap(({ keyExpr, ofRouters }) =>
      unasked.flatMap((routerZid) =>
        ofRouters.includes(routerZid) ? [[`${routerZid} ${keyExpr}`, { keyExpr, routerZid, zid: '' }] as const] : [],
      ),
    ),
  );
  return { declared: [...declared, ...told.values()], known, isCut };
}

async function askRouter(
  session: Session,
  router: string,
  kind: DeclarationKind,
  keyExpr: string,
  timeoutMs: number,
): Promise<Declarations> {
  const declared: Declared[] = [];
  const known: Known[] = [];
  let isCut = false;
  const selector = `@/${router}/router/${kind}/${keyExpr}`;
  for await (const reply of session.get(selector, { target: 'all', consolidation: 'none', timeoutMs })) {
    if (!reply.ok && reply.timedOut) isCut = true;
    const read = readReply(reply, kind);
    if (read === undefined) continue;
    const { routerZid, expr, routers, programs } = read;
    known.push({
      keyExpr: expr,
      atRouter: routerZid,
      ofRouters: programs.length > 0 ? [...routers, routerZid] : routers,
    });
    for (const zid of programs) if (zid !== session.zid) declared.push({ keyExpr: expr, routerZid, zid });
    if (programs.length === 0 && routers.includes(routerZid)) declared.push({ keyExpr: expr, routerZid, zid: '' });
    if (known.length >= MAX_REPLIES) return { declared, known, isCut: true };
  }
  return { declared, known, isCut };
}

interface Read {
  readonly routerZid: string;
  readonly expr: string;
  readonly routers: readonly string[];
  readonly programs: readonly string[];
}

/** Undefined for what is no such reply. */
export function readReply(reply: Reply, kind: DeclarationKind): Read | undefined {
  if (!reply.ok) return undefined;
  const [, routerZid = '', expr = ''] = new RegExp(`^@/([^/]+)/router/${kind}/(.+)$`).exec(reply.sample.keyExpr) ?? [];
  if (expr === '') return undefined;
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(reply.sample.payload));
    const list = (role: string): string[] => {
      const value: unknown = typeof json === 'object' && json !== null ? Reflect.get(json, role) : undefined;
      return Array.isArray(value) ? value.filter((zid) => typeof zid === 'string') : [];
    };
    return { routerZid, expr, routers: list('routers'), programs: [...list('clients'), ...list('peers')] };
  } catch {
    // One router that answers rubbish hides no other.
    return undefined;
  }
}
