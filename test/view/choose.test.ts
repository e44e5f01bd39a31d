import { expect, test } from 'vitest';
import { Desk, fleetNode, fleetState } from '../support/screen-input.ts';

const names = Array.from({ length: 10 }, (_, index) => `n${index}`);

function desk(): Desk {
  return new Desk(
    fleetState({
      machines: {
        alpha: names.map((name) => fleetNode({ name })),
        beta: names.map((name, index) => fleetNode({ name, status: index === 0 ? 'stopped' : 'running' })),
      },
    }),
  );
}

function chosen(at: Desk): readonly string[] {
  return [...(at.ui.views.nodes.marks?.keys ?? [])];
}

test('space chooses rows one by one, and no longer; the title counts them, Esc chooses none', () => {
  const at = desk();
  at.press(' ', 'j', ' ');
  expect(chosen(at)).toEqual(['alpha/n0', 'alpha/n2']);
  expect(at.text()).toContain('+ 2 chosen');
  expect(at.text()).toMatch(/│ \+alpha\s+n0/);
  at.press('g', ' ');
  expect(chosen(at)).toEqual(['alpha/n2']);
  at.press('escape');
  expect(chosen(at)).toEqual([]);
});

test('v begins a range that follows the selection both ways, and ends it; Shift and an arrow is the same', () => {
  const at = desk();
  at.press('j', 'j', 'v', 'j', 'j');
  expect(chosen(at)).toEqual(['alpha/n2', 'alpha/n3', 'alpha/n4']);
  at.press('k', 'k', 'k', 'k');
  expect(chosen(at)).toEqual(['alpha/n0', 'alpha/n1', 'alpha/n2']);
  at.press('v', 'G');
  expect(chosen(at)).toHaveLength(3);
  at.press('shift-up', 'shift-up');
  expect(chosen(at).slice(3)).toEqual(['beta/n7', 'beta/n8', 'beta/n9']);
});

test('what is chosen stays chosen, whatever is filtered, sorted or goes', () => {
  const at = desk();
  at.press('/', ...'node=n3', 'enter', '*', 'escape', 'escape');
  expect(chosen(at)).toEqual([]);
  at.press('/', ...'node=n3', 'enter', '*');
  expect(chosen(at)).toEqual(['alpha/n3', 'beta/n3']);
  at.press('/', 'ctrl-u', ...'beta', 'enter');
  expect(at.text()).toContain('+ 2 chosen (1 hidden)');
  at.ui = { ...at.ui, views: { ...at.ui.views, nodes: { ...at.ui.views.nodes, filter: '' } } };
  at.press('>', '>', 'o');
  expect(at.text()).toContain('+ 2 chosen');
  at.press('*');
  expect(chosen(at)).toHaveLength(20);
  at.press('*');
  expect(chosen(at)).toEqual([]);
});

test('several are asked about with all that will happen where; Enter is the safe answer', () => {
  const at = desk();
  at.press('*');
  expect(at.press('x')).toEqual([]);
  const text = at.text();
  expect(text).toContain('Stop 19 nodes on 2 machines?');
  expect(text).toContain('alpha: n0, n1, n2, n3, n4, n5 and 4 more');
  expect(text).toContain('beta: n1, n2, n3, n4, n5, n6 and 3 more');
  expect(text).toContain('1 other chosen node is left alone');
  expect(text).toContain('One after another, and none after the first failure.');
  expect(at.press('enter')).toEqual([]);
  at.press('x', 'm');
  expect(at.text()).toContain('up to 8 at once');
  const [order] = at.press('tab', 'enter');
  expect(order).toMatchObject({ kind: 'order', action: 'stop', mode: 'together' });
  expect(order?.kind === 'order' && order.targets).toHaveLength(19);
  // The order has used them up.
  expect(chosen(at)).toEqual([]);
});

test('a start of several asks, of one it does not; nothing that fits says why', () => {
  const at = desk();
  at.press(' ', ' ');
  expect(at.press('s')).toEqual([]);
  expect(at.text()).toContain('None of the 2 chosen nodes: n0 is already running.');
  at.press('escape', '/', ...'machine:beta', 'enter', 'g');
  expect(at.press('s')).toMatchObject([{ kind: 'order', action: 'start', targets: [{ machine: 'beta', node: 'n0' }] }]);
  at.press('*');
  expect(at.press('s')).toEqual([]);
  expect(at.text()).toContain('Start n0 on beta?');
});

test('build, enable and disable', () => {
  const at = desk();
  expect(at.press('b')).toMatchObject([{ kind: 'order', action: 'build' }]);
  expect(at.press('e')).toEqual([]);
  expect(at.text()).toContain('n0 starts with its daemon already.');
  expect(at.press('E')).toMatchObject([{ kind: 'order', action: 'disable_autostart' }]);
  at.press('*', 'E');
  expect(at.text()).toContain('Disable 20 nodes on 2 machines?');
  expect(at.text()).toContain('up to 8 at once');
});

test('data that somebody reads is named in the question', () => {
  const at = new Desk(
    fleetState({
      machines: { m: [fleetNode({ name: 'a_cam', outputs: 'flowing', outputRateHz: 15 }), fleetNode({ name: 'b' })] },
    }),
  );
  at.press('x');
  expect(at.text().replaceAll(/[│\s]+/g, ' ')).toContain('Its data is being read at 15.0 Hz');
  at.press('escape', '*', 'r');
  expect(at.text().replaceAll(/[│\s]+/g, ' ')).toContain('Data of a_cam is being read');
});

test.each([
  [60, 16],
  [80, 24],
  [200, 60],
])('a question about 2,000 nodes on 500 machines fits %d x %d, with its answers', (columns, rows) => {
  const machines = Object.fromEntries(
    Array.from({ length: 500 }, (_, index) => [
      `machine_${index}`,
      names.slice(0, 4).map((name) => fleetNode({ name })),
    ]),
  );
  const at = new Desk(fleetState({ machines }), { columns, rows });
  at.press('*', 'r');
  const text = at.text();
  expect(text).toContain('Restart 2000 nodes on 500 machines?');
  expect(text).toContain('Cancel');
  expect(text).toContain('One after another');
});

test('at 60 columns the last line keeps the list of keys and the way out, whatever else is to be said there', () => {
  const at = desk();
  at.size = { columns: 60, rows: 16 };
  const last = (): string => at.text().split('\n').at(-1) ?? '';
  at.press(' ', ' ');
  expect(last()).toMatch(/Esc unchoose 2 .* \? help {2}q quit/);
  at.press('escape', '/', 'n', 'enter');
  expect(last()).toMatch(/Esc clear filter .* \? help {2}q quit/);
});
