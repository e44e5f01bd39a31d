/**
 * The filter language of the panes. Words are joined by "and"; case does not matter.
 *
 *     camera              any column contains it
 *     !camera             none does
 *     machine:jetson      that column contains it
 *     status=failed       that column is exactly it
 *     status!=running     that column is not it
 *     /^front|terrace/    any column matches the regular expression
 */

/** A row's columns as text, keyed by lower-case column id. */
export type FilterFields = Readonly<Record<string, string>>;

export type RowFilter = (fields: FilterFields) => boolean;

export type ParsedFilter =
  | { readonly ok: true; readonly matches: RowFilter; readonly isEmpty: boolean }
  | { readonly ok: false; readonly reason: string };

/** Reads a filter. `columns` are the ids that may stand before `:`, `=` and `!=`. */
export function parseFilter(text: string, columns: readonly string[]): ParsedFilter {
  const tests: RowFilter[] = [];
  for (const word of text.split(/\s+/)) {
    if (word === '') continue;
    const test = parseWord(word, columns);
    if (typeof test === 'string') return { ok: false, reason: test };
    tests.push(test);
  }
  return { ok: true, matches: (fields) => tests.every((test) => test(fields)), isEmpty: tests.length === 0 };
}

function parseWord(word: string, columns: readonly string[]): RowFilter | string {
  const field = /^([a-z]+)(!=|=|:)(.*)$/i.exec(word);
  if (field !== null) {
    const [, name = '', operator = ':', value = ''] = field;
    const column = columns.find((id) => id === name.toLowerCase());
    if (column === undefined) return `no column "${name}" here; there are ${columns.join(', ')}`;
    const wanted = value.toLowerCase();
    // Half-typed words must not empty the screen under the fingers of whoever types them.
    if (wanted === '') return () => true;
    if (operator === '=') return (fields) => fields[column]?.toLowerCase() === wanted;
    if (operator === '!=') return (fields) => fields[column]?.toLowerCase() !== wanted;
    return (fields) => fields[column]?.toLowerCase().includes(wanted) ?? false;
  }
  if (word.startsWith('!')) {
    const unwanted = word.slice(1).toLowerCase();
    return unwanted === ''
      ? () => true
      : (fields) => !anyField(fields, (value) => value.toLowerCase().includes(unwanted));
  }
  if (word.length > 2 && word.startsWith('/') && word.endsWith('/')) {
    try {
      const pattern = new RegExp(word.slice(1, -1), 'iu');
      return (fields) => anyField(fields, (value) => pattern.test(value));
    } catch {
      return `${word} is not a regular expression`;
    }
  }
  const wanted = word.toLowerCase();
  return (fields) => anyField(fields, (value) => value.toLowerCase().includes(wanted));
}

function anyField(fields: FilterFields, test: (value: string) => boolean): boolean {
  for (const value of Object.values(fields)) if (test(value)) return true;
  return false;
}
