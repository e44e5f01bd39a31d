/**
 * The rows of each pane, made from the fleet's state. A row keeps its identity while nothing in it changed, and a list of
 * rows while none of its parts did; times stay out of rows, so that a second that passes changes none.
 */
import { compareNames } from '../fleet/compare-names.ts';
import type { FleetState } from '../fleet/state.ts';
import { NO_TOPICS } from '../fleet/topics.ts';
import { createPool, sameList } from './keep-rows.ts';
import { type MachineRows, machineRows, sumCounts } from './machine-rows.ts';
import { createNewsRows } from './news-rows.ts';
import { peerRows, routerRows } from './router-rows.ts';
import { type FleetNews, type FleetRows, NO_NEWS, type PeerRow, type RouterRow } from './rows.ts';

/**
 * Returns a function that makes the rows of a state, reusing what it made for the state before: a machine costs something
 * only when it changed, and what is left for each of all nodes is their place in a list.
 */
export function createRowMaker(): (state: FleetState, news?: FleetNews) => FleetRows {
  const routers = createPool<RouterRow>();
  const peers = createPool<PeerRow>();
  const makeNews = createNewsRows();
  let parts = new Map<string, MachineRows>();
  let order: Order = { ids: [], sorted: [] };
  let last: FleetState | undefined;
  let routing: Pick<FleetRows, 'routers' | 'peers'> = { routers: [], peers: [] };
  let rows: FleetRows | undefined;
  return (state, news = NO_NEWS) => {
    const { alerts, events } = makeNews(state, news);
    if (state === last && rows !== undefined) {
      if (rows.alerts !== alerts || rows.events !== events) rows = { ...rows, alerts, events };
      return rows;
    }
    order = orderOf(state, order);
    const made = order.sorted.flatMap((id) => {
      const machine = state.machines.get(id);
      return machine === undefined ? [] : [machineRows(state, machine, parts.get(id))];
    });
    const isSame = made.length === parts.size && made.every((part) => parts.get(part.machine.id) === part);
    const before = rows;
    const keep = <T>(list: readonly T[] | undefined, after: readonly T[]): readonly T[] =>
      list !== undefined && sameList(list, after) ? list : after;
    if (!isSame) parts = new Map(made.map((part) => [part.machine.id, part]));
    const ofMachines =
      isSame && before !== undefined
        ? before
        : {
            machines: keep(
              before?.machines,
              made.map((part) => part.row),
            ),
            nodes: keep(
              before?.nodes,
              made.flatMap((part) => part.nodes),
            ),
            shm: keep(
              before?.shm,
              made.flatMap((part) => part.shm),
            ),
            statusCounts: sumCounts(made.map((part) => part.statusCounts)),
          };
    if (!hasSameRouting(last, state)) {
      routing = { routers: routers(routerRows(state)), peers: peers(peerRows(state)) };
    }
    rows = {
      ...ofMachines,
      ...routing,
      alerts,
      events,
      // Not of the state, or not made unless it is looked at: screen-rows.ts.
      topics: [],
      topicsView: NO_TOPICS,
      tree: [],
    };
    last = state;
    return rows;
  };
}

/** Whether all is the same that rows of routers and of their sessions are made from. */
function hasSameRouting(a: FleetState | undefined, b: FleetState): boolean {
  return (
    a?.routers === b.routers &&
    a.routerAnsweredAtMs === b.routerAnsweredAtMs &&
    a.names === b.names &&
    a.zid === b.zid &&
    a.link === b.link
  );
}

/** Machine ids as they stand in the state, and in order. */
interface Order {
  readonly ids: readonly string[];
  readonly sorted: readonly string[];
}

/** Sorted anew only where a machine came or went. */
function orderOf(state: FleetState, before: Order): Order {
  const ids = [...state.machines.keys()];
  return sameList(before.ids, ids) ? before : { ids, sorted: ids.toSorted(compareNames) };
}
