/** What a key does to a text that is being typed on the last line. */
import type { KeyPress } from './handle-key.ts';

/** The text after the key; undefined where the key does not change texts. */
export function typeInto(text: string, { key, text: typed }: KeyPress, maxLength: number): string | undefined {
  switch (key) {
    case 'backspace':
      return [...text].slice(0, -1).join('');
    case 'ctrl-u':
      return '';
    case 'ctrl-w':
      return text.replace(/\S*\s*$/, '');
    default:
      return typed === '' ? undefined : (text + typed).slice(0, maxLength);
  }
}
