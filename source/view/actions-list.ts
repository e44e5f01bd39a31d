/** What was ordered at this screen, and what came of it for each node: the list behind `A`. */
import { type ActionBatch, actionWord, type BatchItem, countItems, isBatchOver } from '../fleet/batch-actions.ts';
import { formatAge, formatClock, formatLatency, plural } from './format.ts';
import { drawFrame, innerWidth } from './frame.ts';
import type { Glyphs } from './glyphs.ts';
import type { Rect } from './layout.ts';
import { fit, sanitize, textWidth } from './text.ts';
import type { Line, Span, StyleName, Theme } from './theme.ts';

type Row = { readonly batch: ActionBatch; readonly item?: BatchItem };

function rowsOf(batches: readonly ActionBatch[]): readonly Row[] {
  return batches.flatMap((batch): readonly Row[] => [{ batch }, ...batch.items.map((item) => ({ batch, item }))]);
}

/** Rows that {@link drawActions} has to show in all. */
export function countActionRows(batches: readonly ActionBatch[]): number {
  return batches.reduce((sum, batch) => sum + 1 + batch.items.length, 0);
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
  const rows = rowsOf(batches);
  const top = Math.min(wantedTop, Math.max(0, rows.length - height));
  const shown = rows.slice(top, top + height);
  const body =
    rows.length === 0
      ? [{ line: [] }, { line: [{ text: '  Nothing was ordered here yet.', style: 'info' as const }] }]
      : shown.map(({ batch, item }) => ({
          line: item === undefined ? batchLine(batch, inner, nowMs) : itemLine(item, inner, theme.glyphs, nowMs),
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

function itemLine(item: BatchItem, width: number, glyphs: Glyphs, nowMs: number): Line {
  const [sign, style] = look(item, glyphs);
  const took = item.startedAtMs === undefined ? '' : formatLatency((item.endedAtMs ?? nowMs) - item.startedAtMs);
  const name = `${sanitize(item.target.node)} on ${sanitize(item.target.machine)}`;
  const nameWidth = Math.min(36, Math.floor(width / 3));
  const words = item.state === 'waiting' ? 'waits' : item.state === 'running' ? 'under way' : item.message;
  const spans: Span[] = [
    { text: `   ${sign} `, style },
    { text: `${fit(name, nameWidth)} ` },
    { text: `${fit(took, 8, 'right')}  `, style: 'dim' },
    { text: fit(words, Math.max(4, width - nameWidth - 16)), style: item.state === 'failed' ? 'bad' : 'dim' },
  ];
  return spans;
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
