import { expect, test } from 'vitest';
import { layoutOf, OVERVIEW_PANES } from '../../source/view/layout.ts';

test('every size from 1x1 to 300x100 is laid out without a gap, an overlap or a pane too small to read', () => {
  for (let columns = 1; columns <= 300; columns += columns < 130 ? 1 : 7) {
    for (let rows = 1; rows <= 100; rows += 1) {
      for (const alerts of [0, 1, 9]) {
        const layout = layoutOf({ columns, rows }, alerts, 'nodes');
        if (layout.kind === 'too-small') {
          expect(columns < 60 || rows < 16).toBe(true);
          continue;
        }
        if (layout.kind === 'tabs') {
          expect(layout.pane.y + layout.pane.height).toBe(rows - 1);
          expect(layout.pane.height).toBeGreaterThanOrEqual(8);
          continue;
        }
        const rects = OVERVIEW_PANES.map((id) => layout.panes[id]);
        const area = rects.reduce((sum, rect) => sum + rect.width * rect.height, 0);
        expect(area).toBe(columns * (rows - 2 - layout.alertRows));
        for (const rect of rects) {
          expect(rect.height).toBeGreaterThanOrEqual(6);
          expect(rect.x + rect.width).toBeLessThanOrEqual(columns);
          expect(rect.y + rect.height).toBeLessThanOrEqual(rows - 1);
        }
      }
    }
  }
});
