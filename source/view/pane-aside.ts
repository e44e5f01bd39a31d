/** What stands on the right of a pane's title, and beside its rows: what is chosen, and the order. */
import type { Marks } from './marks.ts';
import type { PaneContent } from './pane.ts';
import type { Span, Theme } from './theme.ts';
import type { PaneView, UiState } from './ui-state.ts';

/** Whether a row is chosen with others. */
export function isMarked({ marks }: PaneView, { rows }: PaneContent, index: number): boolean {
  return marks?.keys.has(rows[index]?.key ?? '') ?? false;
}

function countMarked(rows: PaneContent['rows'], marks: Marks): number {
  return rows.reduce((sum, { key }) => sum + Number(marks.keys.has(key)), 0);
}

/** How many rows are chosen, and by what they are sorted. */
export function paneAside({ id, sort, all, rows }: PaneContent, ui: UiState, { glyphs }: Theme): readonly Span[] {
  const { marks } = ui.views[id];
  const spans: Span[] = [];
  if (marks !== undefined) {
    const count = countMarked(all, marks);
    const hidden = all === rows ? 0 : count - countMarked(rows, marks);
    const how = hidden === 0 ? '' : ` (${hidden} hidden)`;
    spans.push({ text: ` ${glyphs.mark} ${count} chosen${how} `, style: 'key' });
  }
  if (sort !== undefined) {
    const sign = sort.isDescending ? glyphs.descending : glyphs.ascending;
    spans.push({ text: ` sort: ${sort.column} ${sign} `, style: 'dim' });
  }
  return spans;
}
