/** The Routers pane. */

import { routerLabel } from '../fleet/conditions.ts';
import type { Column } from './column.ts';
import { type DetailsTable, fieldTable } from './details-table.ts';
import { formatBytes } from './format.ts';
import { filterLink, type Links, rowLink } from './links.ts';
import { type DetailsContext, definePane } from './pane.ts';
import type { RouterRow } from './rows.ts';
import { figureColumn, nameColumn, presenceSign, wordColumn } from './shared-columns.ts';
import { versionSpan } from './versions.ts';

export const ROUTER_COLUMNS: readonly Column<RouterRow>[] = [
  nameColumn({ id: 'name', title: 'NAME', width: 8, flex: 2, maxWidth: 24, drop: 0 }, ({ router }) =>
    routerLabel(router),
  ),
  {
    id: 'version',
    title: 'VERSION',
    align: 'left',
    width: 8,
    maxWidth: 14,
    flex: 1,
    drop: 2,
    cell: (row, { usual, glyphs }) => versionSpan(row.router.version, usual.router, glyphs),
    text: (row) => row.router.version,
  },
  {
    id: 'link',
    title: 'LINK TO',
    align: 'left',
    width: 10,
    flex: 2,
    maxWidth: 24,
    drop: 3,
    cell: (row, { glyphs }) =>
      row.linkedTo.length === 0
        ? { text: glyphs.none, style: 'dim' }
        : { text: `${presenceSign(row, glyphs)} ${row.linkedTo.join(' ')}`, style: 'good' },
    text: (row) => row.linkedTo.join(' '),
  },
  figureColumn({ id: 'sessions', title: 'SESS', width: 4, drop: 1 }, ({ router }) => router.sessions.length),
  figureColumn({ id: 'in', title: 'IN/s', width: 5, drop: 4 }, ({ router }) => router.receivedPerSecond, {
    format: formatBytes,
  }),
  figureColumn({ id: 'out', title: 'OUT/s', width: 5, drop: 5 }, ({ router }) => router.sentPerSecond, {
    format: formatBytes,
  }),
  wordColumn({ id: 'locators', title: 'LISTENS ON', width: 18, flex: 4, maxWidth: 80, drop: 6 }, ({ router }) =>
    router.locators.join(' '),
  ),
];

function routerDetails({ router, linkedTo }: RouterRow): DetailsTable {
  return fieldTable(`router ${routerLabel(router)}`, [
    ['Name', router.name === '' ? '- (metadata.name in its configuration)' : router.name],
    ['Zenoh id', router.zid],
    ['Version', router.version],
    ...router.locators.map((locator, index) => [`Listens on ${index + 1}`, locator] as const),
    ['Linked to', linkedTo.length === 0 ? '-' : linkedTo.join(' ')],
    ['Sessions', String(router.sessions.length)],
    ['Received', router.receivedPerSecond === undefined ? 'not counted' : `${formatBytes(router.receivedPerSecond)}/s`],
    ['Sent', router.sentPerSecond === undefined ? 'not counted' : `${formatBytes(router.sentPerSecond)}/s`],
  ]);
}

function routerLinks({ router }: RouterRow, { rows }: DetailsContext): Links {
  const linked = router.sessions.flatMap(({ zid }) => rows.routers.find((row) => row.key === zid) ?? []);
  return [
    filterLink('sessions', 'peers', [['at=', routerLabel(router)]]),
    rowLink(
      `machine ${router.name}`,
      'machines',
      rows.machines.find((row) => row.key === router.name),
    ),
    { label: 'in the tree', to: { kind: 'place', pane: 'tree', key: `router ${router.zid}` } },
    ...linked.slice(0, 6).map((row) => rowLink(`router ${routerLabel(row.router)}`, 'routers', row)),
  ];
}

export const ROUTERS_PANE = definePane<RouterRow>({
  id: 'routers',
  title: 'Routers',
  tab: 'Routers',
  help: 'routers',
  empty: () => 'No router answers on `@/*/router`: is its admin space switched on (adminspace.enabled)?',
  columns: ROUTER_COLUMNS,
  rows: (fleet) => fleet.routers,
  details: routerDetails,
  links: routerLinks,
});
