/**
 * The Shared memory pane: one row a machine. Full shared memory stops every camera on it, so what is left counts; where
 * there is room, how busy the machine is beside it.
 */
import { shmTakenPercent } from '../fleet/measures.ts';
import type { MachineLoad } from '../fleet/state.ts';
import type { Column } from './column.ts';
import type { DetailsTable } from './details-table.ts';
import { formatBytes, plural } from './format.ts';
import type { Glyphs } from './glyphs.ts';
import { filterLink, type Links, machineLinks, rowLink } from './links.ts';
import { loadWords } from './load-words.ts';
import { type DetailsContext, definePane } from './pane.ts';
import type { ShmRow } from './rows.ts';
import { figureColumn, loadColumn, MACHINE_PLACE, nameColumn, trendColumn } from './shared-columns.ts';

/** From here on the machine's shared memory is called nearly full, by share of the whole file system taken. */
const SHM_WARN_SHARE = 0.8;
const SHM_BAD_SHARE = 0.95;

const GAUGE_CELLS = 6;

/** Share of the file system that is taken, by zenoh or by anything else: 0 to 1. */
function takenShare({ shm }: ShmRow): number {
  return (shmTakenPercent(shm) ?? 0) / 100;
}

function shareStyle(share: number): 'good' | 'warn' | 'bad' {
  if (share >= SHM_BAD_SHARE) return 'bad';
  return share >= SHM_WARN_SHARE ? 'warn' : 'good';
}

function gauge(share: number, glyphs: Glyphs): string {
  const last = glyphs.bar.length - 1;
  const eighths = Math.round(share * GAUGE_CELLS * last);
  const full = Math.floor(eighths / last);
  const rest = glyphs.bar[eighths % last] ?? '';
  return `${(glyphs.bar[last] ?? '').repeat(full)}${full < GAUGE_CELLS ? rest : ''}`;
}

/** Some growth is a queue that fills; this much is a leak to look at. */
const GROWN_WARN_BYTES = 8 * 2 ** 20;

const loadOf = ({ load }: ShmRow): MachineLoad | undefined => load;

export const SHM_COLUMNS: readonly Column<ShmRow>[] = [
  nameColumn({ ...MACHINE_PLACE, drop: 0 }, ({ machine }) => machine),
  figureColumn({ id: 'used', title: 'ZENOH', width: 6, drop: 0 }, ({ shm }) => shm.usedBytes, { format: formatBytes }),
  {
    id: 'free',
    title: 'FREE',
    align: 'right',
    width: 6,
    isNumber: true,
    drop: 1,
    cell: (row, { glyphs }) => {
      const style = shareStyle(takenShare(row));
      const free = formatBytes(row.shm.freeBytes);
      if (style === 'good') return { text: free };
      return { text: `${free}${style === 'bad' ? glyphs.bad : glyphs.warn}`, style };
    },
    text: (row) => String(row.shm.freeBytes),
  },
  {
    id: 'taken',
    title: 'TAKEN',
    align: 'left',
    width: GAUGE_CELLS + 5,
    isNumber: true,
    drop: 4,
    cell: (row, { glyphs }) => {
      const share = takenShare(row);
      return {
        text: `${String(Math.round(share * 100)).padStart(3)}% ${gauge(share, glyphs)}`,
        style: shareStyle(share),
      };
    },
    text: (row) => String(Math.round(takenShare(row) * 100)),
  },
  trendColumn({ id: 'trend', title: '24 h', width: 10, drop: 5 }, 'shm', {
    top: 100,
    style: (row) => (shareStyle(takenShare(row)) === 'good' ? 'info' : shareStyle(takenShare(row))),
  }),
  figureColumn({ id: 'segments', title: 'SEG', width: 4, drop: 2 }, ({ shm }) => shm.segments.length),
  {
    id: 'orphans',
    title: 'ORPHANS',
    align: 'right',
    width: 7,
    isNumber: true,
    drop: 3,
    cell: (row, { glyphs }) =>
      row.orphanCount === 0
        ? { text: '0', style: 'dim' }
        : { text: `${glyphs.warn} ${row.orphanCount}`, style: 'warn' },
    text: (row) => String(row.orphanCount),
  },
  {
    id: 'grown',
    title: 'GROWN',
    align: 'right',
    width: 7,
    isNumber: true,
    drop: 8,
    cell: ({ grownBytes }, { glyphs }) =>
      grownBytes < GROWN_WARN_BYTES
        ? { text: formatBytes(grownBytes), style: 'dim' }
        : { text: `${glyphs.warn} ${formatBytes(grownBytes)}`, style: 'warn' },
    text: (row) => String(row.grownBytes),
  },
  figureColumn({ id: 'locked', title: 'LOCKED', width: 6, drop: 9 }, ({ shm }) => shm.lockedBytes, {
    format: formatBytes,
  }),
  loadColumn('cpu', { width: 5, drop: 5 }, loadOf),
  loadColumn('memory', { width: 5, drop: 6 }, loadOf),
  loadColumn('temp', { width: 5, drop: 7 }, loadOf),
];

/** Processes have the names of their programs: a node is meant where one of the machine is called the same, or its id is the same. */
function shmLinks({ machine, shm }: ShmRow, { rows }: DetailsContext): Links {
  const pids = new Set(shm.segments.flatMap((segment) => segment.owner?.pid ?? []));
  const growing = new Set(shm.growth?.map((of) => of.node));
  const owners = rows.nodes.filter(
    (row) =>
      row.machine === machine && (growing.has(row.node.name) || (row.node.pid !== undefined && pids.has(row.node.pid))),
  );
  return [
    ...machineLinks(machine, rows).slice(0, 1),
    filterLink('nodes', 'nodes', [['machine=', machine]]),
    ...owners.slice(0, 5).map((row) => rowLink(row.node.name, 'nodes', row)),
  ];
}

const NO_SEGMENT = { segment: 'none', size: '', owner: '', readers: '', orphan: '' } as const;

function shmDetails({ machine, shm, load }: ShmRow): DetailsTable {
  const segments = shm.segments.map((segment) => ({
    segment: segment.name,
    size: formatBytes(segment.sizeBytes),
    owner: segment.owner === undefined ? '-' : `${segment.owner.name} ${segment.owner.pid}`,
    readers: segment.readers.map(({ name, pid }) => `${name} ${pid}`).join(', ') || '-',
    orphan: segment.isOrphan ? 'ORPHAN' : 'no',
  }));
  const growth = (shm.growth ?? []).map((of) => ({
    segment: `runs of ${of.node}`,
    size: formatBytes(of.liveBytes),
    owner: plural(of.runs, 'run'),
    readers: `most: first ${formatBytes(of.firstRunPeakBytes)}, last ${formatBytes(of.lastRunPeakBytes)}`,
    orphan: of.leftSegments === 0 ? 'no' : `left ${of.leftSegments}, ${formatBytes(of.leftBytes)}`,
  }));
  const rows = [...segments, ...growth];
  const locked = shm.lockedBytes === undefined ? '' : ` (${formatBytes(shm.lockedBytes)} locked)`;
  const busy = load === undefined ? '' : `; ${loadWords(load)}`;
  return {
    title: `shared memory of ${machine}: ${formatBytes(shm.usedBytes)} by zenoh${locked}, ${formatBytes(shm.freeBytes)} of ${formatBytes(shm.totalBytes)} free${busy}`,
    columns: ['segment', 'size', 'owner', 'readers', 'orphan'],
    rows: rows.length === 0 ? [NO_SEGMENT] : rows,
  };
}

export const SHM_PANE = definePane<ShmRow>({
  id: 'shm',
  title: 'Shared memory',
  tab: 'SHM',
  help: 'shared memory',
  empty: () => 'No daemon has reported its shared memory yet.',
  columns: SHM_COLUMNS,
  rows: (fleet) => fleet.shm,
  details: shmDetails,
  links: shmLinks,
});
