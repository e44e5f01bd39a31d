/** What a column of a table is. Columns are data: the table, the filter, the plain-text form and the help read them. */
import type { Trends } from '../fleet/history.ts';
import type { Glyphs } from './glyphs.ts';
import type { Span } from './theme.ts';
import type { UsualVersions } from './versions.ts';

export interface CellContext {
  readonly nowMs: number;
  readonly glyphs: Glyphs;
  readonly trends: Trends;
  readonly usual: UsualVersions;
}

export interface Column<Row> {
  /** Name in a filter, lower-case letters. */
  readonly id: string;
  readonly title: string;
  readonly align: 'left' | 'right';
  /** Columns it needs at least. */
  readonly width: number;
  /** Columns that are kept for it before others are placed that are not always there; default {@link width}. */
  readonly wanted?: number;
  /** Share of what room is left; absent: it does not grow. */
  readonly flex?: number;
  /** Grows at most to this. */
  readonly maxWidth?: number;
  /** Where room is short the lowest are placed first; 0 always. */
  readonly drop: number;
  cell(row: Row, context: CellContext): Span;
  /** The value as a filter sees it. */
  text(row: Row): string;
  /** {@link text} is a plain number, or empty where there is none: it can be compared in a filter, and sorts as one. */
  readonly isNumber?: boolean;
  /** It is small bars: there is nothing to look for or to sort by. */
  readonly isBars?: boolean;
  /** What to sort by, where that is not the text; undefined comes last. */
  sort?(row: Row): number | string | undefined;
}

export interface PlacedColumn<Row> {
  readonly column: Column<Row>;
  readonly width: number;
}

const GAP = 2;

/** Chooses and sizes columns for a table of `width` cells, with two cells between columns. */
export function placeColumns<Row>(columns: readonly Column<Row>[], width: number): readonly PlacedColumn<Row>[] {
  const byDrop = [...columns].sort((a, b) => a.drop - b.drop);
  const kept = new Set<Column<Row>>();
  let used = -GAP;
  let reserved = -GAP;
  for (const column of byDrop) {
    if (kept.size > 0 && column.drop > 0 && reserved + GAP + column.width > width) continue;
    kept.add(column);
    used += GAP + column.width;
    reserved += GAP + (column.wanted ?? column.width);
  }
  const shown = columns.filter((column) => kept.has(column));
  const widths = shown.map((column) => column.width);
  let spare = width - used;
  // A few passes, since a column that is full gives its share back.
  for (let pass = 0; pass < 4 && spare > 0; pass += 1) {
    const growing = shown
      .map((column, index) => ({ column, index }))
      .filter(({ column, index }) => (column.flex ?? 0) > 0 && (widths[index] ?? 0) < (column.maxWidth ?? width));
    const shares = growing.reduce((sum, { column }) => sum + (column.flex ?? 0), 0);
    if (shares === 0) break;
    const room = spare;
    for (const { column, index } of growing) {
      const now = widths[index] ?? 0;
      const share = Math.max(1, Math.floor((room * (column.flex ?? 0)) / shares));
      const added = Math.min(share, spare, (column.maxWidth ?? width) - now);
      widths[index] = now + added;
      spare -= added;
    }
  }
  return shown.map((column, index) => ({ column, width: widths[index] ?? column.width }));
}
