import { type ParseEntry, parse } from 'shell-quote';

/** Words of a command line, the program first; or why it cannot be run. */
export type CommandWords =
  | { readonly ok: true; readonly words: readonly [string, ...string[]] }
  | { readonly ok: false; readonly reason: string };

/**
 * Splits a command as a shell quotes it. It is never given to a shell: variables of `env` are put in, an unknown
 * one, an operator (`|`, `;`, `&&`, `>` …), a comment or an unquoted pattern is refused.
 */
export function splitCommand(command: string, env: Readonly<Record<string, string | undefined>>): CommandWords {
  const unknown: string[] = [];
  let entries: ParseEntry[];
  try {
    entries = parse(command, (name: string) => {
      const value = env[name];
      if (value === undefined) unknown.push(name);
      return value ?? '';
    });
  } catch (error) {
    return {
      ok: false,
      reason: `the command cannot be split: ${error instanceof Error ? error.message : 'bad quotes'}`,
    };
  }
  if (unknown.length > 0) return { ok: false, reason: `the command uses $${unknown[0]}, which is not set` };
  const words: string[] = [];
  for (const entry of entries) {
    if (typeof entry === 'string') words.push(entry);
    else return { ok: false, reason: refusal(entry) };
  }
  const [program, ...rest] = words;
  if (program === undefined || program === '') return { ok: false, reason: 'the command is empty' };
  return { ok: true, words: [program, ...rest] };
}

function refusal(entry: Exclude<ParseEntry, string>): string {
  if ('comment' in entry) return 'the command has a comment (#); quote it if it is meant as text';
  if ('pattern' in entry) return `the command has an unquoted pattern (${entry.pattern}); no shell expands it`;
  return `the command has the operator ${entry.op}; it is not run by a shell (use a script, or sh -c '…')`;
}
