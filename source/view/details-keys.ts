/** Keys that act on the node whose details, or whose alert's details, are open. Pure. */
import { nodeOf } from './action-fit.ts';
import type { KeyPress, KeyResult, KeyScene } from './handle-key.ts';
import { type ActionId, type Binding, keymapOf } from './keymap.ts';
import { detailsPlace, follow } from './link-keys.ts';
import type { NodeRow } from './rows.ts';
import { forgetTrail } from './trail.ts';
import { type Overlay, selectedIndex, type UiState } from './ui-state.ts';

export const NODE_ACTIONS: ReadonlySet<ActionId> = new Set<ActionId>([
  'logs',
  'start',
  'stop',
  'restart',
  'build',
  'enable',
  'disable',
]);

/** Undefined where the key is none of these, or what is open is no node's. */
export function detailsKey(
  ui: UiState,
  overlay: Extract<Overlay, { readonly kind: 'details' }>,
  press: KeyPress,
  scene: KeyScene,
  pressMain: (ui: UiState, press: KeyPress, scene: KeyScene) => KeyResult,
): KeyResult | undefined {
  const binding = keymapOf(scene.keys).bindingOf(press.key);
  if (binding === undefined || !NODE_ACTIONS.has(binding.action)) return undefined;
  const row = shownNode(ui, overlay, scene);
  if (row === undefined) return undefined;
  if (binding.action === 'logs') return logs(ui, row, binding, scene);
  const result = pressMain(ui, press, scene);
  // The question takes the place of the details; behind it is the pane.
  return result.ui.overlay.kind === 'dialog' ? { ...result, ui: forgetTrail(result.ui) } : result;
}

/** What is looked at must be what would be told: not others that are chosen, nor one that is shown no more. */
function shownNode(
  ui: UiState,
  { key, pane }: Extract<Overlay, { readonly kind: 'details' }>,
  { rows }: KeyScene,
): NodeRow | undefined {
  const view = ui.views[ui.pane];
  const row = rows[selectedIndex(view, rows)];
  if (row === undefined || view.marks !== undefined) return undefined;
  const place = detailsPlace(ui.pane, row);
  return place.pane === pane && place.key === key ? nodeOf(row) : undefined;
}

/** Esc comes back from them to the details. */
function logs(ui: UiState, { machine, node }: NodeRow, binding: Binding, { keys, nowMs }: KeyScene): KeyResult {
  const reason = binding.disabledReason?.(keys);
  if (reason !== undefined) {
    return { ui: { ...ui, notice: { kind: 'info', text: reason, atMs: nowMs } }, effects: [] };
  }
  return follow(ui, { label: 'log', to: { kind: 'logs', machine, node: node.name } });
}
