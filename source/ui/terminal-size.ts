import type { Size } from '../view/layout.ts';

/** Beyond this a size is a mistake, and a screen of that many cells would take all memory. */
const MAX_COLUMNS = 1_000;
const MAX_ROWS = 400;

/** The terminal's size; 80x24 where it says none. One that cannot be is taken for the largest that can. */
export function terminalSize(
  stdout: NodeJS.WritableStream & { readonly columns?: number; readonly rows?: number },
): Size {
  return { columns: within(stdout.columns, 80, MAX_COLUMNS), rows: within(stdout.rows, 24, MAX_ROWS) };
}

function within(told: number | undefined, usual: number, most: number): number {
  if (told === undefined || !Number.isFinite(told) || told < 1) return usual;
  return Math.min(most, Math.floor(told));
}
