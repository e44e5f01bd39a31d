/** Which panes stand where, for a terminal of any size. */

/** Panes that stand side by side where the terminal is large enough. */
export const OVERVIEW_PANES = ['nodes', 'shm', 'routers', 'peers'] as const;
export type OverviewPane = (typeof OVERVIEW_PANES)[number];

/** In the order of the keys 1, 2 … and of Tab. Those beyond the overview have the screen to themselves. */
export const PANE_IDS = [...OVERVIEW_PANES, 'machines', 'topics', 'tree', 'alerts', 'events'] as const;
export type PaneId = (typeof PANE_IDS)[number];

export function isOverviewPane(pane: PaneId): pane is OverviewPane {
  return OVERVIEW_PANES.some((id) => id === pane);
}

/** Under this, one sentence is all that fits. */
export const MIN_COLUMNS = 60;
export const MIN_ROWS = 16;

const PANES_MIN_COLUMNS = 110;
const PANES_MIN_ROWS = 28;

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** A pane's place, borders included, in cells from the top left of the screen. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export type Layout =
  | { readonly kind: 'too-small' }
  | { readonly kind: 'tabs'; readonly alertRows: number; readonly pane: Rect }
  | { readonly kind: 'panes'; readonly alertRows: number; readonly panes: Readonly<Record<OverviewPane, Rect>> };

/**
 * The layout for a selected pane. The first row is the header, then come `bannerRows` that the caller fills, up to three alerts, the panes, and the footer. Heights depend on the terminal and on
 * whether there are alerts, never on how many rows a pane has: a screen that jumps when a machine joins is hard to read.
 */
export function layoutOf(size: Size, alertCount: number, pane: PaneId, bannerRows = 0): Layout {
  const { columns, rows } = size;
  if (columns < MIN_COLUMNS || rows < MIN_ROWS) return { kind: 'too-small' };
  if (columns < PANES_MIN_COLUMNS || rows < PANES_MIN_ROWS || !isOverviewPane(pane)) {
    const alertRows = Math.min(alertCount, rows >= 24 ? 2 : 1);
    const y = 2 + bannerRows + alertRows;
    return { kind: 'tabs', alertRows, pane: { x: 0, y, width: columns, height: rows - y - 1 } };
  }
  const alertRows = Math.min(alertCount, 3);
  const top = 1 + bannerRows + alertRows;
  const height = rows - top - 1;
  const upper = Math.min(12, Math.max(6, Math.floor(height * 0.24)));
  const lower = Math.min(14, Math.max(7, Math.floor(height * 0.28)));
  const middle = height - upper - lower;
  const left = Math.floor(columns / 2);
  return {
    kind: 'panes',
    alertRows,
    panes: {
      routers: { x: 0, y: top, width: left, height: upper },
      shm: { x: left, y: top, width: columns - left, height: upper },
      nodes: { x: 0, y: top + upper, width: columns, height: middle },
      peers: { x: 0, y: top + upper + middle, width: columns, height: lower },
    },
  };
}
