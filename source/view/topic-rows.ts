/** Rows of the Topics pane. */
import type { FleetState } from '../fleet/state.ts';
import type { Topic, TopicsView } from '../fleet/topics.ts';
import type { BaseRow } from './rows.ts';

export interface TopicRow extends BaseRow {
  readonly topic: Topic;
}

/** Returns a function that makes the rows; the same row where its topic is the same as before. */
export function createTopicRowMaker(): (state: FleetState, view: TopicsView) => readonly TopicRow[] {
  let topics: readonly Topic[] | undefined;
  let isLive: boolean | undefined;
  let rows: readonly TopicRow[] = [];
  let byTopic = new WeakMap<Topic, TopicRow>();
  return (state, view) => {
    // What a recording tells of keys nobody looked at any more is old, too.
    const isLiveNow = state.link.state === 'connected' && view.recorded?.isShown !== false;
    if (view.topics === topics && isLiveNow === isLive) return rows;
    if (isLiveNow !== isLive) byTopic = new WeakMap();
    topics = view.topics;
    isLive = isLiveNow;
    rows = topics.map((topic) => {
      const known = byTopic.get(topic);
      if (known !== undefined) return known;
      const row: TopicRow = { key: topic.keyExpr, topic, freshness: isLiveNow ? 'live' : 'stale' };
      byTopic.set(topic, row);
      return row;
    });
    return rows;
  };
}
