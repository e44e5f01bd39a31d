/** Rows of all panes: those of the fleet's state, of its keys, and the tree, which is made only where it is looked at. */
import type { FleetState } from '../fleet/state.ts';
import { NO_TOPICS, type TopicsView } from '../fleet/topics.ts';
import { createRowMaker, type FleetRows } from './rows.ts';
import { createTopicRowMaker } from './topic-rows.ts';
import { createTreeMaker } from './tree-rows.ts';

/** Returns a function that gives the same rows as long as neither the state nor the topics are others than before. */
export function createScreenRowMaker(): (state: FleetState, topics?: TopicsView) => FleetRows {
  const makeRows = createRowMaker();
  const makeTopics = createTopicRowMaker();
  const makeTree = createTreeMaker();
  let last: { readonly state: FleetState; readonly view: TopicsView } | undefined;
  let rows: FleetRows | undefined;
  return (state, view = NO_TOPICS) => {
    if (rows !== undefined && last?.state === state && last.view === view) return rows;
    const base = makeRows(state);
    last = { state, view };
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
