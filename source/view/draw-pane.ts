/** One pane: its frame with title and filter, and the rows that fit, or a sentence where there are none. */
import { emptySentences } from './empty.ts';
import { drawFrame, type FramedLine, innerWidth } from './frame.ts';
import { PANE_IDS, type PaneId, type Rect } from './layout.ts';
import type { PaneContent } from './pane.ts';
import { isMarked, paneAside } from './pane-aside.ts';
import { PANES } from './panes.ts';
import type { SceneInput } from './screen.ts';
import { cut, fit, sanitize, textWidth, wrap } from './text.ts';
import type { Span } from './theme.ts';
import { selectedIndex, type UiState } from './ui-state.ts';

export function drawPane(
  input: SceneInput,
  ui: UiState,
  pane: PaneId,
  rect: Rect,
  isAlone: boolean,
): readonly string[] {
  const { theme, nowMs, fleet } = input;
  const { glyphs } = theme;
  const content = input.content(pane);
  const view = ui.views[pane];
  const isActive = ui.pane === pane;
  const inner = innerWidth(rect.width);
  const height = Math.max(1, rect.height - 3);
  const body: FramedLine[] = [];
  const sentences = emptySentences(fleet, input.rows, content, nowMs, {
    isAlone,
    isReplay: input.replay !== undefined,
  });
  if (sentences.length > 0) {
    if (rect.height > 6) body.push({ line: [] });
    for (const { text, style } of sentences) {
      for (const line of wrap(text, inner - 4)) body.push({ line: [{ text: `  ${line}`, style }] });
    }
  } else {
    body.push({ line: content.heading(inner, glyphs) });
    const selected = selectedIndex(view, content.rows);
    const last = Math.min(content.rows.length, view.top + height);
    for (let index = view.top; index < last; index += 1) {
      const isSelected = index === selected;
      body.push({
        line: content.line(
          index,
          inner,
          { ...input, nowMs, glyphs },
          isSelected && isActive,
          isMarked(view, content, index),
        ),
        isSelected: isSelected && isActive,
      });
    }
  }
  const hidden = content.rows.length > height;
  return drawFrame(theme.paint, body, {
    rect,
    title: paneTitleSpans(content, ui, isActive, inner, PANES[pane].note?.(input.rows, nowMs) ?? ''),
    aside: paneAside(content, ui, theme),
    remark: hidden
      ? `${view.top + 1}-${Math.min(content.rows.length, view.top + height)} of ${content.rows.length}`
      : '',
    isActive,
    glyphs,
  });
}

function paneTitleSpans(
  content: PaneContent,
  ui: UiState,
  isActive: boolean,
  width: number,
  note: string,
): readonly Span[] {
  const number = PANE_IDS.indexOf(content.id) + 1;
  const style = isActive ? 'title-active' : 'title';
  const count =
    content.rows.length === content.totalCount
      ? `${content.totalCount}`
      : `${content.rows.length} of ${content.totalCount}`;
  const spans: Span[] = [
    { text: ` ${number} `, style: 'dim' },
    { text: `${content.title} `, style },
    { text: `${count} `, style: 'dim' },
  ];
  if (content.filter !== '' && !(ui.overlay.kind === 'filter' && isActive)) {
    spans.push({
      text: `${fit(sanitize(`/${content.filter}`), Math.min(textWidth(content.filter) + 1, width - 30))} `,
      style: 'info',
    });
  }
  if (content.filterProblem !== undefined) {
    spans.push({ text: `${sanitize(content.filterProblem)} `, style: 'bad' });
  }
  const used = spans.reduce((sum, span) => sum + textWidth(span.text), 0);
  if (note !== '' && used + 10 < width) spans.push({ text: `· ${cut(note, width - used - 6)} `, style: 'dim' });
  return spans;
}
