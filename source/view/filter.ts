/**
 * The filter language of the panes. Words are joined by "and"; case does not matter; `!` before any of them turns it round,
 * and so does `-`, as many are used to, where no number follows.
 *
 *     camera              any column contains it
 *     "front door"        with a space in it
 *     /^front|terrace/    any column matches the regular expression
 *     machine:jetson      that column contains it; machine:/_[12]$/ matches it
 *     status=failed       that column is exactly it
 *     status!=running     that column is not it
 *     restarts>3          that column is a number above it; >= < <= as well; 1.5G is 1.5 * 1024³
 */

/** A row's columns as text, by lower-case column id. */
export type FilterFields = (column: string) => string;

export type RowFilter = (fields: FilterFields) => boolean;

/** A column that may stand before an operator. */
export interface FilterColumn {
  readonly id: string;
  /** Its text is a plain number, or empty where there is none. */
  readonly isNumber?: boolean;
}

export type ParsedFilter =
  | { readonly ok: true; readonly matches: RowFilter; readonly isEmpty: boolean }
  | { readonly ok: false; readonly reason: string };

/** Reads a filter. */
export function parseFilter(text: string, columns: readonly FilterColumn[]): ParsedFilter {
  const tests: RowFilter[] = [];
  for (const word of text.matchAll(WORD)) {
    const test = parseWord(word[0], columns);
    if (typeof test === 'string') return { ok: false, reason: test };
    tests.push(test);
  }
  return { ok: true, matches: (fields) => tests.every((test) => test(fields)), isEmpty: tests.length === 0 };
}

// A value in quotes or between slashes may hold spaces; what is not closed yet ends at the next space.
const WORD = /[!-]?(?:[a-z]+(?:!=|[<>]=|[=:<>]))?(?:"[^"]*"|\/(?:[^/\\]|\\.)+\/|[^\s"][^\s]*|")(?=\s|$)|\S+/gi;
const FIELD = /^([a-z]+)(!=|>=|<=|=|:|>|<)(.*)$/is;

function parseWord(word: string, columns: readonly FilterColumn[]): RowFilter | string {
  if (/^(?:!|-["/a-z])/i.test(word)) {
    const test = parsePositive(word.slice(1), columns);
    if (typeof test === 'string' || test === EVERYTHING) return test;
    return (fields) => !test(fields);
  }
  return parsePositive(word, columns);
}

/** Half-typed words must not empty the screen under the fingers of whoever types them. */
const EVERYTHING: RowFilter = () => true;

function parsePositive(word: string, columns: readonly FilterColumn[]): RowFilter | string {
  const field = word.startsWith('/') || word.startsWith('"') ? null : FIELD.exec(word);
  if (field === null) {
    const test = textTest(word);
    if (typeof test === 'string' || test === undefined) return test ?? EVERYTHING;
    return (fields) => columns.some(({ id }) => test(fields(id)));
  }
  const [, name = '', operator = ':', value = ''] = field;
  const column = columns.find(({ id }) => id === name.toLowerCase());
  if (column === undefined) {
    return `no column "${name}" here; there are ${columns.map(({ id }) => id).join(', ')}`;
  }
  const { id } = column;
  if (value === '') return EVERYTHING;
  if (operator === ':') {
    const test = textTest(value);
    if (typeof test === 'string' || test === undefined) return test ?? EVERYTHING;
    return (fields) => test(fields(id));
  }
  if (operator === '=' || operator === '!=') {
    const wanted = unquoted(value).toLowerCase();
    return (fields) => (fields(id).toLowerCase() === wanted) === (operator === '=');
  }
  return numberTest(column, operator, value, columns);
}

/** How a value is looked for in one column; undefined where it is not typed yet, a text where it cannot be read. */
function textTest(value: string): ((text: string) => boolean) | string | undefined {
  if (value.length > 2 && value.startsWith('/') && value.endsWith('/')) {
    try {
      const pattern = new RegExp(value.slice(1, -1), 'iu');
      return (text) => pattern.test(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return `${value} is not a regular expression`;
    }
  }
  const wanted = unquoted(value).toLowerCase();
  return wanted === '' ? undefined : (text) => text.toLowerCase().includes(wanted);
}

function unquoted(value: string): string {
  return value.startsWith('"') ? value.slice(1).replace(/"$/, '') : value;
}

const FACTORS: Readonly<Record<string, number>> = { '': 1, '%': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

function numberTest(
  column: FilterColumn,
  operator: string,
  value: string,
  columns: readonly FilterColumn[],
): RowFilter | string {
  const { id } = column;
  if (column.isNumber !== true) {
    const numbers = columns.filter((one) => one.isNumber).map((one) => one.id);
    return `"${id}" holds no numbers${numbers.length === 0 ? '' : `; ${numbers.join(', ')} do`}`;
  }
  const read = /^(-?\d+(?:\.\d+)?)([%kmgt]?)b?$/i.exec(unquoted(value));
  if (read === null) return /^-?\d*\.?$/.test(value) ? EVERYTHING : `${value} is not a number`;
  const wanted = Number(read[1]) * (FACTORS[read[2]?.toLowerCase() ?? ''] ?? 1);
  const compare = COMPARE[operator] ?? COMPARE['>'];
  return (fields) => {
    const text = fields(id);
    return text !== '' && compare !== undefined && compare(Number(text), wanted);
  };
}

const COMPARE: Readonly<Record<string, (value: number, wanted: number) => boolean>> = {
  '>': (value, wanted) => value > wanted,
  '>=': (value, wanted) => value >= wanted,
  '<': (value, wanted) => value < wanted,
  '<=': (value, wanted) => value <= wanted,
};
