import { expect, test } from 'vitest';
import type { Column } from '../../source/view/column.ts';
import { createRowSorter, nextSort } from '../../source/view/sort-rows.ts';
import { Desk, fleetNode, fleetState } from '../support/screen-input.ts';

interface Row {
  readonly key: string;
  readonly count: string;
}

const column: Column<Row> = {
  id: 'count',
  title: 'COUNT',
  align: 'right',
  width: 5,
  drop: 0,
  isNumber: true,
  cell: (row) => ({ text: row.count }),
  text: (row) => row.count,
};

const rowsOf = (...counts: string[]): Row[] => counts.map((count, index) => ({ key: `row ${index}`, count }));
const countsOf = (rows: readonly Row[]): string[] => rows.map(({ count }) => count);

test('numbers sort as numbers, those without one come last either way, equals keep their order', () => {
  const sort = createRowSorter<Row>();
  const rows = rowsOf('10', '', '9', '100', '9');
  expect(countsOf(sort(rows, column, false))).toEqual(['9', '9', '10', '100', '']);
  expect(
    sort(rows, column, false)
      .map(({ key }) => key)
      .slice(0, 2),
  ).toEqual(['row 2', 'row 4']);
  expect(countsOf(sort(rows, column, true))).toEqual(['100', '10', '9', '9', '']);
  expect(
    sort(rows, column, true)
      .map(({ key }) => key)
      .slice(2, 4),
  ).toEqual(['row 2', 'row 4']);
});

test('the same question gives the same list; rows that change, come and go find their places', () => {
  const sort = createRowSorter<Row>();
  let rows: readonly Row[] = rowsOf(...Array.from({ length: 500 }, (_, index) => String((index * 7919) % 500)));
  expect(sort(rows, column, false)).toBe(sort(rows, column, false));
  for (let round = 0; round < 20; round += 1) {
    rows = [
      ...rows.filter((_, index) => index % 37 !== round),
      { key: `new ${round}`, count: String((round * 31) % 600) },
    ].map((row, index) => (index % 20 === round % 20 ? { ...row, count: String((index * 13 + round) % 550) } : row));
    expect(sort(rows, column, round % 5 === 0)).toEqual(createRowSorter<Row>()(rows, column, round % 5 === 0));
  }
});

test('each of 10,000 rows is read once, and the second time nothing is', () => {
  let readCount = 0;
  const counted: Column<Row> = {
    ...column,
    text: (row) => {
      readCount += 1;
      return row.count;
    },
  };
  const sort = createRowSorter<Row>();
  const rows = rowsOf(...Array.from({ length: 10_000 }, (_, index) => String((index * 7919) % 10_000)));
  sort(rows, counted, false);
  sort(rows, counted, false);
  expect(readCount).toBe(10_000);
});

test('< and > go through the columns and the rows’ own order; o turns it round; the title has a sign', () => {
  const columns = [{ id: 'a' }, { id: 'b' }];
  expect(nextSort(columns, undefined, 1)).toEqual({ column: 'a', isDescending: false });
  expect(nextSort(columns, { column: 'b', isDescending: true }, 1)).toBeUndefined();
  expect(nextSort(columns, undefined, -1)).toEqual({ column: 'b', isDescending: false });
  const at = new Desk(
    fleetState({
      machines: {
        m: ['a', 'b', 'c'].map((name, index) => fleetNode({ name, restartCount: [2, 10, 0][index] })),
      },
    }),
  );
  at.press('o');
  expect(at.text()).toContain('< and > choose a column');
  while (at.ui.views.nodes.sort?.column !== 'restarts') at.press('>');
  const names = () => at.content('nodes').rows.map(({ key }) => key);
  expect(names()).toEqual(['m/c', 'm/a', 'm/b']);
  expect(at.text()).toContain('RESTART▲');
  expect(at.text()).toContain('sort: restarts ▲');
  at.press('o');
  expect(names()).toEqual(['m/b', 'm/a', 'm/c']);
  expect(at.text()).toContain('sort: restarts ▼');
  at.press('<');
  expect(at.ui.views.nodes.sort).toEqual({ column: 'up', isDescending: true });
});

test('each column that one comes to has something to sort by', () => {
  const desk = new Desk(fleetState({ machines: { m: [fleetNode({ name: 'a' })] } }));
  for (const pane of ['1', '2', '5'] as const) {
    desk.press(pane);
    const seen: string[] = [];
    for (;;) {
      desk.press('>');
      const column = desk.content(desk.ui.pane).sort?.column;
      if (column === undefined || seen.includes(column)) break;
      seen.push(column);
    }
    expect(seen.length).toBeGreaterThan(5);
    expect(seen.filter((id) => id.endsWith('trend'))).toEqual([]);
    desk.press('/', ...'trend:x', 'enter');
    expect(desk.content(desk.ui.pane).filterProblem).toContain('no column "trend" here');
    desk.press('escape');
  }
});
