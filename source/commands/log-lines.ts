/** Lines of a node's log on their way to the terminal: which of them are shown, and how. */
import { createContext, Script } from 'node:vm';
import { UserError, usageError } from '../errors.ts';
import { plainText } from '../wire/plain-text.ts';

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** One batch of lines against one pattern. */
const MATCH_LIMIT_MS = 2_000;
/** Longest text that is matched; the log itself cuts lines at 8 KB. */
const MAX_MATCHED_CHARACTERS = 16 * 1024;

/** `10m`, `2h`, `1d`, `30s` before now, or an ISO 8601 time; Unix milliseconds. Throws a usage error. */
export function parseSince(text: string, nowMs: number): number {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text.trim()) ?? [];
  if (count !== undefined) return nowMs - Number(count) * (UNIT_MS[unit] ?? 0);
  const timeMs = /^\d{4}-\d\d-\d\d/.test(text.trim()) ? Date.parse(text.trim()) : Number.NaN;
  if (!Number.isNaN(timeMs)) return timeMs;
  throw usageError(
    `--since ${JSON.stringify(plainText(text))} is no time.`,
    'Say how long ago (30s, 10m, 2h, 1d), or when: 2026-11-25T09:00:00Z.',
  );
}

export type LineFilter = (lines: readonly string[]) => readonly string[];

/** Keeps the lines that match; undefined keeps all. Throws a usage error where it is no regular expression. */
export function compileGrep(pattern: string | undefined): LineFilter {
  if (pattern === undefined) return (lines) => lines;
  try {
    new RegExp(pattern, 'u');
  } catch (error) {
    throw usageError(`--grep: ${plainText(error instanceof Error ? error.message : String(error))}.`);
  }
  // In a context of its own it can be interrupted: what a node prints must not make a pattern run for ever.
  const context = createContext({ pattern, lines: [] as readonly string[] });
  const script = new Script('{ const wanted = new RegExp(pattern, "u"); lines.map((line) => wanted.test(line)); }');
  return (lines) => {
    context.lines = lines.map((line) => line.slice(0, MAX_MATCHED_CHARACTERS));
    try {
      const isWanted: readonly boolean[] = script.runInContext(context, { timeout: MATCH_LIMIT_MS });
      return lines.filter((_line, index) => isWanted[index]);
    } catch (error) {
      // Its class may be the other context's.
      const { code } = error as { readonly code?: unknown };
      if (code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      throw new UserError(`--grep ${JSON.stringify(plainText(pattern))} takes too long on these lines.`, {
        hint: 'Repetitions inside repetitions, as in (a+)+, try every way to split a line: write it without.',
        cause: error,
      });
    }
  };
}

/** Whole lines without escape sequences. */
export function plainLines(text: string): readonly string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => plainText(line));
}

/** Time, stream and text of a line of a log; a line of another shape is all text. */
export function splitLine(line: string): { readonly time: string; readonly stream: string; readonly text: string } {
  const [, time = '', stream = '', text = line] = /^(\S+Z) (out|err|daemon) (.*)$/s.exec(line) ?? [];
  return { time, stream, text };
}

/** One line for the terminal, or as a JSON object `{time, stream, text}`. */
export function formatLine(line: string, asJson: boolean): string {
  return asJson ? JSON.stringify(splitLine(line)) : line;
}
