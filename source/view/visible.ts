/** Which machines the screen shows, so that they are asked more often than the rest. */
import type { Visible } from '../fleet/agenda.ts';
import { layoutOf, type PaneId, type Size } from './layout.ts';
import type { PaneRow } from './rows.ts';
import type { TreeRow } from './tree-rows.ts';
import type { UiState } from './ui-state.ts';

/** Of each pane that is shown, the machines of the rows from its first on, as many as the screen has lines. */
export function visibleMachines(ui: UiState, size: Size, rowsOf: (pane: PaneId) => readonly PaneRow[]): Visible {
  const layout = layoutOf(size, 0, ui.pane);
  const panes: readonly PaneId[] =
    layout.kind === 'panes' ? ['routers', 'shm', 'nodes', 'peers'] : layout.kind === 'tabs' ? [ui.pane] : [];
  const nodes = new Set<string>();
  const shm = new Set<string>();
  for (const pane of panes) {
    const { top } = ui.views[pane];
    const height = layout.kind === 'panes' ? layout.panes[pane as keyof typeof layout.panes].height : size.rows;
    for (const row of rowsOf(pane).slice(top, top + height)) {
      if ('node' in row) nodes.add(row.machine);
      else if ('item' in row) {
        const machine = machineOf(row);
        if (machine !== undefined) nodes.add(machine);
      } else if ('alert' in row) {
        if (row.alert.machine !== undefined) nodes.add(row.alert.machine.id);
      } else if ('shm' in row) shm.add(row.machine);
      else if ('machine' in row) {
        nodes.add(row.machine.id);
        shm.add(row.machine.id);
      }
    }
  }
  if (ui.overlay.kind === 'logs') for (const { machine } of ui.overlay.logs.targets) nodes.add(machine);
  return { nodes: [...nodes], shm: [...shm] };
}

function machineOf({ item }: TreeRow): string | undefined {
  switch (item.kind) {
    case 'machine':
      return item.row.key;
    case 'node':
      return item.row.machine;
    case 'folded':
      return item.machine;
    default:
      return undefined;
  }
}
