/** Where an alert or an event leads: to the machine, node, router or session that it is about, and what belongs to that. */
import type { Subject } from '../fleet/changes.ts';
import { routerLabel } from '../fleet/conditions.ts';
import { formatTime } from './format.ts';
import { filterLink, type Links, machineLinks, rowLink, sessionLinks } from './links.ts';
import type { DetailsContext } from './pane.ts';

type SubjectContext = Pick<DetailsContext, 'state' | 'rows'>;

/** In a recording: the moment at which something happened. */
export function momentLink({ isReplay }: DetailsContext, atMs: number): Links[number] {
  return isReplay === true ? { label: `at ${formatTime(atMs)}`, to: { kind: 'moment', atMs } } : undefined;
}

/** The nearest first. What has gone since has no link. */
export function subjectLinks(subject: Subject, context: SubjectContext): Links {
  if (subject.node !== undefined) return nodeLinks(subject.machine, subject.node, context);
  if (subject.machine !== undefined) return machineSubjectLinks(subject.machine, context);
  if (subject.router !== undefined) return routerSubjectLinks(subject.router, subject.session, context);
  return [];
}

function nodeLinks(machine = '', node: string, { state, rows }: SubjectContext): Links {
  const row = rows.nodes.find((one) => one.machine === machine && one.node.name === node);
  return [
    rowLink(`node ${node}`, 'nodes', row),
    row && { label: 'log', to: { kind: 'logs', machine, node } },
    ...machineLinks(machine, rows),
    ...(row === undefined ? [] : sessionLinks(row.key, state, rows)),
    eventsLink(`${machine}/${node}`),
  ];
}

function machineSubjectLinks(machine: string, { state, rows }: SubjectContext): Links {
  const [itself, shm] = machineLinks(machine, rows);
  const failed = rows.nodes.find((row) => row.machine === machine && row.node.status === 'failed');
  return [
    itself,
    itself && filterLink('nodes', 'nodes', [['machine=', machine]]),
    rowLink(`failed ${failed?.node.name}`, 'nodes', failed),
    shm,
    ...sessionLinks(`${machine} daemon`, state, rows),
    machineEventsLink(machine),
  ];
}

function routerSubjectLinks(zid: string, session: string | undefined, { rows }: SubjectContext): Links {
  const row = rows.routers.find(({ key }) => key === zid);
  const other = rows.routers.find(({ key }) => key === session);
  const name = row === undefined ? '' : routerLabel(row.router);
  return [
    session === undefined
      ? undefined
      : rowLink(
          `session ${session.slice(0, 8)}`,
          'peers',
          rows.peers.find(({ key }) => key === `${zid}/${session}`),
        ),
    rowLink(`router ${name}`, 'routers', row),
    other && rowLink(`router ${routerLabel(other.router)}`, 'routers', other),
    row && filterLink('sessions', 'peers', [['at=', name]]),
    rowLink(
      `machine ${name}`,
      'machines',
      rows.machines.find(({ key }) => key === name),
    ),
    row && { label: 'in the tree', to: { kind: 'place', pane: 'tree', key: `router ${zid}` } },
    row && eventsLink(name),
  ];
}

/** All that happened to a machine and its nodes. */
export function machineEventsLink(machine: string): Links[number] {
  if (!/^[\w.-]+$/.test(machine)) return undefined;
  const filter = `subject:/^${machine.replaceAll('.', '\\.')}\\b/`;
  return { label: 'events', to: { kind: 'filter', pane: 'events', filter } };
}

/** All that happened to a node or router. */
export function eventsLink(subject: string): Links[number] {
  return filterLink('events', 'events', [['subject=', subject]]);
}
