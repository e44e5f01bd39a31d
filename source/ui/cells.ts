/** Painted lines taken apart into the cells of a terminal, so that only those are sent that differ from what stands there. */
import { type AnsiCode, reduceAnsiCodesIncremental, tokenize } from '@alcalzone/ansi-tokenize';
import { textWidth } from '../view/text.ts';

/** How a cell looks. There is one object for each look: pens that differ look different. */
export interface Pen {
  /** SGR parameters that make it from the plain one, `1;38;5;37`; empty: plain. */
  readonly parameters: string;
  readonly codes: AnsiCode[];
  /** What it becomes behind a sequence. */
  readonly after: Map<string, Pen>;
}

/** A row, column by column. The right half of a wide character is an empty text. */
export interface Cells {
  readonly texts: string[];
  readonly pens: Pen[];
}

const pens = new Map<string, Pen>();
export const PLAIN: Pen = penOf([]);
const BLANK = ' ';
// The painter makes nothing but these, see view/theme.ts; what is not text was taken out before.
const SEQUENCE = /\x1b\[[\d;]*m/g;

export function blankCells(columns: number): Cells {
  return { texts: new Array<string>(columns).fill(BLANK), pens: new Array<Pen>(columns).fill(PLAIN) };
}

/** Writes a painted line over the cells from column `x` on; what does not fit into `columns` of them is left out. */
export function paintCells(cells: Cells, x: number, line: string, columns: number): void {
  const end = Math.min(cells.texts.length, x + columns);
  let pen = PLAIN;
  let column = x;
  let from = 0;
  for (const match of line.matchAll(SEQUENCE)) {
    column = paintText(cells, column, line.slice(from, match.index), pen, end);
    pen = penAfter(pen, match[0]);
    from = match.index + match[0].length;
  }
  column = paintText(cells, column, line.slice(from), pen, end);
  if (column === x) return;
  clearBefore(cells, x);
  clearBehind(cells, column);
}

function paintText(cells: Cells, start: number, text: string, pen: Pen, end: number): number {
  let column = start;
  for (const character of text) {
    const width = character <= '~' ? 1 : textWidth(character);
    if (width === 0) continue;
    if (column + width > end) return column;
    for (let half = 0; half < width; half += 1) {
      cells.texts[column + half] = half === 0 ? character : '';
      cells.pens[column + half] = pen;
    }
    column += width;
  }
  return column;
}

/** A wide character of which the right half was written over is gone. */
function clearBefore(cells: Cells, column: number): void {
  const before = cells.texts[column - 1];
  if (before !== undefined && before > '~' && textWidth(before) > 1) cells.texts[column - 1] = BLANK;
}

/** And one of which the left half is. */
function clearBehind(cells: Cells, column: number): void {
  for (let at = column; cells.texts[at] === ''; at += 1) cells.texts[at] = BLANK;
}

function penAfter(pen: Pen, sequence: string): Pen {
  const known = pen.after.get(sequence);
  if (known !== undefined) return known;
  const codes = tokenize(sequence).filter((token) => token.type === 'ansi');
  const after = penOf(reduceAnsiCodesIncremental(pen.codes, codes));
  pen.after.set(sequence, after);
  return after;
}

function penOf(codes: AnsiCode[]): Pen {
  const parameters = codes.map(({ code }) => code.slice(2, -1)).join(';');
  let pen = pens.get(parameters);
  if (pen === undefined) {
    pen = { parameters, codes, after: new Map() };
    pens.set(parameters, pen);
  }
  return pen;
}
