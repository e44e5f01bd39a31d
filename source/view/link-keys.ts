/** Keys that lead from one row to another: Enter from a pane to its details, a digit in the details. Pure. */
import type { KeyPress, KeyResult, KeyScene } from './handle-key.ts';
import type { PaneId } from './layout.ts';
import type { PaneRow } from './rows.ts';
import { followLink } from './trail.ts';
import type { TreeRow } from './tree-rows.ts';
import type { UiState } from './ui-state.ts';

/** Whose details a row has: what stands in the tree has a pane of its own. */
export function detailsPlace(pane: PaneId, row: PaneRow): { readonly pane: PaneId; readonly key: string } {
  return 'item' in row ? treePlace(row) : { pane, key: row.key };
}

function treePlace({ item }: TreeRow): { readonly pane: PaneId; readonly key: string } {
  switch (item.kind) {
    case 'router':
      return { pane: 'routers', key: item.row.key };
    case 'machine':
      return { pane: 'machines', key: item.row.key };
    case 'node':
      return { pane: 'nodes', key: item.row.key };
    case 'session':
      return { pane: 'peers', key: item.row.key };
    case 'folded':
      return { pane: 'machines', key: item.machine };
  }
}

/** A digit in the details goes where its link leads; undefined where it is none. */
export function linkKey(ui: UiState, press: KeyPress, { links }: KeyScene): KeyResult | undefined {
  const link = /^[1-9]$/.test(press.key) ? links[Number(press.key) - 1] : undefined;
  if (link === undefined) return undefined;
  const { to } = link;
  const targets = to.kind === 'logs' ? [{ machine: to.machine, node: to.node }] : [];
  return { ui: followLink(ui, link), effects: targets.length === 0 ? [] : [{ kind: 'logs', targets }] };
}
