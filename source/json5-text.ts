/** JSON5 that a person wrote, with the place of what is wrong in it. */
import { UserError } from './errors.ts';

/** Throws UserError `FILE:LINE:COLUMN: not valid JSON5`. `example` is what it might look like. */
export async function parseJson5(file: string, text: string, example: string): Promise<unknown> {
  // Loaded here: most commands find no file to read.
  const { default: JSON5 } = await import('json5');
  try {
    return JSON5.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { lineNumber, columnNumber } = error as SyntaxError & { lineNumber: number; columnNumber: number };
    const what = error.message.replace(/^JSON5: /, '').replace(/ at \d+:\d+$/, '');
    throw new UserError(
      `${file}:${lineNumber}:${columnNumber}: not valid JSON5: ${what.replaceAll(/\p{Cc}/gu, '?')}.`,
      {
        hint: `It looks like this: ${example}`,
        cause: error,
      },
    );
  }
}

/** `:LINE:COLUMN` of a key, empty where it is not found: json5 keeps no places of what it could read. */
export function placeOf(key: string, text: string): string {
  const pattern = new RegExp(`(?<![\\w$])["']?${key.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')}["']?\\s*:`);
  for (const [index, line] of text.split('\n').entries()) {
    const column = line.replace(/\/\/.*$/, '').search(pattern);
    if (column !== -1) return `:${index + 1}:${column + 1}`;
  }
  return '';
}
