/** What the person at the screen has chosen: pane, row, filter, what lies on top. Nothing about the fleet itself. */
import type { ActionBatch, ActionTarget, BatchAction, BatchMode } from '../fleet/batch-actions.ts';
import type { NodeAction } from '../wire/command.ts';
import type { PaneId } from './layout.ts';
import { PANE_IDS } from './layout.ts';
import type { Marks } from './marks.ts';
import type { SortChoice } from './sort-rows.ts';

/** Where one pane stands. */
export interface PaneView {
  /**
   * Key of the row that was chosen: the selection stays on it whatever happens around it. Absent: nobody has chosen one yet,
   * and the first row is selected, whichever comes to be that.
   */
  readonly key?: string;
  /** Key of the first row as it was drawn, where none was chosen: a key that is pressed now means that one. */
  readonly drawnKey?: string;
  /** The selected row's place when it was last seen, for when it goes. */
  readonly index: number;
  /** First row drawn. */
  readonly top: number;
  readonly filter: string;
  /** Absent: the rows' own order. */
  readonly sort?: SortChoice;
  /** Rows that are chosen together; absent: none. */
  readonly marks?: Marks;
}

export type NodeTarget = ActionTarget;

export interface Dialog {
  readonly action: BatchAction;
  /** In the order in which they are told. */
  readonly targets: readonly NodeTarget[];
  readonly title: string;
  readonly body: readonly string[];
  readonly confirmLabel: string;
  readonly choice: 'cancel' | 'confirm';
  readonly mode: BatchMode;
}

export interface LogsView {
  /** One, or several whose lines are shown together. */
  readonly targets: readonly NodeTarget[];
  readonly phase: 'loading' | 'ready' | 'failed';
  /** Newest last. Untrusted text. */
  readonly lines: readonly string[];
  readonly message: string;
  /** First row drawn; `end` follows what comes. */
  readonly top: number | 'end';
  /** Columns that are scrolled out on the left. */
  readonly left: number;
  readonly isWrapped: boolean;
  /** What `n` looks for, in any case. */
  readonly search: string;
  /** The row where it was found. */
  readonly found?: number;
  /** Only lines with it are shown; `!` before it turns it round. */
  readonly filter: string;
  /** What is being typed, where something is. */
  readonly typing?: 'search' | 'filter';
}

/** A log that has just been opened. */
export function openedLogs(targets: readonly NodeTarget[]): LogsView {
  return {
    targets,
    phase: 'loading',
    lines: [],
    message: '',
    top: 'end',
    left: 0,
    isWrapped: false,
    search: '',
    filter: '',
  };
}

export type Overlay =
  | { readonly kind: 'none' }
  | { readonly kind: 'filter' }
  | { readonly kind: 'dialog'; readonly dialog: Dialog }
  | { readonly kind: 'details'; readonly pane: PaneId; readonly key: string; readonly top: number }
  | { readonly kind: 'logs'; readonly logs: LogsView }
  | { readonly kind: 'help'; readonly top: number }
  /** `index` is the chosen one of what fits `text`. */
  | { readonly kind: 'palette'; readonly text: string; readonly index: number }
  /** What was ordered and what came of it. */
  | { readonly kind: 'actions'; readonly top: number }
  /** The camera wall. `key` is the selected camera's, `isLarge` shows it alone. */
  | { readonly kind: 'cameras'; readonly key?: string; readonly isLarge: boolean };

/** Where a link was followed, for the way back. */
export interface Place {
  readonly pane: PaneId;
  readonly overlay: Overlay;
  /** The pane that the link went to, and how it stood before. */
  readonly entered: PaneId;
  readonly enteredView: PaneView;
  /** What the link opened: something on top of the pane, or the pane itself. */
  readonly opened: 'overlay' | 'pane';
}

/** What came of something, on the line above the keys. */
export interface Notice {
  readonly kind: 'good' | 'bad' | 'info';
  readonly text: string;
  readonly atMs: number;
}

export interface UiState {
  readonly pane: PaneId;
  readonly views: Readonly<Record<PaneId, PaneView>>;
  readonly overlay: Overlay;
  /** The way here over links, from the first place on. */
  readonly trail: readonly Place[];
  readonly notice?: Notice;
  /** Commands under way, by `machine/node`. */
  readonly pending: ReadonlyMap<string, { readonly action: NodeAction; readonly sinceMs: number }>;
  /** What was ordered here, newest first. */
  readonly actions: readonly ActionBatch[];
}

const FIRST_VIEW: PaneView = { index: 0, top: 0, filter: '' };

export const INITIAL_UI: UiState = {
  pane: 'nodes',
  views: {
    nodes: FIRST_VIEW,
    shm: FIRST_VIEW,
    routers: FIRST_VIEW,
    peers: FIRST_VIEW,
    machines: FIRST_VIEW,
    topics: FIRST_VIEW,
    tree: FIRST_VIEW,
    alerts: FIRST_VIEW,
    events: FIRST_VIEW,
  },
  overlay: { kind: 'none' },
  trail: [],
  pending: new Map(),
  actions: [],
};

export function withView(ui: UiState, pane: PaneId, change: Partial<PaneView>): UiState {
  return { ...ui, views: { ...ui.views, [pane]: { ...ui.views[pane], ...change } } };
}

export function neighbourPane(pane: PaneId, step: 1 | -1): PaneId {
  const index = PANE_IDS.indexOf(pane) + step;
  return PANE_IDS[(index + PANE_IDS.length) % PANE_IDS.length] ?? pane;
}

/** Index of the selected row among `rows`, -1 where there are none. */
export function selectedIndex(view: PaneView, rows: readonly { readonly key: string }[]): number {
  if (rows.length === 0) return -1;
  const key = view.key ?? view.drawnKey;
  // Usually it has not moved.
  if (key === undefined || rows[view.index]?.key === key) return Math.min(view.index, rows.length - 1);
  const found = rows.findIndex((row) => row.key === key);
  return found >= 0 ? found : Math.min(view.index, rows.length - 1);
}

/**
 * The view after the rows or the window changed: selection on a row that exists, window around it. Returns the same object
 * where nothing moved.
 */
export function settleView(view: PaneView, rows: readonly { readonly key: string }[], height: number): PaneView {
  if (rows.length === 0) return view.top === 0 ? view : { ...view, top: 0 };
  if (view.key === undefined) {
    const drawnKey = rows[0]?.key;
    if (drawnKey === view.drawnKey && view.index === 0 && view.top === 0) return view;
    return { ...view, drawnKey, index: 0, top: 0 };
  }
  const index = selectedIndex(view, rows);
  const key = rows[index]?.key;
  const lastTop = Math.max(0, rows.length - height);
  let top = Math.min(view.top, lastTop);
  if (index < top) top = index;
  if (height > 0 && index >= top + height) top = index - height + 1;
  if (key === view.key && index === view.index && top === view.top) return view;
  return { ...view, key, index, top };
}
