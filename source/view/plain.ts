/** The fleet as plain text, for a pipe, a log file or a terminal that can do no more. */
import { type Alerts, NO_ALERTS } from '../fleet/alert-engine.ts';
import type { FleetState } from '../fleet/state.ts';
import { alertText } from './alerts.ts';
import { emptySentences } from './empty.ts';
import { plural } from './format.ts';
import { PANE_IDS } from './layout.ts';
import { createContentMaker, PANES } from './panes.ts';
import { createRowMaker } from './rows.ts';
import { sanitize } from './text.ts';
import { createTheme, type Line } from './theme.ts';

/** Wide enough for every column; trailing spaces are taken off. */
const WIDTH = 160;

/** Every pane one below the other, ending in a line break. */
export function plainSnapshot(state: FleetState, nowMs: number, alerts: Alerts = NO_ALERTS): string {
  const rows = createRowMaker()(state, { alerts, events: [] });
  const content = createContentMaker();
  const { glyphs } = createTheme('none');
  const lines = [
    `bubbaloop at ${sanitize(state.endpoint)}: ${plural(state.machines.size, 'machine')}, ${plural(rows.nodes.length, 'node')}, ${plural(state.routers.size, 'router')}`,
    ...alerts.active.map((alert) => `${glyphs.alert} ${sanitize(alertText(alert, state, nowMs))}`),
  ];
  // One look has no events, and its alerts stand above.
  for (const id of PANE_IDS.filter((pane) => pane !== 'events' && pane !== 'alerts')) {
    const pane = content(id, rows, '');
    lines.push('', `${PANES[id].title} ${pane.totalCount}`);
    const sentences = emptySentences(state, pane, nowMs);
    for (const { text } of sentences) lines.push(`  ${sanitize(text)}`);
    if (sentences.length > 0) continue;
    lines.push(toText(pane.heading(WIDTH)));
    for (let index = 0; index < pane.rows.length; index += 1) {
      lines.push(toText(pane.line(index, WIDTH, { nowMs, glyphs }, false)));
    }
  }
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function toText(line: Line): string {
  return line.map((span) => span.text).join('');
}
