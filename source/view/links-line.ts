/** The line under the details: which digit leads where. */
import type { RowLink } from './links.ts';
import { cut, sanitize, textWidth } from './text.ts';
import type { Span, Theme } from './theme.ts';

const MAX_LABEL = 28;
const MAX_LINES = 2;

/** Lines that the links take, at most two. */
export function linkLineCount(links: readonly RowLink[], width: number): number {
  return Math.min(MAX_LINES, arrange(links, width).length);
}

/** `lines` lines, each `width` cells. */
export function drawLinks(links: readonly RowLink[], width: number, lines: number, theme: Theme): readonly string[] {
  return arrange(links, width)
    .slice(0, lines)
    .map((entries) => {
      const spans: Span[] = entries.flatMap(({ digit, label }): Span[] => [
        { text: ` ${digit}`, style: 'key' },
        { text: ` ${label} ` },
      ]);
      const used = spans.reduce((sum, span) => sum + textWidth(span.text), 0);
      return theme.paint([...spans, { text: ' '.repeat(Math.max(0, width - used)) }]);
    });
}

/** The digit of the link that stands in line `line` at column `x`; undefined where there is none. */
export function linkDigitAt(links: readonly RowLink[], width: number, line: number, x: number): number | undefined {
  let end = 0;
  for (const { digit, label } of arrange(links, width)[line] ?? []) {
    end += textWidth(label) + 4;
    if (x < end) return digit;
  }
  return undefined;
}

interface Entry {
  readonly digit: number;
  readonly label: string;
}

function arrange(links: readonly RowLink[], width: number): readonly (readonly Entry[])[] {
  const lines: Entry[][] = [];
  let used = width;
  for (const [index, { label }] of links.entries()) {
    const entry = { digit: index + 1, label: cut(sanitize(label), MAX_LABEL) };
    const needed = textWidth(entry.label) + 4;
    if (used + needed > width) {
      lines.push([]);
      used = 0;
    }
    lines.at(-1)?.push(entry);
    used += needed;
  }
  return lines;
}
