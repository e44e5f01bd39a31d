import { expect, test } from 'vitest';
import { shareScreen } from '../../source/ui/share-screen.ts';
import type { Screen } from '../../source/view/screen.ts';
import { Desk, fleetNode, fleetState } from '../support/screen-input.ts';

function screenOf(desk: Desk): Extract<Screen, { kind: 'full' }> {
  const { screen } = desk.scene();
  if (screen.kind !== 'full') throw new Error('a sentence');
  return screen;
}

test('a screen that says the same is the same object', () => {
  const desk = new Desk(fleetState({ machines: { m: [fleetNode({ name: 'a' })] } }));
  const first = screenOf(desk);
  expect(shareScreen(first, screenOf(desk))).toBe(first);
  desk.press('enter');
  const details = screenOf(desk);
  expect(shareScreen(details, screenOf(desk))).toBe(details);
});

test('one pane that changes leaves the others as they are', () => {
  const desk = new Desk(fleetState({ machines: { m: [fleetNode({ name: 'a' })] } }));
  const before = screenOf(desk);
  desk.fleet = fleetState({ machines: { m: [fleetNode({ name: 'b' })] } });
  const after = shareScreen(before, screenOf(desk));
  if (after.kind !== 'full') throw new Error('a sentence');
  const same = after.panes.map((pane, index) => pane === before.panes[index]);
  expect(same).toEqual([true, true, false, true]);
  expect(after.above).toBe(before.above);
});

test('another size is another screen', () => {
  const desk = new Desk(fleetState({ machines: {} }), { columns: 20, rows: 5 });
  const before = desk.scene().screen;
  desk.size = { columns: 20, rows: 6 };
  expect(shareScreen(before, desk.scene().screen)).not.toBe(before);
  expect(shareScreen(before, { ...before })).toBe(before);
});
