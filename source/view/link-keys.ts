/** Keys that lead from one row to another: Enter from a pane to its details, a digit in the details. Pure. */
import type { KeyPress, KeyResult, KeyScene } from './handle-key.ts';
import type { PaneId } from './layout.ts';
import type { RowLink } from './links.ts';
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
  return follow(ui, link);
}

/** The screen after a link was followed, and what is to be asked for. */
export function follow(ui: UiState, link: RowLink): KeyResult {
  const next = followLink(ui, link);
  if (link.to.kind === 'moment') return { ui: next, effects: [{ kind: 'seek', atMs: link.to.atMs }] };
  // The very list that the open log has: by it is told for whom an answer is.
  const effects = next.overlay.kind === 'logs' ? [{ kind: 'logs', targets: next.overlay.logs.targets } as const] : [];
  return { ui: next, effects };
}
