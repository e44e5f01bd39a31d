/** The fleet as plain text, for a pipe, a log file or a terminal that can do no more. */
import { type Alerts, NO_ALERTS } from '../fleet/alert.ts';
import { NO_TRENDS } from '../fleet/history.ts';
import type { FleetState } from '../fleet/state.ts';
import { alertText } from './alerts.ts';
import { emptySentences } from './empty.ts';
import { plural } from './format.ts';
import { PANE_IDS } from './layout.ts';
import { createContentMaker, PANES } from './panes.ts';
import { createScreenRowMaker } from './screen-rows.ts';
import { sanitize } from './text.ts';
import { createTheme, type Line } from './theme.ts';
import { createVersionLook } from './versions.ts';

/** Wide enough for every column; trailing spaces are taken off. */
const WIDTH = 160;

/** Every pane one below the other, ending in a line break. */
export function plainSnapshot(state: FleetState, nowMs: number, alerts: Alerts = NO_ALERTS): string {
  const rows = createScreenRowMaker()(state, { alerts, events: [] });
  const content = createContentMaker();
  const { glyphs } = createTheme('none');
  const cells = { nowMs, glyphs, trends: NO_TRENDS, usual: createVersionLook()(rows) };
  const lines = [
    `bubbaloop at ${sanitize(state.endpoint)}: ${plural(state.machines.size, 'machine')}, ${plural(rows.nodes.length, 'node')}, ${plural(state.routers.size, 'router')}`,
    ...alerts.active.map((alert) => `${glyphs.warn} ${sanitize(alertText(alert, state, nowMs))}`),
  ];
  // One look has no events, its alerts stand above, and keys are asked for only while somebody looks at them.
  for (const id of PANE_IDS.filter((pane) => pane !== 'events' && pane !== 'alerts' && pane !== 'topics')) {
    const pane = content(id, rows, '');
    lines.push('', `${PANES[id].title} ${pane.totalCount}`);
    const sentences = emptySentences(state, rows, pane, nowMs);
    for (const { text } of sentences) lines.push(`  ${sanitize(text)}`);
    if (sentences.length > 0) continue;
    lines.push(toText(pane.heading(WIDTH)));
    for (let index = 0; index < pane.rows.length; index += 1) {
      lines.push(toText(pane.line(index, WIDTH, cells, false)));
    }
  }
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function toText(line: Line): string {
  return line.map((span) => span.text).join('');
}
