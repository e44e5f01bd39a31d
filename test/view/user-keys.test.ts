import { expect, test } from 'vitest';
import { applyUserKeys } from '../../source/view/user-keys.ts';

const problemsOf = (entries: Readonly<Record<string, unknown>>) =>
  applyUserKeys(entries).problems.map(({ text }) => text);

test('keys of the user take the place of the usual ones', () => {
  const { keymap, problems } = applyUserKeys({
    stop: 'X',
    'page-up': ['pageup', 'ctrl-p'],
    photo: [],
    logs: 'space',
    mark: [],
  });
  expect(problems).toEqual([]);
  expect(keymap.bindingOf('X')?.action).toBe('stop');
  expect(keymap.bindingOf('x')).toBeUndefined();
  expect(keymap.bindingOf('ctrl-p')?.action).toBe('page-up');
  expect(keymap.bindingOf('p')).toBeUndefined();
  expect(keymap.bindingOf(' ')?.action).toBe('logs');
  expect(keymap.label('logs')).toBe('Space');
  expect(keymap.label('photo')).toBe('photo');
});

test('keys may be exchanged', () => {
  const { keymap, problems } = applyUserKeys({ start: 'x', stop: 's' });
  expect(problems).toEqual([]);
  expect([keymap.bindingOf('x')?.action, keymap.bindingOf('s')?.action]).toEqual(['start', 'stop']);
});

test('the way out stays', () => {
  const { keymap, problems } = applyUserKeys({ quit: [], back: 'z', suspend: [] });
  expect(problems).toEqual([]);
  for (const [key, action] of [
    ['ctrl-c', 'quit'],
    ['escape', 'back'],
    ['z', 'back'],
    ['ctrl-z', 'suspend'],
  ] as const) {
    expect(keymap.bindingOf(key)?.action).toBe(action);
  }
  expect(problemsOf({ stop: 'ctrl-c' })[0]).toMatch(/already that of quit/);
});

test('what is wrong is told with the action it stands at', () => {
  expect(problemsOf({ stopp: 'X' })[0]).toMatch(/no action "stopp"; there are .*stop, /);
  expect(problemsOf({ stop: 's' })[0]).toBe(
    'stop: the key "s" is already that of start; give start another one too, or none: start: []',
  );
  expect(problemsOf({ start: 'S', stop: 'S' })[0]).toBe('stop: the key "S" is already that of start');
  for (const key of ['ctrl-i', 'ctrl-1', 'strg-c', '', 'ab', '\x1b', 7, null, { a: 1 }]) {
    expect(problemsOf({ stop: key })).toHaveLength(1);
  }
});
