/** A row's details as a small table that fits its room. */
import { cut, sanitize, textWidth, wrap } from './text.ts';

/** A table for ink-table: its rows all have the same keys, which are its titles. */
export interface DetailsTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
}

/** Rows of text that a box of `height` lines shows: three go for the head, one for the end. */
export function detailsPageRows(height: number): number {
  return Math.max(1, height - 4);
}

export function fieldTable(title: string, fields: readonly (readonly [field: string, value: string])[]): DetailsTable {
  return { title, columns: ['what', 'value'], rows: fields.map(([what, value]) => ({ what, value })) };
}

/**
 * ink-table neither cuts nor wraps: the widest column gives way until the table fits. Three cells go for each border. A value
 * that is too long goes on in rows below, since nowhere else is all of it; what is one of several to a row is cut.
 */
export function fitTable(table: DetailsTable, width: number): DetailsTable {
  const rows = table.rows.map((row) =>
    Object.fromEntries(table.columns.map((column) => [column, sanitize(row[column] ?? '')])),
  );
  const widths = table.columns.map((column) =>
    Math.max(textWidth(column), ...rows.map((row) => textWidth(row[column] ?? ''))),
  );
  const spare = (at: number): number => (widths[at] ?? 0) - (least[at] ?? 0);
  const firstSpare = (): number => widths.findIndex((_, at) => spare(at) > 0);
  const least = table.columns.map((column) => Math.max(4, textWidth(column)));
  let over = widths.reduce((sum, size) => sum + size, 0) - (width - 1 - table.columns.length * 3);
  while (over > 0) {
    const index = widths.reduce(
      (best, size, at) => (spare(at) > 0 && size > (widths[best] ?? 0) ? at : best),
      firstSpare(),
    );
    if (index < 0) break;
    widths[index] = (widths[index] ?? 0) - 1;
    over -= 1;
  }
  const isFields = table.columns.length === 2;
  const last = table.columns.at(-1) ?? '';
  return {
    ...table,
    title: sanitize(table.title),
    rows: rows.flatMap((row) => {
      const short = Object.fromEntries(
        table.columns.map((column, index) => [column, cut(row[column] ?? '', widths[index] ?? 4)]),
      );
      if (!isFields || short[last] === row[last]) return [short];
      return wrap(row[last] ?? '', widths.at(-1) ?? 4).map((value, index) =>
        index === 0 ? { ...short, [last]: value } : { ...blank(table.columns), [last]: value },
      );
    }),
  };
}

function blank(columns: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(columns.map((column) => [column, '']));
}
