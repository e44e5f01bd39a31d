/** The Machines pane: what each computer has to say of itself. */
import type { Machine } from '../fleet/state.ts';
import type { CellContext, Column } from './column.ts';
import { type DetailsTable, fieldTable } from './details-table.ts';
import { formatAge, formatBytes, formatCelsius, plural } from './format.ts';
import { filterLink, type Links, machineLinks, rowLink, sessionLinks } from './links.ts';
import { loadWords } from './load-words.ts';
import { type DetailsContext, definePane } from './pane.ts';
import type { MachineRow } from './rows.ts';
import { sparkline } from './sparkline.ts';
import { machineEventsLink } from './subject-links.ts';
import type { Glyphs, Span } from './theme.ts';
import { isOdd } from './versions.ts';

/** Jetsons throttle a little above. */
const HOT_CELSIUS = 85;
const BUSY_PERCENT = 90;

function figure(text: string | undefined, isHigh: boolean, glyphs: Glyphs): Span {
  if (text === undefined) return { text: glyphs.none, style: 'dim' };
  return isHigh ? { text: `${text}${glyphs.alert}`, style: 'warn' } : { text };
}

function daemonSpan({ freshness, machine, lostSinceMs }: MachineRow, { nowMs, glyphs, usual }: CellContext): Span {
  if (freshness === 'lost') {
    return { text: `${glyphs.bad} lost ${formatAge(nowMs - (lostSinceMs ?? nowMs))}`, style: 'bad' };
  }
  if (freshness === 'stale') return { text: '? not heard', style: 'dim' };
  const version = machine.daemon?.version ?? '';
  if (isOdd(version, usual.daemon)) return { text: `${glyphs.differs} ${version}`, style: 'warn' };
  return { text: `${glyphs.good} ${version}`.trimEnd(), style: 'good' };
}

function memoryPercent({ load }: Machine): number | undefined {
  const { memoryUsedBytes, memoryTotalBytes } = load ?? {};
  if (memoryUsedBytes === undefined || memoryTotalBytes === undefined || memoryTotalBytes <= 0) return undefined;
  return Math.round((memoryUsedBytes / memoryTotalBytes) * 100);
}

const percent = (value: number | undefined): string | undefined => (value === undefined ? undefined : `${value}%`);

export const MACHINE_COLUMNS: readonly Column<MachineRow>[] = [
  {
    id: 'machine',
    title: 'MACHINE',
    align: 'left',
    width: 12,
    flex: 2,
    maxWidth: 32,
    drop: 0,
    cell: (row) => ({ text: row.machine.id, style: 'strong' }),
    text: (row) => row.machine.id,
  },
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
  {
    id: 'nodes',
    title: 'NODES',
    align: 'right',
    width: 5,
    isNumber: true,
    drop: 0,
    cell: (row) => ({ text: String(row.machine.nodes.length) }),
    text: (row) => String(row.machine.nodes.length),
  },
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
  {
    id: 'cpu',
    title: 'CPU',
    align: 'right',
    width: 6,
    isNumber: true,
    drop: 2,
    cell: ({ machine }, { glyphs }) =>
      figure(percent(machine.load?.cpuPercent), (machine.load?.cpuPercent ?? 0) >= BUSY_PERCENT, glyphs),
    text: (row) => String(row.machine.load?.cpuPercent ?? ''),
  },
  {
    id: 'memory',
    title: 'MEM',
    align: 'right',
    width: 6,
    isNumber: true,
    drop: 3,
    cell: ({ machine }, { glyphs }) =>
      figure(percent(memoryPercent(machine)), (memoryPercent(machine) ?? 0) >= BUSY_PERCENT, glyphs),
    text: (row) => String(memoryPercent(row.machine) ?? ''),
  },
  {
    id: 'trend',
    isBars: true,
    title: 'CPU 5 MIN',
    align: 'left',
    width: 10,
    drop: 5,
    cell: (row, { trends, glyphs }) => ({
      text: sparkline(trends.trend('cpu', row.key), 10, glyphs, 100),
      style: 'info',
    }),
    text: () => '',
  },
  {
    id: 'memtrend',
    isBars: true,
    title: 'MEM 5 MIN',
    align: 'left',
    width: 10,
    drop: 9,
    cell: (row, { trends, glyphs }) => ({
      text: sparkline(trends.trend('memory', row.key), 10, glyphs, 100),
      style: 'info',
    }),
    text: () => '',
  },
  {
    id: 'disk',
    title: 'DISK',
    align: 'right',
    width: 6,
    isNumber: true,
    drop: 5,
    cell: ({ machine }, { glyphs }) =>
      figure(percent(machine.load?.diskPercent), (machine.load?.diskPercent ?? 0) >= BUSY_PERCENT, glyphs),
    text: (row) => String(row.machine.load?.diskPercent ?? ''),
  },
  {
    id: 'temp',
    title: 'TEMP',
    align: 'right',
    width: 6,
    isNumber: true,
    drop: 4,
    cell: ({ machine }, { glyphs }) => {
      const celsius = machine.load?.hottestCelsius;
      return figure(celsius === undefined ? undefined : formatCelsius(celsius), (celsius ?? 0) >= HOT_CELSIUS, glyphs);
    },
    text: (row) => String(row.machine.load?.hottestCelsius ?? ''),
  },
  {
    id: 'shm',
    title: 'SHM USED',
    align: 'right',
    width: 8,
    isNumber: true,
    drop: 6,
    cell: ({ machine }, { glyphs }) =>
      machine.shm === undefined
        ? { text: glyphs.none, style: 'dim' }
        : { text: formatBytes(machine.shm.usedBytes), style: 'plain' },
    text: (row) => String(row.machine.shm?.usedBytes ?? ''),
  },
  {
    id: 'up',
    title: 'UP',
    align: 'right',
    width: 6,
    drop: 7,
    cell: ({ machine }, { nowMs, glyphs }) =>
      machine.daemon === undefined
        ? { text: glyphs.none, style: 'dim' }
        : { text: formatAge(nowMs - machine.daemon.upSinceMs) },
    text: (row) => (row.machine.daemon === undefined ? '' : 'up'),
    sort: ({ machine }) => (machine.daemon === undefined ? undefined : -machine.daemon.upSinceMs),
  },
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
  empty: 'No daemon answers.',
  columns: MACHINE_COLUMNS,
  rows: (fleet) => fleet.machines,
  details: machineDetails,
  links: machineRowLinks,
});
