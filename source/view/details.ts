import { type DetailsTable, fitTable } from './details-table.ts';
import type { DetailsContext, Pane } from './pane.ts';

/** The details of a row; undefined where it has gone. `width` is the room for the whole table. */
export function detailsOf(pane: Pane, context: DetailsContext, key: string, width: number): DetailsTable | undefined {
  const table = pane.details(key, context);
  return table === undefined ? undefined : fitTable(table, width);
}
