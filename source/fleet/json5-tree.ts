/** JSON5 text as a tree that knows where each value stands; a mistake says where it is and what was expected there. */
import { parse, tokenize, type ValueNode } from '@humanwhocodes/momoa';

/** Lines and columns are counted from 1. */
export interface Mistake {
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type Json5Tree =
  | { readonly ok: true; readonly body: ValueNode }
  | { readonly ok: false; readonly mistake: Mistake };

export function parseJson5(text: string): Json5Tree {
  try {
    return { ok: true, body: parse(text, { mode: 'json5' }).body };
  } catch (error) {
    // The library's own error class is not exported: its place is in fields.
    if (!(error instanceof Error) || !('line' in error) || !('column' in error)) {
      if (error instanceof RangeError) return wrong(1, 1, 'it nests too deep');
      throw error;
    }
    const line = Number(error.line);
    const column = Number(error.column);
    const lines = text.split('\n');
    const before = [...lines.slice(0, line - 1), (lines[line - 1] ?? '').slice(0, column - 1)].join('\n');
    const what = error.message
      .replace(/ *\(\d+:\d+\)\.?$/, '')
      .replace(/^Unexpected end of input found\.?$/, 'the text ends here')
      .replace(
        /^Unexpected token (\w+) found\.?$/,
        (_all, type: string) => `${TOKENS[type] ?? type} is not possible here`,
      );
    const expected = expectedAfter(before);
    return wrong(line, column, expected === undefined ? what : `${what}; expected ${expected}`);
  }
}

function wrong(line: number, column: number, message: string): Json5Tree {
  return { ok: false, mistake: { line, column, message } };
}

const TOKENS: Readonly<Record<string, string>> = {
  Comma: 'a comma',
  Colon: 'a colon',
  LBrace: '“{”',
  RBrace: '“}”',
  LBracket: '“[”',
  RBracket: '“]”',
  String: 'a string',
  Number: 'a number',
  Boolean: 'true or false',
  Null: 'null',
  Identifier: 'a word without quotes',
};

/** What may follow a beginning of JSON5; undefined where the beginning itself cannot be read. */
function expectedAfter(text: string): string | undefined {
  let tokens: ReturnType<typeof tokenize>;
  try {
    tokens = tokenize(text, { mode: 'json5' }).filter((token) => !token.type.endsWith('Comment'));
  } catch {
    // Inside of a string or a comment.
    return 'its end, a quote or “*/”';
  }
  const open: string[] = [];
  for (const { type } of tokens) {
    if (type === 'LBrace' || type === 'LBracket') open.push(type);
    if (type === 'RBrace' || type === 'RBracket') open.pop();
  }
  const last = tokens.at(-1)?.type;
  const inside = open.at(-1);
  if (last === undefined) return '“{”';
  if (last === 'Colon') return 'a value';
  if (inside === undefined) return 'nothing more';
  if (inside === 'LBracket') return last === 'LBracket' || last === 'Comma' ? 'a value or “]”' : '“,” or “]”';
  if (last === 'LBrace' || last === 'Comma') return 'a name or “}”';
  const beforeLast = tokens.at(-2)?.type;
  const isName = beforeLast === 'LBrace' || beforeLast === 'Comma';
  return isName && (last === 'Identifier' || last === 'String') ? '“:”' : '“,” or “}”';
}
