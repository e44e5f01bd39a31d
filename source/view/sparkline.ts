/** A series of figures as a row of small bars. */
import type { Trend } from '../fleet/history.ts';
import type { Glyphs } from './glyphs.ts';

/**
 * `width` cells, the newest on the right, each the highest of its steps. `top` is the figure of a full bar; absent: the highest
 * in sight. Where nothing was seen the cell is blank, and a figure over 0 never looks like none.
 */
export function sparkline(trend: Trend | undefined, width: number, glyphs: Glyphs, top?: number): string {
  if (trend === undefined) return ' '.repeat(width);
  const perCell = Math.max(1, Math.ceil(trend.values.length / width));
  const cells = new Array<number>(width).fill(Number.NaN);
  // Cells begin at steps whose number divides: a bar once drawn moves as a whole, and does not change as time goes on.
  const lastCell = Math.floor(trend.step / perCell);
  for (const [index, value] of trend.values.entries()) {
    const step = trend.step - trend.values.length + 1 + index;
    const cell = width - 1 - (lastCell - Math.floor(step / perCell));
    if (Number.isNaN(value) || cell < 0) continue;
    const before = cells[cell] ?? Number.NaN;
    cells[cell] = Number.isNaN(before) ? value : Math.max(before, value);
  }
  const highest = top ?? Math.max(0, ...cells.filter((value) => !Number.isNaN(value)));
  const levels = glyphs.spark;
  return cells
    .map((value) => {
      if (Number.isNaN(value)) return ' ';
      if (highest <= 0 || value <= 0) return levels[0] ?? ' ';
      const level = Math.round((Math.min(value, highest) / highest) * (levels.length - 1));
      return levels[Math.max(1, level)] ?? ' ';
    })
    .join('');
}
