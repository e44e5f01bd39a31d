/** The Peers pane: who is connected to the routers, and how. */

import type { Column } from './column.ts';
import { type DetailsTable, fieldTable } from './details-table.ts';
import { hasName, type Links, routerLink, rowLink } from './links.ts';
import { type DetailsContext, definePane } from './pane.ts';
import type { PeerRow } from './rows.ts';
import { nameColumn, wordColumn } from './shared-columns.ts';

export const PEER_COLUMNS: readonly Column<PeerRow>[] = [
  {
    id: 'zid',
    title: 'ZID',
    align: 'left',
    width: 8,
    drop: 2,
    cell: (row) => ({ text: row.session.zid.slice(0, 8), style: 'dim' }),
    text: (row) => row.session.zid,
  },
  wordColumn({ id: 'as', title: 'AS', width: 7, drop: 1 }, ({ session }) => session.whatAmI, 'plain'),
  nameColumn({ id: 'who', title: 'WHO', width: 16, flex: 2, maxWidth: 48, drop: 0 }, ({ who }) => who),
  wordColumn({ id: 'at', title: 'AT', width: 9, flex: 1, maxWidth: 24, drop: 3 }, ({ at }) => at),
  {
    id: 'shm',
    title: 'SHM',
    align: 'left',
    width: 3,
    drop: 4,
    cell: ({ session }) => {
      if (session.shm === undefined) return { text: '?', style: 'dim' };
      return session.shm ? { text: 'yes', style: 'good' } : { text: 'no', style: 'dim' };
    },
    text: ({ session }) => (session.shm === undefined ? '' : session.shm ? 'yes' : 'no'),
  },
  {
    id: 'link',
    title: 'FROM',
    align: 'left',
    width: 18,
    flex: 2,
    maxWidth: 48,
    drop: 5,
    cell: (row) => ({ text: row.session.links[0]?.dst ?? '', style: 'dim' }),
    text: (row) => row.session.links.map((link) => `${link.src} ${link.dst}`).join(' '),
  },
];

function peerDetails({ session, who, at }: PeerRow): DetailsTable {
  return fieldTable(`session ${session.zid}`, [
    ['Zenoh id', session.zid],
    ['Role', session.whatAmI],
    ['Who', who === '' ? 'unknown (it has no liveliness token)' : who],
    ['Router', at],
    ['Shared memory', session.shm === undefined ? 'the router does not say' : session.shm ? 'yes' : 'no'],
    ...session.links.map((link, index) => [`Link ${index + 1}`, `${link.src} to ${link.dst}`] as const),
  ]);
}

function peerLinks(row: PeerRow, { rows }: DetailsContext): Links {
  const nodes = rows.nodes.filter((node) => hasName(row.who, node.key));
  const machines = rows.machines.filter(({ key }) => hasName(row.who, `${key} daemon`));
  return [
    routerLink(row, rows),
    ...machines.slice(0, 2).map(({ key, machine }) => rowLink(`machine ${machine.id}`, 'machines', { key })),
    ...nodes.slice(0, 3).map((node) => rowLink(`node ${node.node.name}`, 'nodes', node)),
  ];
}

export const PEERS_PANE = definePane<PeerRow>({
  id: 'peers',
  title: 'Peers',
  tab: 'Peers',
  help: 'peers',
  empty: () => 'No router has reported a session yet.',
  columns: PEER_COLUMNS,
  rows: (fleet) => fleet.peers,
  details: peerDetails,
  links: peerLinks,
});
