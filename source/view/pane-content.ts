/** A pane's rows after its filter, ready to be drawn a window at a time. */
import { type CellContext, type Column, type PlacedColumn, placeColumns } from './column.ts';
import { parseFilter } from './filter.ts';
import type { PaneId } from './layout.ts';
import { NODE_COLUMNS } from './pane-nodes.ts';
import { PEER_COLUMNS } from './pane-peers.ts';
import { ROUTER_COLUMNS } from './pane-routers.ts';
import { SHM_COLUMNS } from './pane-shm.ts';
import type { FleetRows, PaneRow } from './rows.ts';
import { fit, textWidth } from './text.ts';
import type { Line, Span, StyleName } from './theme.ts';

export interface PaneContent {
  readonly id: PaneId;
  readonly title: string;
  /** Rows before the filter. */
  readonly totalCount: number;
  /** What is shown, in order. */
  readonly rows: readonly PaneRow[];
  readonly filter: string;
  /** Why the filter cannot be used; all rows are shown then. */
  readonly filterProblem?: string;
  /** The line of column titles, `width` cells. */
  heading(width: number): Line;
  /** Row `index` of {@link rows}, `width` cells; empty where there is none. */
  line(index: number, width: number, context: CellContext, isSelected: boolean): Line;
}

const TITLES: Readonly<Record<PaneId, string>> = {
  nodes: 'Nodes',
  shm: 'Shared memory',
  routers: 'Routers',
  peers: 'Peers',
};

export function paneTitle(id: PaneId): string {
  return TITLES[id];
}

/** Makes the content of a pane; called again with the same rows and filter, it gives back the same object. */
export function createContentMaker(): (id: PaneId, rows: FleetRows, filter: string) => PaneContent {
  const last = new Map<PaneId, { readonly rows: readonly PaneRow[]; readonly content: PaneContent }>();
  return (id, fleetRows, filter) => {
    const rows = fleetRows[id];
    const known = last.get(id);
    if (known !== undefined && known.rows === rows && known.content.filter === filter) return known.content;
    const content = makeContent(id, fleetRows, filter);
    last.set(id, { rows, content });
    return content;
  };
}

function makeContent(id: PaneId, rows: FleetRows, filter: string): PaneContent {
  switch (id) {
    case 'nodes':
      return contentOf(id, rows.nodes, NODE_COLUMNS, filter);
    case 'shm':
      return contentOf(id, rows.shm, SHM_COLUMNS, filter);
    case 'routers':
      return contentOf(id, rows.routers, ROUTER_COLUMNS, filter);
    case 'peers':
      return contentOf(id, rows.peers, PEER_COLUMNS, filter);
  }
}

function contentOf<Row extends PaneRow>(
  id: PaneId,
  all: readonly Row[],
  columns: readonly Column<Row>[],
  filter: string,
): PaneContent {
  const parsed = parseFilter(
    filter,
    columns.map((column) => column.id),
  );
  const rows =
    !parsed.ok || parsed.isEmpty
      ? all
      : all.filter((row) => parsed.matches(Object.fromEntries(columns.map((column) => [column.id, column.text(row)]))));
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
    title: TITLES[id],
    totalCount: all.length,
    rows,
    filter,
    filterProblem: parsed.ok ? undefined : parsed.reason,
    heading(width) {
      return joinCells(
        { text: MARGIN },
        place(width).map(({ column, width: cells }) => ({
          text: fit(column.title, cells, column.align),
          style: 'heading',
        })),
        width,
      );
    },
    line(index, width, context, isSelected) {
      const row = rows[index];
      if (row === undefined) return [{ text: ' '.repeat(width) }];
      const cells = place(width).map(({ column, width: cells }) => {
        const span = column.cell(row, context);
        return {
          text: fit(span.text, cells, column.align, context.glyphs.ellipsis),
          style: fadedStyle(row, span.style ?? 'plain'),
        };
      });
      return joinCells({ text: isSelected ? `${context.glyphs.pointer} ` : MARGIN, style: 'key' }, cells, width);
    },
  };
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
