/** What a key press does: a new state of the screen, and what is to be done in the world. Pure. */
import { type BatchAction, type BatchMode, countItems } from '../fleet/batch-actions.ts';
import { chosenNodes, selectedNode } from './action-fit.ts';
import { detailsKey, NODE_ACTIONS } from './details-keys.ts';
import { plural } from './format.ts';
import { type ActionId, type KeyContext, type KeyName, keymapOf } from './keymap.ts';
import { PANE_IDS } from './layout.ts';
import { detailsPlace, linkKey } from './link-keys.ts';
import type { RowLink } from './links.ts';
import { logKey, openLogs } from './log-keys.ts';
import { markKey } from './mark-keys.ts';
import { orderKey } from './order-keys.ts';
import { dialogKey, filterKey, moveBy, moveSelection, overlayKey } from './overlay-keys.ts';
import { paletteKey } from './palette-keys.ts';
import { PANES } from './panes.ts';
import type { FleetRows, PaneRow } from './rows.ts';
import { holdSelection } from './select-row.ts';
import { nextSort } from './sort-rows.ts';
import { forgetTrail, goBack } from './trail.ts';
import { type NodeTarget, neighbourPane, selectedIndex, type UiState, withView } from './ui-state.ts';
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
  /** Rows of the selected pane before its filter, in their own order. */
  readonly all: readonly PaneRow[];
  readonly fleet: FleetRows;
  /** Rows that the selected pane, or the overlay, shows at once. */
  readonly pageRows: number;
  /** Lines that the overlay has to show in all. */
  readonly overlayRows: number;
  /** Rows of the open log. */
  readonly logRows?: readonly string[];
  readonly keys: KeyContext;
  /** Where the digits lead from the details that are open. */
  readonly links: readonly RowLink[];
  /** The camera wall, where it is open. */
  readonly wall?: WallGrid;
}

export type Effect =
  | {
      readonly kind: 'order';
      readonly action: BatchAction;
      readonly mode: BatchMode;
      readonly targets: readonly NodeTarget[];
    }
  /** Gives up what was ordered and has not begun. */
  | { readonly kind: 'cancel' }
  | { readonly kind: 'logs'; readonly targets: readonly NodeTarget[] }
  | ({ readonly kind: 'photo' } & NodeTarget)
  /** To another moment of the recording. */
  | { readonly kind: 'seek'; readonly atMs: number }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'quit' };

export interface KeyResult {
  readonly ui: UiState;
  readonly effects: readonly Effect[];
}

const NOTHING: readonly Effect[] = [];

export function handleKey(ui: UiState, press: KeyPress, scene: KeyScene): KeyResult {
  if (press.key === 'ctrl-c') return { ui, effects: [{ kind: 'quit' }] };
  if (press.key === 'ctrl-z') return { ui, effects: [{ kind: 'suspend' }] };
  switch (ui.overlay.kind) {
    case 'filter':
      return same(filterKey(ui, press, scene));
    case 'dialog':
      return dialogKey(ui, press, ui.overlay);
    case 'details': {
      // Any key takes an old notice away.
      const read = ui.notice === undefined ? ui : { ...ui, notice: undefined };
      return (
        linkKey(read, press, scene) ??
        detailsKey(read, ui.overlay, press, scene, mainKey) ??
        same(overlayKey(read, press, scene))
      );
    }
    case 'help':
      return same(overlayKey(ui, press, scene));
    case 'actions': {
      const isCancel = keymapOf(scene.keys).bindingOf(press.key)?.action === 'stop';
      return isCancel ? { ui, effects: [{ kind: 'cancel' }] } : same(overlayKey(ui, press, scene));
    }
    case 'logs':
      return same(logKey(ui, ui.overlay.logs, press, scene));
    case 'palette':
      return paletteKey(ui, ui.overlay, press, scene, mainKey);
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
  const read = before.notice === undefined ? before : { ...before, notice: undefined };
  if (binding === undefined) return same(read);
  const ui = ABOUT_A_ROW.has(binding.action) ? holdSelection(read, scene.rows) : read;
  const reason = binding.disabledReason?.(scene.keys);
  if (reason !== undefined) return same({ ...ui, notice: { kind: 'info', text: reason, atMs: scene.nowMs } });
  const moved = moveBy(binding.action, scene.pageRows, scene.rows.length);
  if (moved !== undefined) return same(moveSelection(ui, scene.rows, moved));
  const pane = PANE_IDS.find((id) => binding.action === `pane-${id}`);
  if (pane !== undefined) return same({ ...forgetTrail(ui), pane });
  switch (binding.action) {
    case 'next-pane':
      return same({ ...forgetTrail(ui), pane: neighbourPane(ui.pane, 1) });
    case 'previous-pane':
      return same({ ...forgetTrail(ui), pane: neighbourPane(ui.pane, -1) });
    case 'filter':
      return same({ ...ui, overlay: { kind: 'filter' } });
    case 'help':
      return same({ ...ui, overlay: { kind: 'help', top: 0 } });
    case 'cameras':
      return same({ ...ui, overlay: { kind: 'cameras', key: selectedNode(ui, scene.rows)?.key, isLarge: false } });
    case 'back':
      return same(backKey(ui));
    case 'quit':
      return quitKey(before, scene.nowMs);
    case 'details': {
      const row = scene.rows[selectedIndex(ui.views[ui.pane], scene.rows)];
      if (row === undefined) return same(ui);
      return same({ ...ui, overlay: { kind: 'details', ...detailsPlace(ui.pane, row), top: 0 } });
    }
    case 'start':
    case 'stop':
    case 'restart':
    case 'build':
      return orderKey(ui, binding.action, scene);
    case 'enable':
      return orderKey(ui, 'enable_autostart', scene);
    case 'disable':
      return orderKey(ui, 'disable_autostart', scene);
    case 'logs':
      return openLogs(ui, chosenNodes(ui, scene), scene.nowMs);
    case 'actions':
      return same({ ...ui, overlay: { kind: 'actions', top: 0 } });
    case 'palette':
      return same({ ...ui, overlay: { kind: 'palette', text: '', index: 0 } });
    case 'sort-next':
    case 'sort-previous': {
      const step = binding.action === 'sort-next' ? 1 : -1;
      const sort = nextSort(PANES[ui.pane].columns, ui.views[ui.pane].sort, step);
      return same(withView(ui, ui.pane, { sort }));
    }
    case 'sort-reverse': {
      const { sort } = ui.views[ui.pane];
      if (sort === undefined) return same(ui);
      return same(withView(ui, ui.pane, { sort: { ...sort, isDescending: !sort.isDescending } }));
    }
    default:
      return same(markKey(ui, binding.action, scene));
  }
}

/** After these the selection stays where it was, whatever comes above it. */
const ABOUT_A_ROW: ReadonlySet<ActionId> = new Set<ActionId>([
  ...NODE_ACTIONS,
  'details',
  'mark',
  'mark-range',
  'mark-up',
  'mark-down',
]);

const QUIT_WARNING = 'Leaving now gives up';

/** Who leaves in the middle of a rolling restart should know that its rest will not happen. */
function quitKey(ui: UiState, nowMs: number): KeyResult {
  const waiting = ui.actions.reduce((sum, batch) => sum + countItems(batch, 'waiting'), 0);
  if (waiting === 0 || ui.notice?.text.startsWith(QUIT_WARNING)) return { ui, effects: [{ kind: 'quit' }] };
  const text = `${QUIT_WARNING} what was ordered and has not begun: ${plural(waiting, 'node')}. q again leaves, A shows which.`;
  return same({ ...ui, notice: { kind: 'info', text, atMs: nowMs } });
}

/** Esc takes back the last thing first: what is chosen, then the way over a link, then the filter. */
function backKey(ui: UiState): UiState {
  const { marks, filter } = ui.views[ui.pane];
  if (marks !== undefined) return withView(ui, ui.pane, { marks: undefined });
  const back = goBack(ui);
  if (back !== undefined) return back;
  return filter === '' ? ui : withView(ui, ui.pane, { filter: '' });
}
