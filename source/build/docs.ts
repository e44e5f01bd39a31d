import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { commands } from '../commands/index.ts';
import { manPage } from '../commands/man-page.ts';
import { keymapMarkdown } from '../view/keymap.ts';

const root = join(import.meta.dirname, '..', '..');
const readme = join(root, 'README.md');

/** The README with the key map's table between its two marks; a test holds the committed one to this. */
export function readmeWithKeys(text: string): string {
  return text.replace(/(<!-- keys:[^\n]*-->\n)[\s\S]*?(<!-- \/keys -->)/, `$1\n${keymapMarkdown().trim()}\n\n$2`);
}

/** man/bubbaloop.1; a test holds the committed one to this. */
export function currentManPage(): string {
  return manPage(commands, packageJson);
}

if (import.meta.main) {
  writeFileSync(readme, readmeWithKeys(readFileSync(readme, 'utf8')));
  mkdirSync(join(root, 'man'), { recursive: true });
  writeFileSync(join(root, 'man', 'bubbaloop.1'), currentManPage());
}
