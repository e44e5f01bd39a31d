/** What the keys do that order something for one node or many. Pure. */
import type { BatchAction } from '../fleet/batch-actions.ts';
import { chosenNodes, nodeContext, unfitReason } from './action-fit.ts';
import { makeDialog } from './dialog.ts';
import type { KeyResult, KeyScene } from './handle-key.ts';
import type { UiState } from './ui-state.ts';

/** What stops something is asked about even for one node. */
const ASKS_FIRST: ReadonlySet<BatchAction> = new Set<BatchAction>(['stop', 'restart']);

export function orderKey(ui: UiState, action: BatchAction, scene: KeyScene): KeyResult {
  const chosen = chosenNodes(ui, scene);
  const fit = chosen.filter((row) => unfitReason(action, nodeContext(row, ui)) === undefined);
  const [only] = fit;
  if (only === undefined) return { ui, effects: [] };
  if (chosen.length === 1 && !ASKS_FIRST.has(action)) {
    const targets = [{ machine: only.machine, node: only.node.name }];
    return { ui, effects: [{ kind: 'order', action, mode: 'rolling', targets }] };
  }
  const dialog = makeDialog(action, fit, scene.nowMs, chosen.length - fit.length);
  return { ui: { ...ui, overlay: { kind: 'dialog', dialog } }, effects: [] };
}
