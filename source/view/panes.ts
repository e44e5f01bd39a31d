/** Every pane of `top`. */
import type { PaneId } from './layout.ts';
import type { Pane, PaneContent } from './pane.ts';
import { ALERTS_PANE } from './pane-alerts.ts';
import { EVENTS_PANE } from './pane-events.ts';
import { MACHINES_PANE } from './pane-machines.ts';
import { NODES_PANE } from './pane-nodes.ts';
import { PEERS_PANE } from './pane-peers.ts';
import { ROUTERS_PANE } from './pane-routers.ts';
import { SHM_PANE } from './pane-shm.ts';
import { TOPICS_PANE } from './pane-topics.ts';
import { TREE_PANE } from './pane-tree.ts';
import type { FleetRows, PaneRow } from './rows.ts';
import type { SortChoice } from './sort-rows.ts';

export const PANES: Readonly<Record<PaneId, Pane>> = {
  nodes: NODES_PANE,
  shm: SHM_PANE,
  routers: ROUTERS_PANE,
  peers: PEERS_PANE,
  machines: MACHINES_PANE,
  topics: TOPICS_PANE,
  tree: TREE_PANE,
  alerts: ALERTS_PANE,
  events: EVENTS_PANE,
};

/** Makes the content of a pane; called again with the same rows, filter and order, it gives back the same object. */
export function createContentMaker(): (id: PaneId, rows: FleetRows, filter: string, sort?: SortChoice) => PaneContent {
  const makers = new Map<PaneId, ReturnType<Pane['createContent']>>();
  const last = new Map<
    PaneId,
    { readonly rows: readonly PaneRow[]; readonly content: PaneContent; sort?: SortChoice }
  >();
  return (id, fleetRows, filter, sort) => {
    const rows = PANES[id].rows(fleetRows);
    const known = last.get(id);
    if (known !== undefined && known.rows === rows && known.content.filter === filter && known.sort === sort) {
      return known.content;
    }
    const make = makers.get(id) ?? PANES[id].createContent();
    makers.set(id, make);
    const content = make(fleetRows, filter, sort);
    last.set(id, { rows, content, sort });
    return content;
  };
}
