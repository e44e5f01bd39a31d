import { expect, test } from 'vitest';
import { DEFAULT_KEYMAP, KEYMAP, type KeyContext, keymapMarkdown } from '../../source/view/keymap.ts';

const node = { name: 'front_door', machine: 'jetson_1', status: 'running', isLost: false };
const context: KeyContext = { readOnly: false, hasRow: true, hasFilter: false, node };

function reason(key: string, change: Partial<KeyContext> = {}): string | undefined {
  return DEFAULT_KEYMAP.bindingOf(key)?.disabledReason?.({ ...context, ...change });
}

test('no key does two things, and every key has help', () => {
  const keys = KEYMAP.flatMap((binding) => binding.keys);
  expect(new Set(keys).size).toBe(keys.length);
  for (const binding of KEYMAP) expect(binding.help).not.toBe('');
});

test('what cannot work says why', () => {
  expect(reason('s')).toBe('front_door is already running.');
  expect(reason('x')).toBeUndefined();
  expect(reason('x', { readOnly: true })).toMatch(/--read-only/);
  expect(reason('r', { readOnly: true })).toMatch(/--read-only/);
  expect(reason('s', { readOnly: true })).toMatch(/--read-only/);
  expect(reason('x', { node: { ...node, status: 'stopped' } })).toBe('front_door is not running.');
  expect(reason('x', { node: { ...node, isLost: true } })).toMatch(/does not answer/);
  expect(reason('x', { node: { ...node, pending: 'stop' } })).toMatch(/under way/);
  expect(reason('x', { linkProblem: 'no link' })).toBe('no link');
  expect(reason('x', { node: undefined })).toMatch(/Select a node/);
  expect(reason('enter', { hasRow: false })).toMatch(/no row/);
  expect(reason('l', { readOnly: true })).toBeUndefined();
});

test('the README table lists every key once', () => {
  const table = keymapMarkdown();
  for (const binding of KEYMAP) expect(table).toContain(binding.help);
  expect(table.split('\n')).toHaveLength(KEYMAP.length + 2);
});
