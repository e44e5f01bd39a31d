import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { keymapMarkdown } from '../view/keymap.ts';

const readme = join(import.meta.dirname, '..', '..', 'README.md');

/** The README with the key map's table between its two marks; a test holds the committed one to this. */
export function readmeWithKeys(text: string): string {
  return text.replace(/(<!-- keys:[^\n]*-->\n)[\s\S]*?(<!-- \/keys -->)/, `$1\n${keymapMarkdown().trim()}\n\n$2`);
}

if (import.meta.main) writeFileSync(readme, readmeWithKeys(readFileSync(readme, 'utf8')));
