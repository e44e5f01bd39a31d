/** Which cells a frame draws over: pictures that lie there have to be sent again after it. */
import type { Rect } from '../view/layout.ts';

/** Columns of a row, the last one exclusive. */
export interface Run {
  readonly from: number;
  readonly to: number;
}

/** By row. */
export type Damage = ReadonlyMap<number, readonly Run[]> | 'everything';

export const NO_DAMAGE: Damage = new Map();

/** Whether a box, in cells, was drawn over. */
export function touches(damage: Damage, { x, y, width, height }: Rect): boolean {
  if (damage === 'everything') return true;
  for (let row = y; row < y + height; row += 1) {
    if (damage.get(row)?.some(({ from, to }) => from < x + width && to > x) === true) return true;
  }
  return false;
}
