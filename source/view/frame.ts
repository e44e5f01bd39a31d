/** Boxes made of text: a frame with a title on its upper edge and a remark on its lower. */

import type { Glyphs } from './glyphs.ts';
import type { Rect } from './layout.ts';
import { fit, textWidth } from './text.ts';
import type { Line, Span } from './theme.ts';

export interface FrameOptions {
  readonly rect: Pick<Rect, 'width' | 'height'>;
  readonly title: readonly Span[];
  /** On the right of the upper edge. */
  readonly aside?: readonly Span[];
  /** On the right of the lower edge. */
  readonly remark?: string;
  readonly isActive: boolean;
  readonly glyphs: Glyphs;
}

/** A line inside a frame; `isSelected` draws the bar under it. */
export interface FramedLine {
  readonly line: Line;
  readonly isSelected?: boolean;
}

/** Columns between the left and the right edge. */
export function innerWidth(width: number): number {
  return Math.max(0, width - 2);
}

/** Exactly `rect.height` lines of `rect.width` cells, painted. */
export function drawFrame(
  paint: (line: Line, selected?: boolean) => string,
  body: readonly FramedLine[],
  { rect, title, aside = [], remark = '', isActive, glyphs }: FrameOptions,
): string[] {
  const { width, height } = rect;
  const [topLeft, topRight, bottomLeft, bottomRight] = glyphs.corners;
  const edge = isActive ? 'border-active' : 'border';
  const inner = innerWidth(width);
  const lines = [
    paint([
      { text: topLeft, style: edge },
      ...edgeLine(inner, title, aside, glyphs, edge),
      { text: topRight, style: edge },
    ]),
  ];
  const side = paint([{ text: glyphs.vertical, style: edge }]);
  for (let row = 0; row < height - 2; row += 1) {
    const framed = body[row];
    const content =
      framed === undefined ? ' '.repeat(inner) : paint(padLine(framed.line, inner), framed.isSelected ?? false);
    lines.push(side + content + side);
  }
  const note: readonly Span[] = remark === '' ? [] : [{ text: ` ${remark} `, style: 'dim' }];
  lines.push(
    paint([
      { text: bottomLeft, style: edge },
      ...edgeLine(inner, [], note, glyphs, edge),
      { text: bottomRight, style: edge },
    ]),
  );
  return lines.slice(0, height);
}

function edgeLine(
  inner: number,
  left: readonly Span[],
  right: readonly Span[],
  glyphs: Glyphs,
  edge: 'border' | 'border-active',
): Line {
  let shown = [...left];
  let aside = [...right];
  if (lineWidth(shown) + lineWidth(aside) > inner) aside = [];
  if (lineWidth(shown) > inner) {
    const text = shown.map((span) => span.text).join('');
    shown = [{ text: fit(text, inner), style: shown[0]?.style }];
  }
  const rest = inner - lineWidth(shown) - lineWidth(aside);
  // A short piece of the edge before the remark, so that it does not touch the corner.
  const tail = aside.length > 0 && rest > 1 ? 1 : 0;
  return [
    ...shown,
    { text: glyphs.horizontal.repeat(Math.max(0, rest - tail)), style: edge },
    ...aside,
    { text: glyphs.horizontal.repeat(tail), style: edge },
  ];
}

/** The line with spaces up to `width`. A line that is too long is the caller's mistake, and cut all the same. */
export function padLine(line: Line, width: number): Line {
  const used = lineWidth(line);
  if (used === width) return line;
  if (used < width) return [...line, { text: ' '.repeat(width - used) }];
  const kept: Span[] = [];
  let room = width;
  for (const span of line) {
    if (room <= 0) break;
    const size = textWidth(span.text);
    kept.push(size <= room ? span : { ...span, text: fit(span.text, room) });
    room -= Math.min(size, room);
  }
  return kept;
}

export function lineWidth(line: Line): number {
  return line.reduce((sum, span) => sum + textWidth(span.text), 0);
}
