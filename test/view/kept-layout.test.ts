import { expect, test } from 'vitest';
import { initialState } from '../../source/fleet/state.ts';
import { keepLayout, restoreLayout } from '../../source/view/kept-layout.ts';
import { PANE_IDS } from '../../source/view/layout.ts';
import { INITIAL_UI } from '../../source/view/ui-state.ts';
import { Desk, fleetNode, fleetState } from '../support/screen-input.ts';

test('pane and filters come back, selections and what lay on top do not', () => {
  const desk = new Desk(
    fleetState({ machines: { robot_1: [fleetNode({ name: 'front' }), fleetNode({ name: 'rear' })] } }),
  );
  desk.press('/', ...'status!=running', 'enter', 'j', '3', '?');
  const kept: unknown = JSON.parse(JSON.stringify(keepLayout(desk.ui)));
  const ui = restoreLayout(kept);
  expect(ui).toMatchObject({ pane: 'routers', overlay: { kind: 'none' } });
  expect(ui?.views.nodes).toEqual({ ...INITIAL_UI.views.nodes, filter: 'status!=running' });
  expect(JSON.stringify(kept)).not.toContain('front');
});

test('the order of each pane comes back, and is told above its rows', () => {
  const nodes = [fleetNode({ name: 'front' }), fleetNode({ name: 'rear', restartCount: 7 })];
  const state = fleetState({ machines: { robot_1: nodes } });
  const desk = new Desk(state);
  while (desk.ui.views.nodes.sort?.column !== 'restarts') desk.press('>');
  desk.press('o', '9', '<', '1');
  const ui = restoreLayout(JSON.parse(JSON.stringify(keepLayout(desk.ui))));
  expect(ui?.views.nodes.sort).toEqual({ column: 'restarts', isDescending: true });
  expect(ui?.views.events.sort).toEqual({ column: 'text', isDescending: false });
  expect(ui?.views.shm).toEqual(INITIAL_UI.views.shm);
  // At 80 columns that column has no room: the title says it all the same.
  for (const columns of [80, 160]) {
    const next = new Desk(state, { columns, rows: 24 });
    next.ui = ui ?? INITIAL_UI;
    expect(next.text()).toMatch(/sort: restarts ▼/);
    expect(next.content('nodes').rows[0]?.key).toBe('robot_1/rear');
  }
});

test('whatever pane one begins in, it says what to do where there is no router', () => {
  const link = { state: 'lost', sinceMs: 0, retryAtMs: 0, attempt: 3, reason: 'connection refused' } as const;
  for (const pane of PANE_IDS) {
    const desk = new Desk({ ...initialState('tcp/127.0.0.1:7447', 0), link }, { columns: 80, rows: 24 });
    desk.ui = { ...INITIAL_UI, pane };
    expect(desk.text(), pane).toMatch(
      /No router at tcp\/127\.0\.0\.1:7447 \(connection refused\)[\s\S]*bubbaloop router standalone/,
    );
  }
});

test('an order by a column that is not there is none', () => {
  const views = { nodes: { filter: '', sort: { column: 'moons', isDescending: true } } };
  expect(restoreLayout({ version: 1, pane: 'nodes', views })).toEqual(INITIAL_UI);
  expect(
    restoreLayout({
      version: 1,
      pane: 'tree',
      views: { tree: { filter: '', sort: { column: 'a', isDescending: true } } },
    }),
  ).toEqual({ ...INITIAL_UI, pane: 'tree' });
});

test('another version’s panes are no damage', () => {
  expect(restoreLayout({ version: 1, pane: 'moons', views: { moons: { filter: 7 } } })).toEqual(INITIAL_UI);
});

test.each([
  [undefined],
  [null],
  [[]],
  ['{}'],
  [{}],
  [{ version: 2, pane: 'nodes', views: {} }],
  [{ version: 1, pane: 'nodes' }],
  [{ version: 1, pane: 'nodes', views: { nodes: 1 } }],
  [{ version: 1, pane: 'nodes', views: { nodes: { filter: 7 } } }],
  [{ version: 1, pane: 'nodes', views: { nodes: { filter: 'x\x1b[2J' } } }],
  [{ version: 1, pane: 'nodes', views: { nodes: { filter: 'x'.repeat(201) } } }],
  [{ version: 1, pane: 'nodes', views: { nodes: { filter: '', sort: 'up' } } }],
  [{ version: 1, pane: 'nodes', views: { nodes: { filter: '', sort: { column: 'up', isDescending: 1 } } } }],
])('%j is damaged', (json) => {
  expect(restoreLayout(json)).toBeUndefined();
});
