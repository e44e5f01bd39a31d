/** The file in which a user has keys of their own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isCode, isRecord, messageOf } from '../daemon/home.ts';
import { EXIT_USAGE, UserError } from '../errors.ts';
import { parseJson5, placeOf } from '../json5-text.ts';
import { DEFAULT_KEYMAP, type Keymap } from '../view/keymap.ts';
import { applyUserKeys } from '../view/user-keys.ts';
import { plainText } from '../wire/plain-text.ts';

export const KEYS_FILE_NAME = 'keys.json5';

const EXAMPLE = "{ stop: 'X', 'page-up': ['pageup', 'ctrl-p'], photo: [] }";

/** The usual keys where there is no file. Throws UserError `FILE:LINE:COLUMN: …` for the first thing wrong in it. */
export async function readKeymap(homeFolder: string): Promise<Keymap> {
  const file = join(homeFolder, KEYS_FILE_NAME);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return DEFAULT_KEYMAP;
    throw new UserError(`${file} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
  const json = await parseJson5(file, text, EXAMPLE);
  if (!isRecord(json)) {
    throw new UserError(`${file}:1:1: it holds no object.`, { hint: `It looks like this: ${EXAMPLE}` });
  }
  const { keymap, problems } = applyUserKeys(json);
  const [first, ...others] = problems.map((problem) => ({ ...problem, place: placeOf(problem.action, text) }));
  if (first === undefined) return keymap;
  const more = others.map(({ place, text: what }) => `${file}${place}: ${plainText(what)}.`);
  throw new UserError(`${file}${first.place}: ${plainText(first.text)}.`, {
    hint: more.length > 0 ? more.join('\n  ') : `It looks like this: ${EXAMPLE}`,
    exitCode: EXIT_USAGE,
  });
}
