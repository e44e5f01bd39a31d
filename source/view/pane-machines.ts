/** The Machines pane: what each computer has to say of itself. */
import type { MachineLoad } from '../fleet/state.ts';
import type { CellContext, Column } from './column.ts';
import { type DetailsTable, fieldTable } from './details-table.ts';
import { formatAge, formatBytes, plural } from './format.ts';
import { filterLink, type Links, machineLinks, rowLink, sessionLinks } from './links.ts';
import { loadWords } from './load-words.ts';
import { type DetailsContext, definePane } from './pane.ts';
import type { MachineRow } from './rows.ts';
import {
  absenceSpan,
  figureColumn,
  loadColumn,
  MACHINE_PLACE,
  trendColumn,
  upColumn,
  wordColumn,
} from './shared-columns.ts';
import { machineEventsLink } from './subject-links.ts';
import type { Span } from './theme.ts';
import { isOdd } from './versions.ts';

function daemonSpan(row: MachineRow, context: CellContext): Span {
  const { glyphs, usual } = context;
  const version = row.machine.daemon?.version ?? '';
  const absence = absenceSpan(row, 'not heard', context);
  if (absence !== undefined) return absence;
  if (isOdd(version, usual.daemon)) return { text: `${glyphs.differs} ${version}`, style: 'warn' };
  return { text: `${glyphs.good} ${version}`.trimEnd(), style: 'good' };
}

const loadOf = ({ machine }: MachineRow): MachineLoad | undefined => machine.load;

export const MACHINE_COLUMNS: readonly Column<MachineRow>[] = [
  wordColumn({ ...MACHINE_PLACE, width: 12, flex: 2, maxWidth: 32, drop: 0 }, ({ machine }) => machine.id, 'strong'),
  {
    id: 'daemon',
    title: 'DAEMON',
    align: 'left',
    width: 12,
    maxWidth: 18,
    flex: 1,
    drop: 0,
    cell: daemonSpan,
    text: (row) => `${row.freshness} ${row.machine.daemon?.version ?? ''}`,
  },
  figureColumn({ id: 'nodes', title: 'NODES', width: 5, drop: 0 }, ({ machine }) => machine.nodes.length),
  {
    id: 'failed',
    title: 'FAILED',
    align: 'right',
    width: 6,
    isNumber: true,
    drop: 1,
    cell: ({ failedCount }, { glyphs }) =>
      failedCount === 0 ? { text: '0', style: 'dim' } : { text: `${glyphs.bad} ${failedCount}`, style: 'bad' },
    text: (row) => String(row.failedCount),
  },
  loadColumn('cpu', { width: 6, drop: 2 }, loadOf),
  loadColumn('memory', { width: 6, drop: 3 }, loadOf),
  trendColumn({ id: 'trend', title: 'CPU 5 MIN', width: 10, drop: 5 }, 'cpu', { top: 100 }),
  trendColumn({ id: 'memtrend', title: 'MEM 5 MIN', width: 10, drop: 9 }, 'memory', { top: 100 }),
  loadColumn('disk', { width: 6, drop: 5 }, loadOf),
  loadColumn('temp', { width: 6, drop: 4 }, loadOf),
  figureColumn({ id: 'shm', title: 'SHM USED', width: 8, drop: 6 }, ({ machine }) => machine.shm?.usedBytes, {
    format: formatBytes,
  }),
  upColumn({ width: 6, drop: 7 }, ({ machine }) => machine.daemon?.upSinceMs),
  {
    id: 'host',
    title: 'HOST',
    align: 'left',
    width: 12,
    flex: 1,
    maxWidth: 30,
    drop: 8,
    cell: (row) => ({ text: row.machine.hostname, style: 'dim' }),
    text: (row) => `${row.machine.hostname} ${row.machine.ips.join(' ')}`,
  },
];

/** Less than this may be the time that its answer was under way. */
const CLOCK_SLACK_MS = 3_000;

function clockWords(skewMs: number | undefined): string {
  if (skewMs === undefined) return '-';
  if (Math.abs(skewMs) < CLOCK_SLACK_MS) return 'as here';
  return `${formatAge(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} this one`;
}

function machineDetails({ machine, failedCount }: MachineRow, { nowMs }: DetailsContext): DetailsTable {
  const { daemon } = machine;
  return fieldTable(`machine ${machine.id}`, [
    ['Machine id', machine.id],
    ['Host name', machine.hostname],
    ['Addresses', machine.ips.join(' ') || '-'],
    ['Daemon', daemon === undefined ? '-' : `${daemon.version}, up ${formatAge(nowMs - daemon.upSinceMs)}`],
    ['Nodes', `${plural(machine.nodes.length, 'node')}, ${failedCount} failed`],
    ['Load', machine.load === undefined ? '-' : loadWords(machine.load)],
    [
      'Shared memory',
      machine.shm === undefined
        ? '-'
        : `${formatBytes(machine.shm.usedBytes)} by zenoh, ${formatBytes(machine.shm.freeBytes)} free`,
    ],
    ['Clock', clockWords(machine.clockSkewMs)],
    ['Claimed by', machine.rivals === undefined ? 'one daemon' : machine.rivals.join(' and ')],
    ['Problem', machine.problem ?? '-'],
  ]);
}

function machineRowLinks({ machine }: MachineRow, { state, rows }: DetailsContext): Links {
  const failed = rows.nodes.find((row) => row.machine === machine.id && row.node.status === 'failed');
  return [
    filterLink('nodes', 'nodes', [['machine=', machine.id]]),
    rowLink(`failed ${failed?.node.name}`, 'nodes', failed),
    ...machineLinks(machine.id, rows).slice(1),
    filterLink('topics', 'topics', [['machine=', machine.id]]),
    ...sessionLinks(`${machine.id} daemon`, state, rows),
    machineEventsLink(machine.id),
  ];
}

export const MACHINES_PANE = definePane<MachineRow>({
  id: 'machines',
  title: 'Machines',
  tab: 'Machines',
  help: 'machines',
  empty: () => 'No daemon answers.',
  columns: MACHINE_COLUMNS,
  rows: (fleet) => fleet.machines,
  details: machineDetails,
  links: machineRowLinks,
});
