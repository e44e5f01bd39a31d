/** What a pane is: rows, the columns they fill, and what is known of one of them. Defined once in its own file, as data. */
import type { FleetState } from '../fleet/state.ts';
import { type CellContext, type Column, type PlacedColumn, placeColumns } from './column.ts';
import type { DetailsTable } from './details-table.ts';
import { parseFilter } from './filter.ts';
import type { Glyphs } from './glyphs.ts';
import type { PaneId } from './layout.ts';
import { type Links, MAX_LINKS, type RowLink } from './links.ts';
import type { FleetRows, PaneRow } from './rows.ts';
import { createRowSorter, type SortChoice } from './sort-rows.ts';
import { cut, fit, textWidth } from './text.ts';
import type { Line, Span, StyleName } from './theme.ts';

/** What the details of a row are made from. */
export interface DetailsContext {
  readonly state: FleetState;
  readonly rows: FleetRows;
  readonly nowMs: number;
  /** A recording is shown: other moments of it are places to go to. */
  readonly isReplay?: boolean;
}

export interface PaneDefinition<Row extends PaneRow> {
  readonly id: PaneId;
  readonly title: string;
  /** Its name where room is short. */
  readonly tab: string;
  /** What its key goes to, for the list of keys. */
  readonly help: string;
  /** A sentence for where there are no rows although all is well. */
  empty(fleet: FleetRows): string;
  readonly columns: readonly Column<Row>[];
  /** The same list as before, unless something in it changed. */
  rows(fleet: FleetRows): readonly Row[];
  details(row: Row, context: DetailsContext): DetailsTable;
  /** What a row has to do with others, the nearest first; undefined ones are left out. */
  links?(row: Row, context: DetailsContext): Links;
  /** A few words beside the title. */
  note?(fleet: FleetRows, nowMs: number): string;
  /** Further keys that go to it. */
  readonly keys?: readonly string[];
  /** Whether its rows are made to be counted where it is not shown; default true. */
  readonly isCounted?: boolean;
  /** New rows come at the upper end. */
  readonly isNewestFirst?: boolean;
  /** Whether the rows may stand in another order; default true. */
  readonly isSortable?: boolean;
}

/** A pane, whatever its rows are. */
export interface Pane extends Omit<PaneDefinition<PaneRow>, 'columns' | 'details' | 'links' | 'rows'> {
  rows(fleet: FleetRows): readonly PaneRow[];
  /** Ids and titles of the columns that it may be sorted by, in the order of the table. */
  readonly columns: readonly { readonly id: string; readonly title: string }[];
  /** Makes a function that gives the content for a filter and an order; it keeps what it can from one call to the next. */
  createContent(): (fleet: FleetRows, filter: string, sort?: SortChoice) => PaneContent;
  /** Undefined where the row has gone. */
  details(key: string, context: DetailsContext): DetailsTable | undefined;
  links(key: string, context: DetailsContext): readonly RowLink[];
}

export function definePane<Row extends PaneRow>(definition: PaneDefinition<Row>): Pane {
  const { id, title, tab, help, keys, isCounted, isNewestFirst } = definition;
  const find = (key: string, { rows }: DetailsContext): Row | undefined =>
    definition.rows(rows).find((candidate) => candidate.key === key);
  return {
    id,
    title,
    tab,
    help,
    empty: (fleet) => definition.empty(fleet),
    keys,
    isCounted,
    isNewestFirst,
    note: (fleet, nowMs) => definition.note?.(fleet, nowMs) ?? '',
    rows: (fleet) => definition.rows(fleet),
    columns: definition.isSortable === false ? [] : withValues(definition.columns),
    createContent() {
      const sortRows = createRowSorter<Row>();
      return (fleet, filter, sort) => contentOf(definition, definition.rows(fleet), filter, sort, sortRows);
    },
    details(key, context) {
      const row = find(key, context);
      return row === undefined ? undefined : definition.details(row, context);
    },
    links(key, context) {
      const row = find(key, context);
      const links = row === undefined ? [] : (definition.links?.(row, context) ?? []);
      return links.filter((link) => link !== undefined).slice(0, MAX_LINKS);
    },
  };
}

/** A pane's rows after its filter, ready to be drawn a window at a time. */
export interface PaneContent {
  readonly id: PaneId;
  readonly title: string;
  /** Rows before the filter. */
  readonly totalCount: number;
  /** All of them, in their own order. */
  readonly all: readonly PaneRow[];
  /** What is shown, in order. */
  readonly rows: readonly PaneRow[];
  readonly sort?: SortChoice;
  readonly filter: string;
  /** Why the filter cannot be used; all rows are shown then. */
  readonly filterProblem?: string;
  /** The line of column titles, `width` cells. */
  heading(width: number, glyphs?: Glyphs): Line;
  /** Row `index` of {@link rows}, `width` cells; empty where there is none. */
  line(index: number, width: number, context: CellContext, isSelected: boolean, isMarked?: boolean): Line;
}

function contentOf<Row extends PaneRow>(
  { id, title, columns }: PaneDefinition<Row>,
  all: readonly Row[],
  filter: string,
  sort: SortChoice | undefined,
  sortRows: ReturnType<typeof createRowSorter<Row>>,
): PaneContent {
  const parsed = parseFilter(filter, withValues(columns));
  const byId = new Map(columns.map((column) => [column.id, column] as const));
  const kept =
    !parsed.ok || parsed.isEmpty ? all : all.filter((row) => parsed.matches((id) => byId.get(id)?.text(row) ?? ''));
  const sortColumn = sort === undefined ? undefined : byId.get(sort.column);
  const rows = sort === undefined || sortColumn === undefined ? kept : sortRows(kept, sortColumn, sort.isDescending);
  let placed: readonly PlacedColumn<Row>[] = [];
  let placedWidth = -1;
  const place = (width: number): readonly PlacedColumn<Row>[] => {
    if (width !== placedWidth) {
      placed = placeColumns(columns, width - MARGIN.length - 1);
      placedWidth = width;
    }
    return placed;
  };
  return {
    id,
    title,
    totalCount: all.length,
    all,
    rows,
    sort: sortColumn === undefined ? undefined : sort,
    filter,
    filterProblem: parsed.ok ? undefined : parsed.reason,
    heading(width, glyphs) {
      const sign = sort?.isDescending ? glyphs?.descending : glyphs?.ascending;
      return joinCells(
        { text: MARGIN },
        place(width).map(({ column, width: cells }) =>
          column === sortColumn && sign !== undefined
            ? { text: fit(`${cut(column.title, cells - 1, '')}${sign}`, cells, column.align), style: 'title' }
            : { text: fit(column.title, cells, column.align), style: 'heading' },
        ),
        width,
      );
    },
    line(index, width, context, isSelected, isMarked = false) {
      const row = rows[index];
      if (row === undefined) return [{ text: ' '.repeat(width) }];
      const cells = place(width).map(({ column, width: cells }) => {
        const span = column.cell(row, context);
        return {
          text: fit(span.text, cells, column.align, context.glyphs.ellipsis),
          style: fadedStyle(row, span.style ?? 'plain'),
        };
      });
      const pointer = isSelected ? context.glyphs.pointer : ' ';
      return joinCells({ text: `${pointer}${isMarked ? context.glyphs.mark : ' '}`, style: 'key' }, cells, width);
    },
  };
}

function withValues<C extends { readonly isBars?: boolean }>(columns: readonly C[]): readonly C[] {
  return columns.filter(({ isBars }) => isBars !== true);
}

const MARGIN = '  ';

/** What cannot be vouched for now is not coloured as if it could. */
function fadedStyle(row: PaneRow, style: StyleName): StyleName {
  if (row.freshness === 'live') return style;
  return row.freshness === 'lost' && style === 'bad' ? 'bad' : 'dim';
}

/** Cells with a gap between them; `width` is that of the whole line, of which the cells leave the rest empty. */
function joinCells(first: Span, cells: readonly Span[], width: number): Line {
  const line: Span[] = [first];
  let used = textWidth(first.text);
  for (const [index, cell] of cells.entries()) {
    if (index > 0) line.push({ text: MARGIN });
    line.push(cell);
    used += textWidth(cell.text) + (index > 0 ? MARGIN.length : 0);
  }
  if (used < width) line.push({ text: ' '.repeat(width - used) });
  return line;
}
