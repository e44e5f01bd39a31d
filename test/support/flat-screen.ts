/** A screen of lines and places as one text, as the terminal would have it. */
import type { Screen } from '../../source/view/screen.ts';

/** One string for each row, with its colours; what lies beside each other is joined, what lies on top is left out. */
export function flatScreen(screen: Screen): readonly string[] {
  if (screen.kind === 'sentence') return screen.lines;
  const rows = Array.from({ length: screen.size.rows }, (): { readonly x: number; readonly line: string }[] => []);
  const put = (x: number, y: number, lines: readonly string[]): void => {
    for (const [index, line] of lines.entries()) rows[y + index]?.push({ x, line });
  };
  put(0, 0, screen.above);
  for (const { rect, lines } of screen.panes) put(rect.x, rect.y, lines);
  put(0, screen.size.rows - 1, [screen.footer]);
  return rows.map((pieces) =>
    pieces
      .toSorted((a, b) => a.x - b.x)
      .map(({ line }) => line)
      .join(''),
  );
}
