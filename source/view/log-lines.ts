/** A log as it came, in lines that can be kept and drawn. */

/** Lines are cut when they are read, so that a single line of 1 MB does not push all others out of what is kept. */
const MAX_LINES = 5_000;
const MAX_LINE_LENGTH = 2_000;

/** Splits a log into lines, newest last, without the empty line that a final line break makes. */
export function toLogLines(output: string): readonly string[] {
  const lines = output.replace(/\r?\n$/, '').split(/\r?\n/);
  if (lines.length === 1 && lines[0] === '') return [];
  return lines
    .slice(-MAX_LINES)
    .map((line) =>
      line.length > MAX_LINE_LENGTH ? `(${line.length} characters) ${line.slice(0, MAX_LINE_LENGTH)}…` : line,
    );
}
