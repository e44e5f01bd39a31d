/** What the keys do in what lies on top of the panes, and how they move in lists. Pure. */
import type { Effect, KeyPress, KeyResult, KeyScene } from './handle-key.ts';
import { type ActionId, keymapOf } from './keymap.ts';
import { stretchRange } from './marks.ts';
import type { PaneRow } from './rows.ts';
import { selectFirst, selectRow } from './select-row.ts';
import { forgetTrail, goBack } from './trail.ts';
import { typeInto } from './typed-text.ts';
import { type Overlay, selectedIndex, type UiState, withView } from './ui-state.ts';

const NOTHING: readonly Effect[] = [];
export const CLOSED: Overlay = { kind: 'none' };

/** How far an action moves in a list, undefined where it does not. */
export function moveBy(action: ActionId, pageRows: number, rowCount: number): number | undefined {
  switch (action) {
    case 'up':
      return -1;
    case 'down':
      return 1;
    case 'first':
      return -rowCount;
    case 'last':
      return rowCount;
    case 'page-up':
      return -Math.max(1, pageRows - 1);
    case 'page-down':
      return Math.max(1, pageRows - 1);
    case 'half-up':
      return -Math.max(1, Math.floor(pageRows / 2));
    case 'half-down':
      return Math.max(1, Math.floor(pageRows / 2));
    default:
      return undefined;
  }
}

/** Moves the selection of the selected pane; a range that is open goes with it. */
export function moveSelection(ui: UiState, rows: readonly PaneRow[], by: number): UiState {
  if (rows.length === 0) return ui;
  const view = ui.views[ui.pane];
  const index = Math.min(rows.length - 1, Math.max(0, selectedIndex(view, rows) + by));
  const marks = stretchRange(view.marks, rows, index);
  return by <= -rows.length
    ? selectFirst(ui, ui.pane, rows, { marks })
    : selectRow(ui, ui.pane, rows, index, { marks });
}

const MAX_FILTER_LENGTH = 200;

export function filterKey(ui: UiState, press: KeyPress, scene: KeyScene): UiState {
  const { filter } = ui.views[ui.pane];
  switch (press.key) {
    case 'enter':
      return { ...ui, overlay: CLOSED };
    case 'escape':
      return { ...withView(ui, ui.pane, { filter: '' }), overlay: CLOSED };
    case 'up':
      return moveSelection(ui, scene.rows, -1);
    case 'down':
      return moveSelection(ui, scene.rows, 1);
    default: {
      if (press.key === 'backspace' && filter === '') return { ...ui, overlay: CLOSED };
      const typed = typeInto(filter, press, MAX_FILTER_LENGTH);
      return typed === undefined ? ui : withView(ui, ui.pane, { filter: typed });
    }
  }
}

export function dialogKey(
  ui: UiState,
  press: KeyPress,
  { dialog }: Extract<Overlay, { readonly kind: 'dialog' }>,
): KeyResult {
  const same = (next: UiState): KeyResult => ({ ui: next, effects: NOTHING });
  const { action, mode, targets } = dialog;
  // What was chosen together is used up: a second order must not meet it by mistake.
  const confirmed: KeyResult = {
    ui: { ...withView(ui, ui.pane, { marks: undefined }), overlay: CLOSED },
    effects: [{ kind: 'order', action, mode, targets }],
  };
  switch (press.key) {
    case 'y':
      return confirmed;
    case 'enter':
      return dialog.choice === 'confirm' ? confirmed : same({ ...ui, overlay: CLOSED });
    case 'n':
    case 'q':
    case 'escape':
      return same({ ...ui, overlay: CLOSED });
    case 'm': {
      if (targets.length === 1) return same(ui);
      const other = mode === 'rolling' ? 'together' : 'rolling';
      return same({ ...ui, overlay: { kind: 'dialog', dialog: { ...dialog, mode: other } } });
    }
    case 'left':
    case 'right':
    case 'tab':
    case 'shift-tab':
    case 'h':
    case 'l': {
      const choice = dialog.choice === 'cancel' ? 'confirm' : 'cancel';
      return same({ ...ui, overlay: { kind: 'dialog', dialog: { ...dialog, choice } } });
    }
    default:
      return same(ui);
  }
}

/** Details, help and actions: they scroll and close. */
export function overlayKey(ui: UiState, press: KeyPress, scene: KeyScene): UiState {
  const { overlay } = ui;
  const action = keymapOf(scene.keys).bindingOf(press.key)?.action;
  if (action === 'back') return goBack(ui) ?? ui;
  if (action === 'quit' || press.key === 'enter') return { ...forgetTrail(ui), overlay: CLOSED };
  if (overlay.kind === 'help' && action === 'help') return { ...ui, overlay: CLOSED };
  if (overlay.kind === 'actions' && action === 'actions') return { ...ui, overlay: CLOSED };
  const by = action === undefined ? undefined : moveBy(action, scene.pageRows, scene.overlayRows);
  if (by === undefined) return ui;
  const lastTop = Math.max(0, scene.overlayRows - scene.pageRows);
  const scrolled = (from: number): number => Math.min(lastTop, Math.max(0, Math.min(from, lastTop) + by));
  switch (overlay.kind) {
    case 'help':
    case 'actions':
    case 'details':
      return { ...ui, overlay: { ...overlay, top: scrolled(overlay.top) } };
    default:
      return ui;
  }
}
