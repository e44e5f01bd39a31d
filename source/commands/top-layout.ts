/** The file in which `top` keeps where it was left. Losing it costs a few keys, so nothing here ever stops a screen. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { discard, isCode, messageOf } from '../daemon/home.ts';
import { keepLayout, restoreLayout } from '../view/kept-layout.ts';
import { INITIAL_UI, type UiState } from '../view/ui-state.ts';

const FILE_NAME = 'top.json';
const MAX_LENGTH = 65_536;

/** The state to begin with; `problem` where the file is there and cannot be used. */
export function recallLayout(homeFolder: string): { readonly ui: UiState; readonly problem?: string } {
  const file = join(homeFolder, FILE_NAME);
  const ignored = (why: string) => ({ ui: INITIAL_UI, problem: `${file} ${why}: it is ignored, and written anew` });
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return { ui: INITIAL_UI };
    return ignored(`cannot be read (${messageOf(error)})`);
  }
  if (text.length > MAX_LENGTH) return ignored('is too large to be what top keeps');
  const ui = restoreLayout(parsed(text));
  return ui === undefined ? ignored('is damaged') : { ui };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whole or not at all. Where it cannot be written the next run begins as the first did. */
export function rememberLayout(homeFolder: string, ui: UiState): void {
  const file = join(homeFolder, FILE_NAME);
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${JSON.stringify(keepLayout(ui))}\n`);
    renameSync(draft, file);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    discard(draft);
  }
}
