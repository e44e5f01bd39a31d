/** The Shared memory pane: one row a machine. Full shared memory stops every camera on it, so what is left counts. */
import type { Column } from './column.ts';
import { formatBytes } from './format.ts';
import type { ShmRow } from './rows.ts';
import type { Glyphs, StyleName } from './theme.ts';

/** From here on the machine's shared memory is called nearly full, by share of the whole file system taken. */
export const SHM_WARN_SHARE = 0.8;
export const SHM_BAD_SHARE = 0.95;

const GAUGE_CELLS = 6;

/** Share of the file system that is taken, by zenoh or by anything else: 0 to 1. */
export function takenShare(row: ShmRow): number {
  const { totalBytes, freeBytes } = row.shm;
  return totalBytes <= 0 ? 0 : Math.min(1, Math.max(0, 1 - freeBytes / totalBytes));
}

function shareStyle(share: number): StyleName {
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

export const SHM_COLUMNS: readonly Column<ShmRow>[] = [
  {
    id: 'machine',
    title: 'MACHINE',
    align: 'left',
    width: 10,
    flex: 1,
    maxWidth: 24,
    drop: 0,
    cell: (row) => ({ text: row.machine, style: 'strong' }),
    text: (row) => row.machine,
  },
  {
    id: 'used',
    title: 'ZENOH',
    align: 'right',
    width: 6,
    drop: 0,
    cell: (row) => ({ text: formatBytes(row.shm.usedBytes) }),
    text: (row) => formatBytes(row.shm.usedBytes),
  },
  {
    id: 'free',
    title: 'FREE',
    align: 'right',
    width: 6,
    drop: 1,
    cell: (row) => ({
      text: formatBytes(row.shm.freeBytes),
      style: shareStyle(takenShare(row)) === 'good' ? 'plain' : 'warn',
    }),
    text: (row) => formatBytes(row.shm.freeBytes),
  },
  {
    id: 'taken',
    title: 'TAKEN',
    align: 'left',
    width: GAUGE_CELLS + 5,
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
  {
    id: 'segments',
    title: 'SEG',
    align: 'right',
    width: 4,
    drop: 2,
    cell: (row) => ({ text: String(row.shm.segments.length) }),
    text: (row) => String(row.shm.segments.length),
  },
  {
    id: 'orphans',
    title: 'ORPHANS',
    align: 'right',
    width: 7,
    drop: 3,
    cell: (row, { glyphs }) =>
      row.orphanCount === 0
        ? { text: '0', style: 'dim' }
        : { text: `${glyphs.warn} ${row.orphanCount}`, style: 'warn' },
    text: (row) => String(row.orphanCount),
  },
];
