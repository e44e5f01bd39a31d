/** What the keys do that choose rows together. Pure. */
import type { KeyScene } from './handle-key.ts';
import type { ActionId } from './keymap.ts';
import { markAll, toggleMark, toggleRange } from './marks.ts';
import { moveSelection } from './overlay-keys.ts';
import { selectedIndex, type UiState, withView } from './ui-state.ts';

export function markKey(ui: UiState, action: ActionId, { rows }: KeyScene): UiState {
  const view = ui.views[ui.pane];
  const row = rows[selectedIndex(view, rows)];
  if (row === undefined) return ui;
  switch (action) {
    case 'mark':
      return moveSelection(withView(ui, ui.pane, { marks: toggleMark(view.marks, row.key) }), rows, 1);
    case 'mark-range':
      return withView(ui, ui.pane, { marks: toggleRange(view.marks, row.key) });
    case 'mark-all':
      return withView(ui, ui.pane, { marks: markAll(view.marks, rows) });
    case 'mark-up':
    case 'mark-down': {
      // As in lists elsewhere: the range begins where Shift was first held.
      const marks = view.marks?.range === undefined ? toggleRange(view.marks, row.key) : view.marks;
      return moveSelection(withView(ui, ui.pane, { marks }), rows, action === 'mark-up' ? -1 : 1);
    }
    default:
      return ui;
  }
}
