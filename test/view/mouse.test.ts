import { expect, test } from 'vitest';
import { handleMouse } from '../../source/view/mouse.ts';
import { applyUserKeys } from '../../source/view/user-keys.ts';
import { Desk, fleetNode, fleetState } from '../support/screen-input.ts';

const nodes = Array.from({ length: 40 }, (_, index) => fleetNode({ name: `node_${String(index).padStart(2, '0')}` }));
const fleet = fleetState({ machines: { robot_1: nodes, robot_2: [fleetNode({ name: '東京カメラ' })] } });

/** The cell of the first place at which `words` stand, below `fromRow`. */
function find(desk: Desk, words: string): { readonly x: number; readonly y: number } {
  const { screen } = desk.scene();
  if (screen.kind === 'sentence') throw new Error('no screen');
  const blocks = [
    ...(screen.dialog === undefined ? [] : [screen.dialog]),
    { rect: { x: 0, y: 0 }, lines: screen.above },
    ...screen.panes,
    { rect: { x: 0, y: screen.size.rows - 1 }, lines: [screen.footer] },
  ];
  for (const { rect, lines } of blocks) {
    for (const [row, line] of lines.entries()) {
      const at = line.replaceAll(/\x1b\[[\d;]*m/g, '').indexOf(words);
      if (at >= 0) return { x: rect.x + at, y: rect.y + row };
    }
  }
  throw new Error(`${words} is not on the screen:\n${desk.text()}`);
}

function click(desk: Desk, words: string, by = 0) {
  const { x, y } = find(desk, words);
  return desk.mouse('click', x + by, y);
}

test('a click selects a row and its pane', () => {
  const desk = new Desk(fleet);
  click(desk, 'node_03');
  expect(desk.ui).toMatchObject({ pane: 'nodes', views: { nodes: { key: 'robot_1/node_03' } } });
  click(desk, 'central');
  expect(desk.ui).toMatchObject({ pane: 'routers', views: { nodes: { key: 'robot_1/node_03' } } });
  click(desk, '4 Peers');
  expect(desk.ui.pane).toBe('peers');
});

test('the wheel moves the rows under it, and stops at both ends', () => {
  const desk = new Desk(fleet);
  const { x, y } = find(desk, 'node_03');
  for (let turn = 0; turn < 20; turn += 1) desk.mouse('wheel-down', x, y);
  desk.scene();
  expect(desk.ui.views.nodes).toMatchObject({ index: 40, key: 'robot_2/東京カメラ' });
  desk.mouse('wheel-up', x, y);
  expect(desk.ui.views.nodes.index).toBe(37);
  for (let turn = 0; turn < 20; turn += 1) desk.mouse('wheel-up', x, y);
  expect(desk.ui.views.nodes.index).toBe(0);
});

test('a click on a key of the last line presses it', () => {
  const desk = new Desk(fleet);
  click(desk, ' x stop', 4);
  expect(desk.ui.overlay.kind).toBe('dialog');
  click(desk, ' Esc cancel', 1);
  expect(desk.ui.overlay.kind).toBe('none');
  click(desk, '? help');
  expect(desk.ui.overlay.kind).toBe('help');
  desk.size = { columns: 80, rows: 24 };
  const scroll = find(desk, '↑↓');
  desk.mouse('click', scroll.x + 1, scroll.y);
  expect(desk.ui.overlay).toMatchObject({ kind: 'help', top: 1 });
  desk.mouse('wheel-down', 10, 10);
  expect(desk.ui.overlay).toMatchObject({ kind: 'help', top: 4 });
  click(desk, 'Esc back');
  expect(click(desk, 'q quit')).toEqual([{ kind: 'quit' }]);
});

test('the buttons of a question; beside them nothing happens', () => {
  const desk = new Desk(fleet);
  desk.press('x');
  desk.mouse('click', 0, 5);
  expect(desk.ui.overlay.kind).toBe('dialog');
  expect(click(desk, '  Cancel  ', 3)).toEqual([]);
  expect(desk.ui.overlay.kind).toBe('none');
  desk.press('x');
  const { x, y } = find(desk, '  Cancel  ');
  expect(desk.mouse('click', x + 15, y)).toMatchObject([
    { kind: 'order', action: 'stop', targets: [{ node: 'node_00' }] },
  ]);
});

test('tabs of a small screen', () => {
  const desk = new Desk(fleet, { columns: 80, rows: 24 });
  click(desk, ' 5 Machines', 4);
  expect(desk.ui.pane).toBe('machines');
  click(desk, 'robot_2');
  expect(desk.ui.views.machines.key).toBe('robot_2');
});

test('no cell of any screen breaks it', () => {
  const { keymap } = applyUserKeys({ stop: 'X', details: [] });
  for (const size of [
    { columns: 60, rows: 16 },
    { columns: 120, rows: 32 },
    { columns: 20, rows: 5 },
  ]) {
    for (const overlay of ['', 'x', '?', 'l', '/', 'enter', 'c']) {
      const desk = new Desk(fleet, size);
      if (overlay !== '') desk.press(overlay);
      desk.keymap = keymap;
      const { ui } = desk;
      for (const y of [-1, 0, 1, 2, 5, 9, 14, size.rows - 2, size.rows - 1, size.rows, 9_999]) {
        for (const x of [-1, 0, 7, 30, size.columns - 1, size.columns, 9_999]) {
          for (const kind of ['click', 'wheel-down'] as const) {
            desk.ui = ui;
            const scene = desk.scene();
            const result = handleMouse({ kind, x, y }, desk.input(), scene);
            expect(result.keys.every((key) => key !== '')).toBe(true);
          }
        }
      }
    }
  }
});

test('a second click on a row opens its details, and a click on a link there follows it', () => {
  const desk = new Desk(fleet);
  click(desk, 'node_03');
  expect(desk.ui.overlay.kind).toBe('none');
  click(desk, 'node_03');
  expect(desk.ui.overlay).toMatchObject({ kind: 'details', pane: 'nodes', key: 'robot_1/node_03' });
  const { screen, links } = desk.scene();
  const machine = links.findIndex(({ label }) => label === 'machine robot_1');
  expect(machine).toBeGreaterThanOrEqual(0);
  const strip = screen.kind === 'full' ? screen.panes.at(-1) : undefined;
  if (strip === undefined) throw new Error('no links');
  const at = (words: string): { readonly x: number; readonly y: number } => {
    const line = strip.lines.map((one) => one.replaceAll(/\x1b\[[\d;]*m/g, '')).findIndex((one) => one.includes(words));
    const x = strip.lines[line]?.replaceAll(/\x1b\[[\d;]*m/g, '').indexOf(words) ?? -1;
    return { x: strip.rect.x + x, y: strip.rect.y + line };
  };
  const { x, y } = at('machine robot_1');
  // Beside the links, and on the details themselves, a click does nothing.
  desk.mouse('click', desk.size.columns - 1, y);
  desk.mouse('click', 3, y - 3);
  expect(desk.ui.overlay).toMatchObject({ kind: 'details', pane: 'nodes' });
  desk.mouse('click', x + 2, y);
  expect(desk.ui.overlay).toMatchObject({ kind: 'details', pane: 'machines', key: 'robot_1' });
});

test('what the program costs stands behind the keys where there is room; a click on it presses none', () => {
  const desk = new Desk(fleet, { columns: 120, rows: 32 });
  desk.cost = { cpuPercent: 0.6, memoryBytes: 71 * 2 ** 20, bytesPerSecond: 290 };
  expect(desk.text().split('\n').at(-1)).toMatch(/ q quit +top 0\.6% 71M 290 B\/s $/);
  const { columns, rows } = desk.size;
  for (let x = columns - 30; x < columns; x += 1) expect(desk.mouse('click', x, rows - 1)).toEqual([]);
  desk.size = { columns: 80, rows: 24 };
  expect(desk.text()).not.toContain('top 0.6%');
  expect(desk.text()).toContain('q quit');
});
