import type { Key } from 'ink';
import { expect, test } from 'vitest';
import { toKeyPresses } from '../../source/ui/key-press.ts';

const NO_KEY: Key = {
  upArrow: false,
  downArrow: false,
  leftArrow: false,
  rightArrow: false,
  pageDown: false,
  pageUp: false,
  home: false,
  end: false,
  return: false,
  escape: false,
  ctrl: false,
  shift: false,
  tab: false,
  backspace: false,
  delete: false,
  meta: false,
  super: false,
  hyper: false,
  capsLock: false,
  numLock: false,
};

function names(input: string, key: Partial<Key> = {}): string[] {
  return toKeyPresses(input, { ...NO_KEY, ...key }).map((press) => press.key);
}

test('named keys, control keys and letters', () => {
  expect(names('', { upArrow: true })).toEqual(['up']);
  expect(names('', { pageDown: true })).toEqual(['pagedown']);
  expect(names('\r', { return: true })).toEqual(['enter']);
  expect(names('', { tab: true })).toEqual(['tab']);
  expect(names('', { tab: true, shift: true })).toEqual(['shift-tab']);
  expect(names('', { delete: true })).toEqual(['backspace']);
  expect(names('d', { ctrl: true })).toEqual(['ctrl-d']);
  expect(names('G', { shift: true })).toEqual(['G']);
  expect(names('x', { meta: true })).toEqual([]);
});

test('keys that came in one read are all there, in order', () => {
  expect(names('jjx')).toEqual(['j', 'j', 'x']);
  expect(names('a\rb\tc\x7f\x00')).toEqual(['a', 'enter', 'b', 'tab', 'c', 'backspace']);
  expect(names('名é')).toEqual(['名', 'é']);
});
