/** The signs of the screen, and the same in ASCII. */

export interface Glyphs {
  readonly good: string;
  readonly bad: string;
  readonly warn: string;
  /** Another than the others. */
  readonly differs: string;
  readonly none: string;
  readonly pointer: string;
  /** Beside a row that is chosen with others. */
  readonly mark: string;
  readonly ellipsis: string;
  readonly ascending: string;
  readonly descending: string;
  readonly busy: string;
  readonly enter: string;
  readonly bar: readonly string[];
  /** Bars of a history: nothing, then from low to high. */
  readonly spark: readonly string[];
  /** Lines of a tree: an item that has others below it, the last one, and beside the items of such a branch. */
  readonly branches: readonly [item: string, last: string, beside: string];
  readonly separator: string;
  readonly corners: readonly [topLeft: string, topRight: string, bottomLeft: string, bottomRight: string];
  readonly horizontal: string;
  readonly vertical: string;
}

export const UNICODE: Glyphs = {
  good: '●',
  bad: '✗',
  warn: '▲',
  differs: '≠',
  none: '-',
  pointer: '▸',
  mark: '+',
  ellipsis: '…',
  ascending: '▲',
  descending: '▼',
  busy: '◌',
  enter: '⏎',
  bar: [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'],
  spark: ['_', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  branches: ['├ ', '└ ', '│ '],
  separator: '·',
  corners: ['╭', '╮', '╰', '╯'],
  horizontal: '─',
  vertical: '│',
};

export const ASCII: Glyphs = {
  good: 'o',
  bad: 'x',
  warn: '!',
  differs: '!=',
  none: '-',
  pointer: '>',
  mark: '+',
  ellipsis: '~',
  ascending: '^',
  descending: 'v',
  busy: '~',
  enter: 'Enter',
  bar: [' ', ' ', ' ', '-', '-', '=', '=', '#', '#'],
  spark: ['_', '.', ':', '-', '=', '+', '*', '%', '#'],
  branches: ['|-', '`-', '| '],
  separator: '|',
  corners: ['+', '+', '+', '+'],
  horizontal: '-',
  vertical: '|',
};

/** Our own sentences have a few signs of their own; names from elsewhere stay as they are, but for those. */
export function toAscii(text: string): string {
  return text.replaceAll(/[…’↑↓←→·⏎]/g, (sign) => ASCII_SIGNS[sign] ?? '?');
}

/** Each as wide as what it stands for: lines are fitted before. */
const ASCII_SIGNS: Readonly<Record<string, string>> = {
  '…': ASCII.ellipsis,
  '’': "'",
  '↑': '^',
  '↓': 'v',
  '←': '<',
  '→': '>',
  '·': '.',
  '⏎': '>',
};
