import { expect, test } from 'vitest';
import { PANE_IDS } from '../../source/view/layout.ts';
import { tabsOf } from '../../source/view/tab-line.ts';

test('at every width the chosen tab is there, in order, and the line does not overflow', () => {
  for (const count of [0, 7, 10_000_000]) {
    for (const chosen of PANE_IDS) {
      for (let width = 30; width < 130; width += 1) {
        const tabs = tabsOf(chosen, () => count, width);
        const text = tabs.map((tab) => tab.text).join('');
        expect(text.length).toBeLessThanOrEqual(width);
        const panes = tabs.flatMap(({ pane }) => pane ?? []);
        expect(panes).toContain(chosen);
        const first = PANE_IDS.indexOf(panes[0] ?? 'nodes');
        expect(panes).toEqual(PANE_IDS.slice(first, first + panes.length));
        expect(text.startsWith('<')).toBe(first > 0);
        expect(text.endsWith('>')).toBe(first + panes.length < PANE_IDS.length);
      }
    }
  }
});
