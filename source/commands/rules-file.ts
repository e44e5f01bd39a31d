/** The rule file of this user, or the one that is named. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findHome } from '../daemon/home.ts';
import { EXIT_USAGE, UserError } from '../errors.ts';
import { type RuleSet, USUAL_RULES } from '../fleet/rules.ts';
import { plainText } from '../wire/plain-text.ts';

const MAX_BYTES = 1 << 20;

/** The usual rules where no file is named and none is there. Throws UserError, exit code 2, with every mistake's place. */
export async function readRules(named: string | undefined, env: NodeJS.ProcessEnv): Promise<RuleSet> {
  const file = named ?? join(findHome(undefined, env).folder, 'rules.json5');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (named === undefined && (code === 'ENOENT' || code === 'ENOTDIR')) return USUAL_RULES;
    throw new UserError(`The rule file cannot be read: ${message}.`, { exitCode: EXIT_USAGE, cause: error });
  }
  if (text.length > MAX_BYTES) throw new UserError(`${file} is no rule file: over 1 MB.`, { exitCode: EXIT_USAGE });
  // Loaded only for those who have a file.
  const { parseRules } = await import('../fleet/rules-parse.ts');
  const parsed = parseRules(text);
  if (parsed.ok) return parsed.rules;
  const lines = parsed.mistakes.map(({ line, column, message }) => `${file}:${line}:${column}: ${plainText(message)}.`);
  throw new UserError(
    `${lines[0] ?? file}${lines
      .slice(1)
      .map((line) => `\n  ${line}`)
      .join('')}`,
    {
      hint: 'No rule of the file is used until it reads well. The kinds of rules and their fields stand in docs/rules.md.',
      exitCode: EXIT_USAGE,
    },
  );
}
