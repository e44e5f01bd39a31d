import { expect, test } from 'vitest';
import { placeColumns } from '../../source/view/column.ts';
import { NODE_COLUMNS } from '../../source/view/pane-nodes.ts';
import { PEER_COLUMNS } from '../../source/view/pane-peers.ts';
import { ROUTER_COLUMNS } from '../../source/view/pane-routers.ts';
import { SHM_COLUMNS } from '../../source/view/pane-shm.ts';

type Shape = { readonly column: { readonly id: string }; readonly width: number };

const tables: readonly (readonly [name: string, place: (width: number) => readonly Shape[]])[] = [
  ['nodes', (width) => placeColumns(NODE_COLUMNS, width)],
  ['peers', (width) => placeColumns(PEER_COLUMNS, width)],
  ['routers', (width) => placeColumns(ROUTER_COLUMNS, width)],
  ['shm', (width) => placeColumns(SHM_COLUMNS, width)],
];

test.each(tables)('%s: at every width the columns fit, and what matters most stays', (_name, place) => {
  const all = place(1_000).map(({ column }) => column.id);
  for (let width = 50; width <= 300; width += 1) {
    const placed = place(width);
    const used = placed.reduce((sum, column) => sum + column.width, 0) + 2 * (placed.length - 1);
    expect(used, `at ${width}`).toBeLessThanOrEqual(width);
    // In the order of the full table, whichever of them are there.
    const ids = placed.map(({ column }) => column.id);
    expect(ids).toEqual(all.filter((id) => ids.includes(id)));
  }
});

test('a narrow node table keeps machine, node, status, life and uptime', () => {
  expect(placeColumns(NODE_COLUMNS, 55).map(({ column }) => column.id)).toEqual([
    'machine',
    'node',
    'status',
    'alive',
    'up',
  ]);
});
