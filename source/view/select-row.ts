/** Selecting a row of a pane. Pure. */
import type { PaneId } from './layout.ts';
import { PANES } from './panes.ts';
import type { PaneRow } from './rows.ts';
import { type PaneView, selectedIndex, type UiState, withView } from './ui-state.ts';

/** The selection on row `index`, to stay there. */
export function selectRow(
  ui: UiState,
  pane: PaneId,
  rows: readonly PaneRow[],
  index: number,
  change: Partial<PaneView> = {},
): UiState {
  // Who goes to the newest of what grows at its upper end wants to see what comes there.
  if (index === 0 && PANES[pane].isNewestFirst === true) return selectFirst(ui, pane, rows, change);
  return withView(ui, pane, { index, key: rows[index]?.key, ...change });
}

/** The selection on the first row, whichever comes to be that. */
export function selectFirst(
  ui: UiState,
  pane: PaneId,
  rows: readonly PaneRow[],
  change: Partial<PaneView> = {},
): UiState {
  return withView(ui, pane, { index: 0, key: undefined, drawnKey: rows[0]?.key, ...change });
}

/** A row that was only the first one is selected to stay so: something was done with it. */
export function holdSelection(ui: UiState, rows: readonly PaneRow[]): UiState {
  const view = ui.views[ui.pane];
  const index = selectedIndex(view, rows);
  const key = rows[index]?.key;
  return view.key !== undefined || key === undefined ? ui : withView(ui, ui.pane, { key, index });
}
