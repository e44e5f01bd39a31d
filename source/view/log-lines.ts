/** A log as it came, in lines that can be kept and drawn. */

/** What is kept of a log, its end. Lines are cut when drawn, so a single line of 1 MB must not fill this. */
const MAX_CHARACTERS = 1_000_000;
const MAX_LINES = 5_000;
const MAX_LINE_LENGTH = 4_000;

/** Splits a log into lines, newest last, without the empty line that a final line break makes. */
export function toLogLines(output: string): readonly string[] {
  const end = output.length > MAX_CHARACTERS ? output.slice(-MAX_CHARACTERS) : output;
  const lines = end.replace(/\r?\n$/, '').split(/\r?\n/);
  if (lines.length === 1 && lines[0] === '') return [];
  return lines
    .slice(-MAX_LINES)
    .map((line) =>
      line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH)} … (${line.length} characters)` : line,
    );
}
