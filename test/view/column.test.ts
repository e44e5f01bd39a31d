import { expect, test } from 'vitest';
import { placeColumns } from '../../source/view/column.ts';
import { ALERT_COLUMNS } from '../../source/view/pane-alerts.ts';
import { EVENT_COLUMNS } from '../../source/view/pane-events.ts';
import { MACHINE_COLUMNS } from '../../source/view/pane-machines.ts';
import { NODE_COLUMNS } from '../../source/view/pane-nodes.ts';
import { PEER_COLUMNS } from '../../source/view/pane-peers.ts';
import { ROUTER_COLUMNS } from '../../source/view/pane-routers.ts';
import { SHM_COLUMNS } from '../../source/view/pane-shm.ts';
import { TOPIC_COLUMNS } from '../../source/view/pane-topics.ts';
import { TREE_COLUMNS } from '../../source/view/pane-tree.ts';

type Shape = { readonly column: { readonly id: string }; readonly width: number };

const tables: readonly (readonly [name: string, place: (width: number) => readonly Shape[]])[] = [
  ['nodes', (width) => placeColumns(NODE_COLUMNS, width)],
  ['peers', (width) => placeColumns(PEER_COLUMNS, width)],
  ['routers', (width) => placeColumns(ROUTER_COLUMNS, width)],
  ['shm', (width) => placeColumns(SHM_COLUMNS, width)],
  ['machines', (width) => placeColumns(MACHINE_COLUMNS, width)],
  ['topics', (width) => placeColumns(TOPIC_COLUMNS, width)],
  ['tree', (width) => placeColumns(TREE_COLUMNS, width)],
  ['alerts', (width) => placeColumns(ALERT_COLUMNS, width)],
  ['events', (width) => placeColumns(EVENT_COLUMNS, width)],
];

/** Inside of the frame and beside the pointer: of the smallest screen, and of a pane in half of the smallest overview. */
const NARROW = 55;
const HALF = 50;
const HALVES = ['routers', 'shm'];

test.each(tables)('%s: at every width the columns fit, and what matters most stays', (name, place) => {
  const all = place(1_000).map(({ column }) => column.id);
  for (let width = HALVES.includes(name) ? HALF : NARROW; width <= 300; width += 1) {
    const placed = place(width);
    const used = placed.reduce((sum, column) => sum + column.width, 0) + 2 * (placed.length - 1);
    expect(used, `at ${width}`).toBeLessThanOrEqual(width);
    // In the order of the full table, whichever of them are there.
    const ids = placed.map(({ column }) => column.id);
    expect(ids).toEqual(all.filter((id) => ids.includes(id)));
  }
});

test('a narrow node table keeps machine, node, and the three truths: status, life, data', () => {
  expect(placeColumns(NODE_COLUMNS, 55).map(({ column }) => column.id)).toEqual([
    'machine',
    'node',
    'status',
    'alive',
    'data',
  ]);
});

test('an alert’s own words have room before what they name stands a second time', () => {
  const ids = (width: number): readonly string[] => placeColumns(ALERT_COLUMNS, width).map(({ column }) => column.id);
  expect(ids(75)).toEqual(['severity', 'for', 'text']);
  expect(ids(115)).toEqual(['severity', 'for', 'rule', 'machine', 'text']);
  expect(ids(195)).toEqual(['severity', 'for', 'rule', 'machine', 'node', 'text']);
});
