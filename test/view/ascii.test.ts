import { expect, test } from 'vitest';
import { resolveTheme } from '../../source/view/resolve-theme.ts';
import { Desk, fleetNode, fleetState } from '../support/screen-input.ts';

const fleet = fleetState({
  machines: {
    robot_1: [fleetNode({ name: 'front' }), fleetNode({ name: 'rear', status: 'failed', lastExit: 'exit 1' })],
  },
});

test('without UTF-8 every screen is ASCII, and its lines are as wide as before', () => {
  const theme = resolveTheme({ TERM: 'xterm', LANG: 'C' });
  for (const size of [
    { columns: 60, rows: 16 },
    { columns: 120, rows: 60 },
  ]) {
    for (const keys of [[], ['?'], ['x'], ['l'], ['/', 'a'], ['c'], ['j', 's'], ['p'], ['2'], ['5']]) {
      const desk = new Desk(fleet, size);
      desk.theme = theme;
      desk.press(...keys);
      expect(desk.text()).toMatch(/^[\x20-\x7e\n]*$/);
      const { screen } = desk.scene();
      if (screen.kind !== 'full') throw new Error('a sentence');
      for (const { rect, lines } of screen.panes) {
        for (const line of lines) expect(line.replaceAll(/\x1b\[[\d;]*m/g, '')).toHaveLength(rect.width);
      }
    }
  }
});
