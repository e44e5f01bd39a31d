import { expect, test } from 'vitest';
import { addLogLines, findRow, MAX_LOG_LINES } from '../../source/view/log-view.ts';
import type { LogsView } from '../../source/view/ui-state.ts';
import { Desk, fleetNode, fleetState } from '../support/screen-input.ts';

function desk(lines: readonly string[]): Desk {
  const at = new Desk(fleetState({ machines: { m: [fleetNode({ name: 'a' }), fleetNode({ name: 'b' })] } }));
  at.press('l');
  change(at, { phase: 'ready', lines });
  return at;
}

function logs(at: Desk): LogsView {
  if (at.ui.overlay.kind !== 'logs') throw new Error('no log is open');
  return at.ui.overlay.logs;
}

function change(at: Desk, to: Partial<LogsView>): void {
  at.ui = { ...at.ui, overlay: { kind: 'logs', logs: { ...logs(at), ...to } } };
}

const many = Array.from({ length: 200 }, (_, index) => (index % 50 === 7 ? `Error number ${index}` : `line ${index}`));

test('/ finds from the end back, n and N go on and round the end, Esc clears', () => {
  const at = desk(many);
  at.press('/', ...'error');
  expect(at.text()).toContain(' /error');
  at.press('enter');
  expect(logs(at).found).toBe(157);
  expect(at.text()).toMatch(/>Error number 157/);
  at.press('n');
  expect(logs(at).found).toBe(7);
  at.press('N');
  expect(logs(at).found).toBe(157);
  at.press('N');
  expect(at.text()).toContain('Error number 107');
  at.press('escape');
  expect(logs(at).search).toBe('');
  at.press('n');
  expect(at.text()).toContain('Nothing is looked for');
  at.press('/', ...'zebra', 'enter');
  expect(at.text()).toContain('"zebra" is in no line here.');
});

test('& shows only lines with a text, or without it', () => {
  const at = desk(many);
  at.press('&', ...'error', 'enter');
  expect(at.text()).toContain('1-4 of 4 (200 lines)');
  expect(at.text()).not.toContain('line 199');
  at.press('&', 'ctrl-u', ...'!error', 'enter');
  expect(at.scene().logRows).toHaveLength(196);
  at.press('&', 'ctrl-u', ...'zebra', 'enter');
  expect(at.text()).toContain('No line is left by the filter');
  at.press('escape');
  expect(logs(at).filter).toBe('');
  at.press('escape');
  expect(at.ui.overlay.kind).toBe('none');
});

test('long lines are scrolled sideways, or broken by w', () => {
  const at = desk([`begin ${'x'.repeat(300)} finish`]);
  expect(at.text()).not.toContain('finish');
  at.press(...Array.from({ length: 13 }, () => 'right'));
  expect(at.text()).toContain('finish');
  expect(at.text()).toContain('from column 209');
  at.press('left');
  expect(logs(at).left).toBe(192);
  at.press('w');
  expect(at.text()).toContain('begin');
  expect(at.text()).toContain('finish');
});

test('keys of a log say elsewhere where they work', () => {
  const at = desk([]);
  at.press('q', 'n');
  expect(at.text()).toContain('This works in an open log');
});

test('lines are bounded, and a window that is held stays on its lines', () => {
  const at = desk(many);
  at.press('g', 'j', 'j');
  const before = addLogLines(
    logs(at),
    Array.from({ length: MAX_LOG_LINES - 200 }, (_, index) => `more ${index}`),
  );
  expect(before.top).toBe(2);
  const after = addLogLines(
    { ...before, top: 150, found: 157 },
    Array.from({ length: 100 }, () => 'yet more'),
  );
  expect(after.lines).toHaveLength(MAX_LOG_LINES);
  expect(after.lines[50]).toBe('line 150');
  expect(after.top).toBe(50);
  expect(after.found).toBe(57);
  expect(addLogLines({ ...before, top: 'end' }, ['x']).top).toBe('end');
});

test('a place is looked for in both directions', () => {
  const rows = ['a', 'b', 'A', 'c'];
  expect(findRow(rows, 'a', 1, 1)).toBe(2);
  expect(findRow(rows, 'a', 3, 1)).toBe(0);
  expect(findRow(rows, 'a', 1, -1)).toBe(0);
  expect(findRow(rows, 'z', 0, 1)).toBeUndefined();
  expect(findRow([], 'a', 0, 1)).toBeUndefined();
});

test('logs of several nodes are opened together, of too many not', () => {
  const at = desk([]);
  at.press('q', '*');
  expect(at.press('l')).toMatchObject([{ kind: 'logs', targets: [{ node: 'a' }, { node: 'b' }] }]);
  expect(at.text()).toContain('Logs of 2 nodes');
  const nodes = Array.from({ length: 17 }, (_, index) => fleetNode({ name: `n${index}` }));
  const full = new Desk(fleetState({ machines: { m: nodes } }));
  full.press('*');
  expect(full.press('l')).toEqual([]);
  expect(full.text()).toContain('at most 16');
});
