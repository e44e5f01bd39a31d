/** What a key press does: a new state of the screen, and what is to be done in the world. Pure. */
import type { NodeAction } from '../wire/command.ts';
import { makeDialog } from './dialog.ts';
import { type ActionId, type KeyContext, type KeyName, keymapOf } from './keymap.ts';
import { PANE_IDS } from './layout.ts';
import type { NodeRow, PaneRow } from './rows.ts';
import { type NodeTarget, neighbourPane, type Overlay, selectedIndex, type UiState, withView } from './ui-state.ts';
import { wallKey } from './wall-keys.ts';
import type { WallGrid } from './wall-scene.ts';

export interface KeyPress {
  readonly key: KeyName;
  /** What it types, where it is a printable character or a paste. */
  readonly text: string;
}

/** What the key handler must know of what is on the screen. */
export interface KeyScene {
  readonly nowMs: number;
  /** Rows of the selected pane after its filter. */
  readonly rows: readonly PaneRow[];
  /** Rows that the selected pane, or the overlay, shows at once. */
  readonly pageRows: number;
  /** Lines that the overlay has to show in all. */
  readonly overlayRows: number;
  readonly keys: KeyContext;
  /** The camera wall, where it is open. */
  readonly wall?: WallGrid;
}

export type Effect =
  | ({ readonly kind: 'command'; readonly action: NodeAction } & NodeTarget)
  | ({ readonly kind: 'logs' } & NodeTarget)
  | ({ readonly kind: 'photo' } & NodeTarget)
  | { readonly kind: 'suspend' }
  | { readonly kind: 'quit' };

export interface KeyResult {
  readonly ui: UiState;
  readonly effects: readonly Effect[];
}

const NOTHING: readonly Effect[] = [];
const CLOSED: Overlay = { kind: 'none' };

export function handleKey(ui: UiState, press: KeyPress, scene: KeyScene): KeyResult {
  if (press.key === 'ctrl-c') return { ui, effects: [{ kind: 'quit' }] };
  if (press.key === 'ctrl-z') return { ui, effects: [{ kind: 'suspend' }] };
  switch (ui.overlay.kind) {
    case 'filter':
      return same(filterKey(ui, press, scene));
    case 'dialog':
      return dialogKey(ui, press, ui.overlay);
    case 'details':
    case 'logs':
    case 'help':
      return same(overlayKey(ui, press, scene));
    case 'cameras':
      return wallKey(ui, ui.overlay, press, keymapOf(scene.keys), scene.wall);
    case 'none':
      return mainKey(ui, press, scene);
  }
}

function same(ui: UiState): KeyResult {
  return { ui, effects: NOTHING };
}

function mainKey(before: UiState, press: KeyPress, scene: KeyScene): KeyResult {
  const binding = keymapOf(scene.keys).bindingOf(press.key);
  // Any key takes an old notice away; the one it brings stays.
  const ui = before.notice === undefined ? before : { ...before, notice: undefined };
  if (binding === undefined) return same(ui);
  const reason = binding.disabledReason?.(scene.keys);
  if (reason !== undefined) return same({ ...ui, notice: { kind: 'info', text: reason, atMs: scene.nowMs } });
  const moved = moveBy(binding.action, scene.pageRows, scene.rows.length);
  if (moved !== undefined) return same(moveSelection(ui, scene.rows, moved));
  const pane = PANE_IDS.find((id) => binding.action === `pane-${id}`);
  if (pane !== undefined) return same({ ...ui, pane });
  switch (binding.action) {
    case 'next-pane':
      return same({ ...ui, pane: neighbourPane(ui.pane, 1) });
    case 'previous-pane':
      return same({ ...ui, pane: neighbourPane(ui.pane, -1) });
    case 'filter':
      return same({ ...ui, overlay: { kind: 'filter' } });
    case 'help':
      return same({ ...ui, overlay: { kind: 'help', top: 0 } });
    case 'cameras':
      return same({ ...ui, overlay: { kind: 'cameras', key: selectedNode(ui, scene.rows)?.key, isLarge: false } });
    case 'back':
      return same(ui.views[ui.pane].filter === '' ? ui : withView(ui, ui.pane, { filter: '' }));
    case 'quit':
      return { ui, effects: [{ kind: 'quit' }] };
    case 'details': {
      const row = scene.rows[selectedIndex(ui.views[ui.pane], scene.rows)];
      if (row === undefined) return same(ui);
      return same({ ...ui, overlay: { kind: 'details', pane: ui.pane, key: row.key, top: 0 } });
    }
    case 'start':
    case 'stop':
    case 'restart':
    case 'logs':
      return nodeKeyPress(ui, binding.action, scene);
    default:
      return same(ui);
  }
}

function nodeKeyPress(ui: UiState, action: 'start' | 'stop' | 'restart' | 'logs', scene: KeyScene): KeyResult {
  const row = selectedNode(ui, scene.rows);
  if (row === undefined) return same(ui);
  const target: NodeTarget = { machine: row.machine, node: row.node.name };
  switch (action) {
    case 'start':
      return { ui, effects: [{ kind: 'command', action, ...target }] };
    case 'stop':
    case 'restart':
      return same({ ...ui, overlay: { kind: 'dialog', dialog: makeDialog(action, row, scene.nowMs) } });
    case 'logs':
      return {
        ui: {
          ...ui,
          overlay: { kind: 'logs', logs: { ...target, phase: 'loading', lines: [], message: '', top: 'end' } },
        },
        effects: [{ kind: 'logs', ...target }],
      };
  }
}

/** The selected node, where the selected pane holds nodes. */
export function selectedNode(ui: UiState, rows: readonly PaneRow[]): NodeRow | undefined {
  const row = rows[selectedIndex(ui.views[ui.pane], rows)];
  return row !== undefined && 'node' in row ? row : undefined;
}

/** How far an action moves in a list, undefined where it does not. */
function moveBy(action: ActionId, pageRows: number, rowCount: number): number | undefined {
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

function moveSelection(ui: UiState, rows: readonly PaneRow[], by: number): UiState {
  if (rows.length === 0) return ui;
  const from = selectedIndex(ui.views[ui.pane], rows);
  const index = Math.min(rows.length - 1, Math.max(0, from + by));
  return withView(ui, ui.pane, { index, key: rows[index]?.key });
}

function filterKey(ui: UiState, press: KeyPress, scene: KeyScene): UiState {
  const { filter } = ui.views[ui.pane];
  const typed = (text: string): UiState => withView(ui, ui.pane, { filter: text });
  switch (press.key) {
    case 'enter':
      return { ...ui, overlay: CLOSED };
    case 'escape':
      return { ...typed(''), overlay: CLOSED };
    case 'backspace':
      return filter === '' ? { ...ui, overlay: CLOSED } : typed([...filter].slice(0, -1).join(''));
    case 'ctrl-u':
      return typed('');
    case 'ctrl-w':
      return typed(filter.replace(/\S*\s*$/, ''));
    case 'up':
      return moveSelection(ui, scene.rows, -1);
    case 'down':
      return moveSelection(ui, scene.rows, 1);
    default:
      return press.text === '' ? ui : typed((filter + press.text).slice(0, MAX_FILTER_LENGTH));
  }
}

const MAX_FILTER_LENGTH = 200;

function dialogKey(ui: UiState, press: KeyPress, overlay: Extract<Overlay, { readonly kind: 'dialog' }>): KeyResult {
  const { dialog } = overlay;
  const { action, machine, node } = dialog;
  const confirmed: KeyResult = {
    ui: { ...ui, overlay: CLOSED },
    effects: [{ kind: 'command', action, machine, node }],
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

function overlayKey(ui: UiState, press: KeyPress, scene: KeyScene): UiState {
  const { overlay } = ui;
  const action = keymapOf(scene.keys).bindingOf(press.key)?.action;
  if (action === 'back' || action === 'quit' || press.key === 'enter') return { ...ui, overlay: CLOSED };
  if (overlay.kind === 'help' && action === 'help') return { ...ui, overlay: CLOSED };
  if (overlay.kind === 'logs' && action === 'logs') return { ...ui, overlay: CLOSED };
  const by = action === undefined ? undefined : moveBy(action, scene.pageRows, scene.overlayRows);
  if (by === undefined) return ui;
  const lastTop = Math.max(0, scene.overlayRows - scene.pageRows);
  const scrolled = (from: number): number => Math.min(lastTop, Math.max(0, from + by));
  switch (overlay.kind) {
    case 'help':
      return { ...ui, overlay: { ...overlay, top: scrolled(overlay.top) } };
    case 'details':
      return { ...ui, overlay: { ...overlay, top: scrolled(Math.min(overlay.top, lastTop)) } };
    case 'logs': {
      const top = scrolled(overlay.logs.top === 'end' ? lastTop : overlay.logs.top);
      // Back at the bottom, it follows again.
      return { ...ui, overlay: { kind: 'logs', logs: { ...overlay.logs, top: top >= lastTop ? 'end' : top } } };
    }
    default:
      return ui;
  }
}
