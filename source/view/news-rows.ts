/** Rows of what is known beside the state: alerts and events. */
import type { Alert } from '../fleet/alert.ts';
import { type FleetState, initialState } from '../fleet/state.ts';
import type { TimelineEntry } from '../fleet/timeline.ts';
import { createPool } from './keep-rows.ts';
import type { AlertRow, EventRow, FleetNews, FleetRows } from './rows.ts';

export function createNewsRows(): (state: FleetState, news: FleetNews) => Pick<FleetRows, 'alerts' | 'events'> {
  const pool = createPool<AlertRow>();
  const eventRows = new WeakMap<TimelineEntry, EventRow>();
  let lastEvents: readonly TimelineEntry[] | undefined;
  let events: readonly EventRow[] = [];
  return (state, news) => {
    const { active, silenced } = news.alerts;
    // Of the state only the link's alert needs to know: others keep their rows.
    const toRow = (alert: Alert, isSilenced: boolean): AlertRow => ({
      key: alert.key,
      freshness: 'live',
      alert,
      isSilenced,
      state: alert.when === 'link' ? state : EMPTY_STATE,
    });
    const alerts = pool([
      ...active.map((alert) => toRow(alert, false)),
      ...silenced.map((alert) => toRow(alert, true)),
    ]);
    if (news.events !== lastEvents) {
      lastEvents = news.events;
      events = news.events.map((entry) => {
        const known = eventRows.get(entry);
        if (known !== undefined) return known;
        const row: EventRow = { key: String(entry.number), freshness: 'live', entry };
        eventRows.set(entry, row);
        return row;
      });
    }
    return { alerts, events };
  };
}

const EMPTY_STATE = initialState('', 0);
