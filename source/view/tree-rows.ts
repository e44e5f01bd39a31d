/** The network as a tree: routers by their links, on each its machines with their nodes, and whoever else is connected. */

import { compareNames } from '../fleet/compare-names.ts';
import { routerLabel } from '../fleet/conditions.ts';
import type { Router, RouterSession } from '../fleet/state.ts';
import { hasName } from './links.ts';
import type { BaseRow, FleetRows, MachineRow, NodeRow, PeerRow, RouterRow } from './rows.ts';

export type TreeItem =
  /** `link`: to the router above it; undefined for one that stands at the top. */
  | {
      readonly kind: 'router';
      readonly row: RouterRow;
      readonly link?: 'up' | 'lost';
      readonly more: readonly string[];
    }
  /** `isPlaced`: a router tells of a session of its daemon. */
  | { readonly kind: 'machine'; readonly row: MachineRow; readonly isPlaced: boolean; readonly session?: RouterSession }
  | { readonly kind: 'node'; readonly row: NodeRow; readonly session?: RouterSession }
  /** Nodes of a machine that are not listed one by one, because the fleet is large and nothing is wrong with them. */
  | { readonly kind: 'folded'; readonly machine: string; readonly count: number }
  | { readonly kind: 'session'; readonly row: PeerRow };

export interface TreeRow extends BaseRow {
  readonly item: TreeItem;
  /** For each level below the top, whether more of the same branch follow below. Empty at the top. */
  readonly branch: readonly boolean[];
  /** The node, where it is one: what can be done to it in its own pane can be done here. */
  readonly nodeRow?: NodeRow;
}

/** A fleet of more nodes than this shows those alone one by one that something is wrong with. */
const MAX_SINGLE_NODES = 400;

interface Branch {
  readonly key: string;
  readonly item: TreeItem;
  readonly base: Pick<BaseRow, 'freshness' | 'lostSinceMs'>;
  readonly below: readonly Branch[];
}

/** Returns a function that makes the tree again only where what it is made of is not the same as before. */
export function createTreeMaker(): (rows: FleetRows) => readonly TreeRow[] {
  let last: Pick<FleetRows, 'machines' | 'routers' | 'peers' | 'nodes'> | undefined;
  let tree: readonly TreeRow[] = [];
  return (rows) => {
    const { machines, routers, peers, nodes } = rows;
    const isSame =
      last?.machines === machines && last.routers === routers && last.peers === peers && last.nodes === nodes;
    if (!isSame) {
      last = { machines, routers, peers, nodes };
      tree = flatten(plant(rows), []);
    }
    return tree;
  };
}

function flatten(branches: readonly Branch[], above: readonly boolean[], isTop = true): readonly TreeRow[] {
  return branches.flatMap(({ key, item, base, below }, index) => {
    const branch = isTop ? [] : [...above, index < branches.length - 1];
    const nodeRow = item.kind === 'node' ? { nodeRow: item.row } : {};
    return [{ key, item, branch, ...base, ...nodeRow }, ...flatten(below, branch, false)];
  });
}

function plant(rows: FleetRows): readonly Branch[] {
  const guests = guestsOf(rows);
  const links = linksOf(rows.routers);
  const placed = new Set<string>();
  const grow = (row: RouterRow, from: RouterRow | undefined): Branch => {
    placed.add(row.key);
    const next = [...(links.get(row.key) ?? [])].filter((zid) => !placed.has(zid));
    for (const zid of next) placed.add(zid);
    const routers = next.flatMap((zid) => {
      const child = rows.routers.find((one) => one.key === zid);
      return child === undefined ? [] : [grow(child, row)];
    });
    const others = [...(links.get(row.key) ?? [])].filter((zid) => zid !== from?.key && !next.includes(zid));
    const more = others.flatMap((zid) => rows.routers.find((one) => one.key === zid)?.router ?? []).map(routerLabel);
    const link = from === undefined ? undefined : isUp(row, from) ? 'up' : 'lost';
    return {
      key: `router ${row.key}`,
      item: { kind: 'router', row, link, more },
      base: row,
      below: [...routers, ...(guests.machines.get(row.key) ?? []), ...(guests.others.get(row.key) ?? [])],
    };
  };
  const tops: Branch[] = [];
  // The router that most others are linked to is the trunk; what hangs on no other stands beside it.
  const order = [...rows.routers].sort((a, b) => (links.get(b.key)?.size ?? 0) - (links.get(a.key)?.size ?? 0));
  const central = order.find((row) => row.router.name === 'central') ?? order[0];
  for (const row of central === undefined ? [] : [central, ...order]) {
    if (!placed.has(row.key)) tops.push(grow(row, undefined));
  }
  return [...tops, ...guests.homeless];
}

/** Which routers are linked, as either of the two tells. In order of names, so that the tree stays as it is. */
function linksOf(routers: readonly RouterRow[]): ReadonlyMap<string, ReadonlySet<string>> {
  const pairs = routers.flatMap(({ key, router }) =>
    router.sessions.filter(isToRouter).flatMap(({ zid }) => [
      [key, zid],
      [zid, key],
    ]),
  );
  const order = new Map(routers.map((row, index) => [row.key, index] as const));
  pairs.sort(([, a = ''], [, b = '']) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  const links = new Map<string, Set<string>>();
  for (const [from = '', to = ''] of pairs) {
    if (from === to || !order.has(from) || !order.has(to)) continue;
    links.set(from, (links.get(from) ?? new Set()).add(to));
  }
  return links;
}

function isToRouter(session: RouterSession): boolean {
  return session.whatAmI === 'router';
}

function isUp(a: RouterRow, b: RouterRow): boolean {
  const tells = ({ router, freshness }: RouterRow, other: Router): boolean =>
    freshness !== 'lost' && router.sessions.some((session) => session.zid === other.zid);
  return a.freshness !== 'lost' && b.freshness !== 'lost' && (tells(a, b.router) || tells(b, a.router));
}

interface Guests {
  readonly machines: ReadonlyMap<string, readonly Branch[]>;
  /** Sessions that are neither a router's, a daemon's nor a known node's. */
  readonly others: ReadonlyMap<string, readonly Branch[]>;
  /** Machines that no router tells of. */
  readonly homeless: readonly Branch[];
}

function guestsOf(rows: FleetRows): Guests {
  const byName = new Map<string, PeerRow>();
  for (const peer of rows.peers) for (const name of namesOf(peer.who)) byName.set(name, peer);
  const nodes = new Map<string, NodeRow[]>();
  for (const row of rows.nodes) {
    const of = nodes.get(row.machine);
    if (of === undefined) nodes.set(row.machine, [row]);
    else of.push(row);
  }
  const isLarge = rows.nodes.length > MAX_SINGLE_NODES;
  const taken = new Set<string>();
  const machines = new Map<string, Branch[]>();
  const homeless: Branch[] = [];
  for (const row of rows.machines) {
    const peer = byName.get(`${row.key} daemon`);
    const own = nodes.get(row.key) ?? [];
    if (peer !== undefined) taken.add(peer.key);
    for (const node of own) {
      const nodePeer = byName.get(node.key);
      if (nodePeer !== undefined) taken.add(nodePeer.key);
    }
    // Without a session of its daemon: one of its nodes, or a router of its name.
    const at =
      (peer ?? own.map((node) => byName.get(node.key)).find((found) => found !== undefined))?.key.split('/')[0] ??
      rows.routers.find((router) => router.router.name === row.key)?.key;
    const shown = isLarge ? own.filter(isRemarkable) : own;
    const below: Branch[] = shown.map((node) => ({
      key: `node ${node.key}`,
      item: { kind: 'node', row: node, session: byName.get(node.key)?.session },
      base: node,
      below: [],
    }));
    const folded = own.length - shown.length;
    if (folded > 0) {
      const item = { kind: 'folded', machine: row.key, count: folded } as const;
      below.push({ key: `folded ${row.key}`, item, base: row, below: [] });
    }
    const branch: Branch = {
      key: `machine ${row.key}`,
      item: { kind: 'machine', row, isPlaced: at !== undefined, session: peer?.session },
      base: row,
      below,
    };
    if (at === undefined) homeless.push(branch);
    else machines.set(at, [...(machines.get(at) ?? []), branch]);
  }
  const others = new Map<string, Branch[]>();
  const strangers = rows.peers.filter((peer) => peer.session.whatAmI !== 'router' && !taken.has(peer.key));
  for (const row of strangers.sort((a, b) => compareNames(a.at + a.key, b.at + b.key))) {
    const at = row.key.split('/')[0] ?? '';
    const branch: Branch = { key: `session ${row.key}`, item: { kind: 'session', row }, base: row, below: [] };
    const of = others.get(at);
    if (of === undefined) others.set(at, [branch]);
    else of.push(branch);
  }
  return { machines, others, homeless };
}

/** `jetson_1 daemon jetson_1/a`: what a session's tokens call it, one by one. */
function namesOf(who: string): readonly string[] {
  return [...who.matchAll(/(\S+ daemon)(?= |$)|\S+\/\S+/g)].map(([name]) => name).filter((name) => hasName(who, name));
}

function isRemarkable({ node, freshness }: NodeRow): boolean {
  return (
    freshness === 'live' &&
    ((node.status !== 'running' && node.status !== 'stopped') ||
      node.health === 'unhealthy' ||
      node.outputs === 'quiet')
  );
}
