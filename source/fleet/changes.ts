/**
 * What an event changed, in words. Costs what has changed: records that are the same object are not looked into, and
 * machines and routers are compared only where their map is another one.
 */
import { routerLabel } from './conditions.ts';
import type { FleetNode, FleetState, Machine, Router } from './state.ts';
import { nodeKey } from './state.ts';

export type ChangeKind = 'link' | 'machine' | 'node' | 'router' | 'session' | 'alert';

/** Which records of the state something is about: a machine, a node on it, a router by its zenoh id, a session there by its. */
export interface Subject {
  readonly machine?: string;
  readonly node?: string;
  readonly router?: string;
  readonly session?: string;
}

export interface Change {
  readonly kind: ChangeKind;
  /** `good` and `info` are no trouble. */
  readonly tone: 'bad' | 'warn' | 'good' | 'info';
  /** What it is about: `jetson_1/gripper`. Untrusted text. */
  readonly subject: string;
  /** What happened. Untrusted text. */
  readonly text: string;
  /** The same as `subject`, for programs; absent where it is about nothing of the state. */
  readonly about?: Subject;
}

/**
 * @param isInventory Nobody has been heard yet: who appears was there before, which is no news.
 */
export function changesBetween(before: FleetState, after: FleetState, isInventory: boolean): readonly Change[] {
  if (before === after) return NONE;
  const changes: Change[] = [];
  if (before.link !== after.link) linkChange(before, after, changes);
  if (before.routers !== after.routers) {
    eachDifference(before.routers, after.routers, (old, now) => routerChanges(old, now, after, isInventory, changes));
  }
  if (before.machines !== after.machines) {
    eachDifference(before.machines, after.machines, (old, now) => machineChanges(old, now, isInventory, changes));
  }
  return changes.length === 0 ? NONE : changes;
}

const NONE: readonly Change[] = [];

function eachDifference<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  tell: (old: T | undefined, now: T | undefined) => void,
): void {
  let shared = 0;
  for (const [key, now] of after) {
    const old = before.get(key);
    if (old !== undefined) shared += 1;
    if (old !== now) tell(old, now);
  }
  if (shared === before.size) return;
  for (const [key, old] of before) if (!after.has(key)) tell(old, undefined);
}

function linkChange(before: FleetState, after: FleetState, changes: Change[]): void {
  const { link } = after;
  if (before.link.state === link.state) return;
  const subject = after.endpoint;
  if (link.state === 'connected') {
    changes.push({ kind: 'link', tone: 'good', subject, text: 'connected', about: { router: link.routerZid } });
  }
  if (link.state === 'lost') changes.push({ kind: 'link', tone: 'bad', subject, text: `link lost: ${link.reason}` });
}

function machineChanges(
  old: Machine | undefined,
  now: Machine | undefined,
  isInventory: boolean,
  changes: Change[],
): void {
  const subject = now?.id ?? old?.id ?? '';
  const about: Subject = { machine: subject };
  const tell = (tone: Change['tone'], text: string): void => {
    changes.push({ kind: 'machine', tone, subject, text, about });
  };
  if (now === undefined) {
    tell('warn', 'forgotten: it has not answered for long');
    return;
  }
  if (old === undefined) {
    if (!isInventory) tell('info', `appeared with ${now.nodes.length} ${now.nodes.length === 1 ? 'node' : 'nodes'}`);
    return;
  }
  if (old.lostSinceMs === undefined && now.lostSinceMs !== undefined) tell('bad', 'has stopped answering');
  if (old.lostSinceMs !== undefined && now.lostSinceMs === undefined) tell('good', 'answers again');
  if (old.daemon !== now.daemon && old.daemon !== undefined && now.daemon !== undefined) {
    const { version } = now.daemon;
    if (version !== old.daemon.version) tell('info', `daemon ${old.daemon.version} became ${version}`);
    if (now.daemon.upSinceMs - old.daemon.upSinceMs > RESTART_MS) tell('warn', 'its daemon was started again');
  }
  if (old.rivals === undefined && now.rivals !== undefined) tell('bad', `also claimed: ${now.rivals.join(' and ')}`);
  if (old.rivals !== undefined && now.rivals === undefined) tell('good', 'is claimed by one computer again');
  if (old.nodes !== now.nodes)
    nodeListChanges(now.id, old.nodes, now.nodes, isInventory || old.nodes.length === 0, changes);
}

/** A start that moves by less is the time that an answer was under way. */
const RESTART_MS = 5_000;

/** Both lists are in order of their names. */
function nodeListChanges(
  machine: string,
  old: readonly FleetNode[],
  now: readonly FleetNode[],
  isInventory: boolean,
  changes: Change[],
): void {
  const known = old.length === now.length && old.every((node, index) => node.name === now[index]?.name);
  const byName = known ? undefined : new Map(old.map((node) => [node.name, node]));
  for (const [index, node] of now.entries()) {
    const before = byName === undefined ? old[index] : byName.get(node.name);
    byName?.delete(node.name);
    if (before === node) continue;
    const subject = nodeKey(machine, node.name);
    const about = { machine, node: node.name };
    if (before !== undefined) nodeChanges(about, before, node, changes);
    else if (!isInventory) changes.push({ kind: 'node', tone: 'info', subject, text: `added, ${node.status}`, about });
  }
  for (const node of byName?.keys() ?? []) {
    const about = { machine, node };
    changes.push({ kind: 'node', tone: 'info', subject: nodeKey(machine, node), text: 'removed', about });
  }
}

function nodeChanges(
  about: { readonly machine: string; readonly node: string },
  old: FleetNode,
  now: FleetNode,
  changes: Change[],
): void {
  const subject = nodeKey(about.machine, about.node);
  const tell = (tone: Change['tone'], text: string): void => {
    changes.push({ kind: 'node', tone, subject, text, about });
  };
  const restarts = (now.restartCount ?? 0) - (old.restartCount ?? 0);
  if (old.status !== now.status) {
    const exit = now.status === 'failed' && now.lastExit !== '' ? `: ${now.lastExit}` : '';
    const pid = now.status === 'running' && now.pid !== undefined ? `, pid ${now.pid}` : '';
    tell(
      now.status === 'failed' ? 'bad' : now.status === 'running' ? 'good' : 'info',
      `${old.status} became ${now.status}${exit}${pid}`,
    );
  } else if (now.status === 'running' && old.pid !== now.pid && now.pid !== undefined) {
    const why = restarts > 0 && now.lastExit !== '' ? ` after ${now.lastExit}` : '';
    tell('warn', `started again${why}, pid ${old.pid ?? '-'} became ${now.pid}`);
  } else if (restarts > 0) tell('warn', `restarts ${old.restartCount ?? 0} became ${now.restartCount ?? 0}`);
  if (old.version !== now.version) tell('info', `version ${old.version || '-'} became ${now.version || '-'}`);
  if (old.health !== now.health && now.status === 'running') {
    if (now.health === 'unhealthy') tell('bad', 'unhealthy: no heartbeat');
    if (old.health === 'unhealthy' && now.health === 'healthy') tell('good', 'healthy again');
  }
  if (old.startsAtBoot !== now.startsAtBoot) tell('info', now.startsAtBoot ? 'enabled' : 'disabled');
}

function routerChanges(
  old: Router | undefined,
  now: Router | undefined,
  state: FleetState,
  isInventory: boolean,
  changes: Change[],
): void {
  const subject = routerLabel(now ?? old);
  const about: Subject = { router: (now ?? old)?.zid };
  const tell = (tone: Change['tone'], text: string): void => {
    changes.push({ kind: 'router', tone, subject, text, about });
  };
  if (now === undefined) {
    tell('warn', `gone, zenoh id ${old?.zid.slice(0, 8) ?? ''}`);
    return;
  }
  if (old === undefined) {
    if (!isInventory) tell('info', `appeared, ${now.version}, zenoh id ${now.zid.slice(0, 8)}`);
    return;
  }
  if (old.lostSinceMs === undefined && now.lostSinceMs !== undefined) tell('warn', 'has stopped answering');
  if (old.lostSinceMs !== undefined && now.lostSinceMs === undefined) tell('good', 'answers again');
  if (old.version !== now.version) tell('info', `version ${old.version} became ${now.version}`);
  if (old.sessions === now.sessions || isInventory) return;
  const before = new Map(old.sessions.map((session) => [session.zid, session]));
  for (const session of now.sessions) {
    if (before.delete(session.zid)) continue;
    const who = sessionName(state, session.zid);
    changes.push({
      kind: 'session',
      tone: 'info',
      subject,
      text: `${session.whatAmI} ${who} has a session`,
      about: { router: now.zid, session: session.zid },
    });
  }
  for (const session of before.values()) {
    const tone = session.whatAmI === 'router' ? 'warn' : 'info';
    changes.push({
      kind: 'session',
      tone,
      subject,
      text: `${session.whatAmI} ${sessionName(state, session.zid)} has gone`,
      about: { router: now.zid, session: session.zid },
    });
  }
}

function sessionName(state: FleetState, zid: string): string {
  const router = state.routers.get(zid);
  return router === undefined ? (state.names.get(zid) ?? zid.slice(0, 8)) : routerLabel(router);
}
