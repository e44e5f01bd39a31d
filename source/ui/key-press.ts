/** Ink's keys in the words of the key map. */
import type { Key } from 'ink';
import type { KeyPress } from '../view/handle-key.ts';

const NAMED: readonly (readonly [flag: keyof Key, name: string])[] = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  // What many terminals send for the backspace key is called delete.
  ['delete', 'backspace'],
];

/** The presses in one read of the terminal: several where keys came faster than they were read, or text was pasted. */
export function toKeyPresses(input: string, key: Key): readonly KeyPress[] {
  if (key.tab) return [{ key: key.shift ? 'shift-tab' : 'tab', text: '' }];
  if (key.shift && key.upArrow) return [{ key: 'shift-up', text: '' }];
  if (key.shift && key.downArrow) return [{ key: 'shift-down', text: '' }];
  for (const [flag, name] of NAMED) if (key[flag] === true) return [{ key: name, text: '' }];
  if (key.ctrl) return input === '' ? [] : [{ key: `ctrl-${input.toLowerCase()}`, text: '' }];
  if (key.meta) return [];
  return [...input].map((character) => toPress(character)).filter((press) => press !== undefined);
}

function toPress(character: string): KeyPress | undefined {
  if (character === '\r' || character === '\n') return { key: 'enter', text: '' };
  if (character === '\t') return { key: 'tab', text: '' };
  if (character === '\x7f' || character === '\b') return { key: 'backspace', text: '' };
  return character < ' ' ? undefined : { key: character, text: character };
}
