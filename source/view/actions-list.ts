/** What was ordered at this screen, and what came of it for each node: the list behind `A`. */
import { type ActionBatch, actionWord, type BatchItem, countItems, isBatchOver } from '../fleet/batch-actions.ts';
import { formatAge, formatClock, formatLatency, plural } from './format.ts';
import { drawFrame, innerWidth } from './frame.ts';
import type { Glyphs } from './glyphs.ts';
import type { Rect } from './layout.ts';
import { fit, sanitize, textWidth, wrap } from './text.ts';
import type { Line, Span, StyleName, Theme } from './theme.ts';

interface Row {
  readonly batch: ActionBatch;
  readonly item?: BatchItem;
  /** What of its words stands in this row, and whether it is the first of its rows. */
  readonly words: string;
  readonly isFirst: boolean;
}

/** A daemon's last line may be long; of one that never ends this many rows are shown. */
const MAX_ROWS_AN_ITEM = 12;

function rowsOf(batches: readonly ActionBatch[], width: number): readonly Row[] {
  return batches.flatMap((batch): readonly Row[] => [
    { batch, words: '', isFirst: true },
    ...batch.items.flatMap((item) => {
      const lines = wrap(wordsOf(item), wordsWidth(width));
      const shown = lines.slice(0, MAX_ROWS_AN_ITEM);
      if (lines.length > MAX_ROWS_AN_ITEM) shown.push('…');
      if (shown.length === 0) shown.push('');
      return shown.map((words, index) => ({ batch, item, words, isFirst: index === 0 }));
    }),
  ]);
}

function wordsOf({ state, message }: BatchItem): string {
  return state === 'waiting' ? 'waits' : state === 'running' ? 'under way' : message;
}

function nameWidthOf(width: number): number {
  return Math.min(36, Math.floor(width / 3));
}

/** What name, sign and time leave. */
function wordsWidth(width: number): number {
  return Math.max(4, width - nameWidthOf(width) - 16);
}

/** Rows that {@link drawActions} has to show in all, in a box of `width` cells. */
export function countActionRows(batches: readonly ActionBatch[], width: number): number {
  return rowsOf(batches, innerWidth(width)).length;
}

/** `12 of 40 done, 1 failed, 27 not tried`. */
export function batchWords(batch: ActionBatch): string {
  const done = countItems(batch, 'done');
  const parts = [`${done} of ${batch.items.length} done`];
  const add = (count: number, word: string): void => {
    if (count > 0) parts.push(`${count} ${word}`);
  };
  add(countItems(batch, 'failed'), 'failed');
  add(countItems(batch, 'running'), 'under way');
  add(countItems(batch, 'waiting'), 'waiting');
  add(countItems(batch, 'skipped'), 'not tried');
  return parts.join(', ');
}

export function drawActions(
  batches: readonly ActionBatch[],
  wantedTop: number,
  rect: Rect,
  theme: Theme,
  nowMs: number,
): readonly string[] {
  const inner = innerWidth(rect.width);
  const height = rect.height - 2;
  const rows = rowsOf(batches, inner);
  const top = Math.min(wantedTop, Math.max(0, rows.length - height));
  const shown = rows.slice(top, top + height);
  const body =
    rows.length === 0
      ? [{ line: [] }, { line: [{ text: '  Nothing was ordered here yet.', style: 'info' as const }] }]
      : shown.map(({ batch, item, ...row }) => ({
          line: item === undefined ? batchLine(batch, inner, nowMs) : itemLine(item, row, inner, theme.glyphs, nowMs),
        }));
  const open = batches.filter((batch) => !isBatchOver(batch)).length;
  return drawFrame(theme.paint, body, {
    rect,
    title: [{ text: ' Actions ', style: 'title-active' }],
    aside: open === 0 ? [] : [{ text: ` ${plural(open, 'action')} under way `, style: 'info' }],
    remark: rows.length > height ? `${top + 1}-${top + shown.length} of ${rows.length}` : '',
    isActive: true,
    glyphs: theme.glyphs,
  });
}

function batchLine(batch: ActionBatch, width: number, nowMs: number): Line {
  const how = batch.items.length === 1 ? '' : batch.mode === 'rolling' ? ', one after another' : ', together';
  const text = ` ${actionWord(batch.action)}${how}: ${batchWords(batch)}`;
  const age = `${formatAge(nowMs - batch.createdAtMs)} ago `;
  // What came of it goes before when and by whom.
  const aside =
    [` by ${sanitize(batch.who)} at ${formatClock(batch.createdAtMs)}, ${age}`, ` ${age}`].find(
      (words) => textWidth(text) + textWidth(words) <= width,
    ) ?? '';
  const room = width - textWidth(aside);
  return [
    { text: fit(text, room), style: 'title' },
    { text: aside, style: 'dim' },
  ];
}

function itemLine(
  item: BatchItem,
  { words, isFirst }: Pick<Row, 'words' | 'isFirst'>,
  width: number,
  glyphs: Glyphs,
  nowMs: number,
): Line {
  const nameWidth = nameWidthOf(width);
  const text: Span = { text: fit(words, wordsWidth(width)), style: item.state === 'failed' ? 'bad' : 'dim' };
  if (!isFirst) return [{ text: ' '.repeat(nameWidth + 16) }, text];
  const [sign, style] = look(item, glyphs);
  const took = item.startedAtMs === undefined ? '' : formatLatency((item.endedAtMs ?? nowMs) - item.startedAtMs);
  const name = `${sanitize(item.target.node)} on ${sanitize(item.target.machine)}`;
  return [
    { text: `   ${sign} `, style },
    { text: `${fit(name, nameWidth)} ` },
    { text: `${fit(took, 8, 'right')}  `, style: 'dim' },
    text,
  ];
}

function look({ state }: BatchItem, glyphs: Glyphs): readonly [sign: string, style: StyleName] {
  switch (state) {
    case 'done':
      return [glyphs.good, 'good'];
    case 'failed':
      return [glyphs.bad, 'bad'];
    case 'running':
      return [glyphs.busy, 'info'];
    case 'waiting':
    case 'skipped':
      return [glyphs.none, 'dim'];
  }
}
