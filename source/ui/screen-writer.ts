/**
 * Writes screens to a terminal: the first one whole, of each further one the cells that differ. Ink could draw these lines as
 * well, and did; but it takes the whole frame apart for one figure that moved and sends the line from there to its end, which
 * was more than half of what `top` used, of the processor and of the line.
 */
import type { Size } from '../view/layout.ts';
import type { Screen } from '../view/screen.ts';
import { blankCells, type Cells, type Pen, PLAIN, paintCells } from './cells.ts';
import type { Damage, Run } from './screen-damage.ts';

/** What brings the terminal from one screen to the next. */
export interface Frame {
  /** Nothing in it moves the cells: no line break, no scrolling. */
  readonly text: string;
  readonly damage: Damage;
}

/** A painted line in its place; it goes no further than `width` columns. */
interface Piece {
  readonly x: number;
  readonly width: number;
  readonly line: string;
}

type Row = readonly Piece[];

/** Jumping over so few cells costs as much as writing them again. */
const SHORT_GAP = 6;
const CLEAR = '\x1b[0m\x1b[2J';

export class ScreenWriter {
  #size: Size | undefined;
  #rows: readonly Row[] = [];

  /** The terminal no longer shows what was written: the next frame is a whole one. */
  forget(): void {
    this.#size = undefined;
  }

  /** Undefined where nothing is to be done. `details`: the lines of the boxed table, where the screen has one. */
  frame(screen: Screen, details: readonly string[]): Frame | undefined {
    const { columns, rows: height } = screen.size;
    const rows = rowsOf(screen, details);
    const isWhole = this.#size?.columns !== columns || this.#size.rows !== height;
    const before = isWhole ? [] : this.#rows;
    this.#size = screen.size;
    this.#rows = rows;
    const damage = new Map<number, readonly Run[]>();
    let text = '';
    for (const [y, row] of rows.entries()) {
      const old = before[y] ?? [];
      if (isSameRow(old, row)) continue;
      const cells = cellsOf(row, columns);
      const runs = differences(cellsOf(old, columns), cells);
      if (runs.length === 0) continue;
      damage.set(y, runs);
      for (const run of runs) text += `\x1b[${y + 1};${run.from + 1}H${written(cells, run)}`;
    }
    if (isWhole) return { text: CLEAR + text, damage: 'everything' };
    return text === '' ? undefined : { text, damage };
  }
}

/** What lies on top comes last. */
function rowsOf(screen: Screen, details: readonly string[]): readonly Row[] {
  const { columns, rows: height } = screen.size;
  const rows: Piece[][] = Array.from({ length: height }, () => []);
  const place = (lines: readonly string[], x: number, y: number, width: number, most = height): void => {
    const end = Math.min(lines.length, most);
    for (let index = 0; index < end; index += 1) rows[y + index]?.push({ x, width, line: lines[index] ?? '' });
  };
  if (screen.kind === 'sentence') {
    place(screen.lines, 0, 0, columns);
    return rows;
  }
  place(screen.above, 0, 0, columns);
  for (const { rect, lines } of screen.panes) place(lines, rect.x, rect.y, rect.width, rect.height);
  if (screen.details !== undefined) {
    const { x, y, width, height: most } = screen.details.rect;
    place(details, x, y, width, most);
  }
  if (screen.dialog !== undefined) {
    const { rect, lines } = screen.dialog;
    place(lines, rect.x, rect.y, rect.width, rect.height);
  }
  place([screen.footer], 0, height - 1, columns);
  return rows;
}

function isSameRow(a: Row, b: Row): boolean {
  if (a.length !== b.length) return false;
  return a.every((piece, index) => {
    const other = b[index];
    return piece.x === other?.x && piece.width === other.width && piece.line === other.line;
  });
}

function cellsOf(row: Row, columns: number): Cells {
  const cells = blankCells(columns);
  for (const { x, width, line } of row) paintCells(cells, x, line, width);
  return cells;
}

/** Columns in which two rows differ, short gaps included; a wide character counts as a whole. */
function differences(before: Cells, after: Cells): readonly Run[] {
  const runs: { from: number; to: number }[] = [];
  const columns = after.texts.length;
  for (let column = 0; column < columns; column += 1) {
    if (before.texts[column] === after.texts[column] && before.pens[column] === after.pens[column]) continue;
    let from = column;
    while (from > 0 && (after.texts[from] === '' || before.texts[from] === '')) from -= 1;
    let to = column + 1;
    while (to < columns && (after.texts[to] === '' || before.texts[to] === '')) to += 1;
    const last = runs.at(-1);
    if (last !== undefined && from - last.to <= SHORT_GAP && after.texts[last.to] !== '')
      last.to = Math.max(last.to, to);
    else runs.push({ from, to });
  }
  return runs;
}

/** Begins and ends with the plain pen. */
function written(cells: Cells, { from, to }: Run): string {
  let text = '';
  let pen: Pen = PLAIN;
  for (let column = from; column < to; column += 1) {
    const next = cells.pens[column] ?? PLAIN;
    if (next !== pen) text += penChange(pen, next);
    pen = next;
    text += cells.texts[column] ?? '';
  }
  return pen === PLAIN ? text : text + penChange(pen, PLAIN);
}

function penChange(from: Pen, to: Pen): string {
  if (to === PLAIN) return '\x1b[m';
  return from === PLAIN ? `\x1b[${to.parameters}m` : `\x1b[0;${to.parameters}m`;
}
