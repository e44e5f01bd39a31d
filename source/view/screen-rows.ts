/** Rows of all panes: those of the fleet's state, of its keys, and the tree, which is made only where it is looked at. */
import type { FleetState } from '../fleet/state.ts';
import { NO_TOPICS, type TopicsView } from '../fleet/topics.ts';
import { createRowMaker } from './row-maker.ts';
import type { FleetNews, FleetRows } from './rows.ts';
import { createTopicRowMaker } from './topic-rows.ts';
import { createTreeMaker } from './tree-rows.ts';

/** Returns a function that gives the same rows as long as none of state, news and topics is another than before. */
export function createScreenRowMaker(): (state: FleetState, news?: FleetNews, topics?: TopicsView) => FleetRows {
  const makeRows = createRowMaker();
  const makeTopics = createTopicRowMaker();
  const makeTree = createTreeMaker();
  let last: { readonly state: FleetState; readonly base: FleetRows; readonly view: TopicsView } | undefined;
  let rows: FleetRows | undefined;
  return (state, news, view = NO_TOPICS) => {
    const base = makeRows(state, news);
    if (rows !== undefined && last?.state === state && last.base === base && last.view === view) return rows;
    last = { state, base, view };
    rows = {
      ...base,
      topics: makeTopics(state, view),
      topicsView: view,
      get tree() {
        return makeTree(base);
      },
    };
    return rows;
  };
}
