/** The order of a pane's rows by a column. */
import { compareNames } from '../fleet/compare-names.ts';
import type { Column } from './column.ts';

/** By which column a pane is sorted; absent, its rows stand in their own order. */
export interface SortChoice {
  readonly column: string;
  readonly isDescending: boolean;
}

/** The next column to sort by, in the order of the table; undefined is the rows' own order, between the last and the first. */
export function nextSort(
  columns: readonly { readonly id: string }[],
  sort: SortChoice | undefined,
  step: 1 | -1,
): SortChoice | undefined {
  const places = columns.length + 1;
  const index = sort === undefined ? columns.length : columns.findIndex(({ id }) => id === sort.column);
  const column = columns[(index + step + places) % places];
  return column === undefined ? undefined : { column: column.id, isDescending: sort?.isDescending ?? false };
}

type SortValue = number | string | undefined;

function sortValue<Row>(column: Column<Row>, row: Row): SortValue {
  if (column.sort !== undefined) return column.sort(row);
  const text = column.text(row);
  if (text === '') return undefined;
  return column.isNumber === true ? Number(text) : text;
}

interface Ranked<Row> {
  readonly row: Row;
  readonly value: SortValue;
  readonly index: number;
}

/**
 * Returns a function that sorts rows by a column and gives back the same list for the same question. Rows with equal values
 * keep their own order, and those without a value come last in either direction. It starts from the order it found before:
 * of 10,000 rows a few have changed, and a list that is nearly sorted is sorted in one pass.
 */
export function createRowSorter<Row extends { readonly key: string }>(): (
  rows: readonly Row[],
  column: Column<Row>,
  isDescending: boolean,
) => readonly Row[] {
  let lastRows: readonly Row[] | undefined;
  let lastColumn: Column<Row> | undefined;
  let wasDescending = false;
  let sorted: readonly Row[] = [];
  return (rows, column, isDescending) => {
    if (rows === lastRows && column === lastColumn && isDescending === wasDescending) return sorted;
    const places =
      column === lastColumn && isDescending === wasDescending
        ? new Map(sorted.map((row, place) => [row.key, place] as const))
        : undefined;
    const ranked: Ranked<Row>[] = [];
    const added: Ranked<Row>[] = [];
    for (const [index, row] of rows.entries()) {
      const one = { row, value: sortValue(column, row), index };
      const place = places?.get(row.key);
      if (place === undefined) added.push(one);
      else ranked[place] = one;
    }
    // Places of rows that have gone are holes, which filter leaves out.
    const list = places === undefined ? added : [...ranked.filter(() => true), ...added];
    sorted = list.sort((a, b) => compareRanked(a, b, isDescending)).map(({ row }) => row);
    [lastRows, lastColumn, wasDescending] = [rows, column, isDescending];
    return sorted;
  };
}

function compareRanked<Row>(a: Ranked<Row>, b: Ranked<Row>, isDescending: boolean): number {
  if (a.value === undefined || b.value === undefined) {
    return Number(a.value === undefined) - Number(b.value === undefined) || a.index - b.index;
  }
  const order = compareValues(a.value, b.value);
  return (isDescending ? -order : order) || a.index - b.index;
}

function compareValues(a: number | string, b: number | string): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  return compareNames(String(a), String(b));
}
