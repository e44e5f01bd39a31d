import { expect, test } from 'vitest';
import { keepLayout, restoreLayout } from '../../source/view/kept-layout.ts';
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
])('%j is damaged', (json) => {
  expect(restoreLayout(json)).toBeUndefined();
});
