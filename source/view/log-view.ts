/** An open log on the screen: which of its lines are shown, broken or scrolled, and where a text is found in them. */
import { drawFrame, type FramedLine, innerWidth } from './frame.ts';
import type { Rect } from './layout.ts';
import { cut, fit, sanitize, textWidth, wrap } from './text.ts';
import type { Span, Theme } from './theme.ts';
import type { LogsView } from './ui-state.ts';

/** Lines that are kept of an open log. */
export const MAX_LOG_LINES = 5_000;

interface Known {
  readonly filter: string;
  /** 0: not broken. */
  readonly width: number;
  readonly rows: readonly string[];
}

const known = new WeakMap<readonly string[], Known>();

/** The rows of a log in a window of `rect`: its lines after the filter, broken where that is wished. */
export function logRows({ lines, filter, isWrapped }: LogsView, rect: Rect): readonly string[] {
  const width = isWrapped ? Math.max(1, innerWidth(rect.width) - 2) : 0;
  const last = known.get(lines);
  if (last !== undefined && last.filter === filter && last.width === width) return last.rows;
  const kept = filter === '' ? lines : lines.filter((line) => isKept(line, filter));
  const rows =
    width === 0 ? kept : kept.flatMap((line) => (textWidth(sanitize(line)) <= width ? [line] : wrap(line, width)));
  known.set(lines, { filter, width, rows });
  return rows;
}

function isKept(line: string, filter: string): boolean {
  const isInverse = filter.startsWith('!') && filter.length > 1;
  return hasText(line, isInverse ? filter.slice(1) : filter) !== isInverse;
}

function hasText(line: string, wanted: string): boolean {
  return line.toLowerCase().includes(wanted.toLowerCase());
}

/** The row nearest to `from` in a direction that has the text, round the end; undefined where none has. */
export function findRow(rows: readonly string[], search: string, from: number, step: 1 | -1): number | undefined {
  if (search === '') return undefined;
  for (let away = 0; away < rows.length; away += 1) {
    const index = (((from + step * away) % rows.length) + rows.length) % rows.length;
    if (hasText(rows[index] ?? '', search)) return index;
  }
  return undefined;
}

/** The log with lines added at its end, and no more kept than can be. A window that is held stays on its lines. */
export function addLogLines(logs: LogsView, added: readonly string[]): LogsView {
  const all = [...logs.lines, ...added];
  const dropped = Math.max(0, all.length - MAX_LOG_LINES);
  const lines = dropped === 0 ? all : all.slice(dropped);
  const gone = all.slice(0, dropped).filter((line) => logs.filter === '' || isKept(line, logs.filter)).length;
  const up = (row: number): number => Math.max(0, row - gone);
  return {
    ...logs,
    phase: 'ready',
    lines,
    top: logs.top === 'end' ? 'end' : up(logs.top),
    found: logs.found === undefined ? undefined : up(logs.found),
  };
}

export function drawLogs(logs: LogsView, rect: Rect, theme: Theme): readonly string[] {
  const inner = innerWidth(rect.width);
  const height = rect.height - 2;
  const rows = logRows(logs, rect);
  const lastTop = Math.max(0, rows.length - height);
  const top = logs.top === 'end' ? lastTop : Math.min(logs.top, lastTop);
  const left = logs.isWrapped ? 0 : logs.left;
  const body: FramedLine[] =
    rows.length > 0
      ? rows.slice(top, top + height).map((row, place) => ({
          line: rowSpans(row, left, inner, logs.search, top + place === logs.found),
        }))
      : [
          { line: [] },
          ...wrap(logsSentence(logs), inner - 4).map((line) => ({
            line: [{ text: `  ${line}`, style: logs.phase === 'failed' ? ('bad' as const) : ('info' as const) }],
          })),
        ];
  const shown = `${Math.min(rows.length, top + 1)}-${Math.min(rows.length, top + height)} of ${rows.length}`;
  const of = rows.length === logs.lines.length || logs.isWrapped ? '' : ` (${logs.lines.length} lines)`;
  return drawFrame(theme.paint, body, {
    rect,
    title: [
      { text: ` Logs of ${cut(whose(logs), Math.max(8, inner - 40))} `, style: 'title-active' },
      ...(logs.filter === '' ? [] : [{ text: `&${cut(sanitize(logs.filter), 20)} `, style: 'info' as const }]),
    ],
    aside: logs.phase === 'ready' ? [{ text: asideWords(logs, left), style: 'dim' }] : [],
    remark: rows.length > 0 ? `${shown}${of}` : '',
    isActive: true,
    glyphs: theme.glyphs,
  });
}

function whose({ targets }: LogsView): string {
  const [first] = targets;
  if (first === undefined) return '';
  if (targets.length > 1) return `${targets.length} nodes`;
  return `${sanitize(first.node)} on ${sanitize(first.machine)}`;
}

function asideWords({ top, message }: LogsView, left: number): string {
  const where = left > 0 ? `from column ${left + 1} ` : '';
  const remark = message === '' ? '' : `${cut(sanitize(message), 40)} `;
  return ` ${remark}${where}${top === 'end' ? 'following' : 'held: G follows'} `;
}

function logsSentence(logs: LogsView): string {
  const [first] = logs.targets;
  if (logs.phase === 'loading') return `Asking ${first?.machine ?? ''} for the log of ${whoseNames(logs)} …`;
  if (logs.phase === 'failed') return logs.message;
  if (logs.lines.length > 0) return 'No line is left by the filter: & changes it.';
  return 'The log is empty: the node has written nothing yet.';
}

function whoseNames({ targets }: LogsView): string {
  return targets.length === 1 ? (targets[0]?.node ?? '') : `${targets.length} nodes`;
}

/** A row from a column on, with what was looked for marked. */
function rowSpans(row: string, left: number, inner: number, search: string, isFound: boolean): readonly Span[] {
  const clean = sanitize(row);
  const text = fit(left === 0 ? clean : [...clean].slice(left).join(''), inner - 2);
  const spans: Span[] = [{ text: isFound ? '>' : ' ', style: 'key' }];
  const lower = text.toLowerCase();
  const wanted = search.toLowerCase();
  let from = 0;
  // Letters whose lower case is longer would shift the marks: such a row is shown without.
  if (wanted !== '' && lower.length === text.length) {
    for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
      spans.push({ text: text.slice(from, at) }, { text: text.slice(at, at + wanted.length), style: 'choice' });
      from = at + wanted.length;
    }
  }
  return [...spans, { text: `${text.slice(from)} ` }];
}
