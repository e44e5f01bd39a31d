/** What a click or a turn of the wheel does: a new state of the screen, or keys that are pressed for it. Pure. */
import { type ActionId, type KeyName, keymapOf, keyOfLabel } from './keymap.ts';
import type { PaneId, Rect } from './layout.ts';
import { linkDigitAt } from './links-line.ts';
import { footerSpans, type Placed, type Scene, type SceneInput } from './screen.ts';
import { selectRow } from './select-row.ts';
import { tabsOf } from './tab-line.ts';
import { textWidth } from './text.ts';
import type { Line } from './theme.ts';
import { forgetTrail } from './trail.ts';
import { selectedIndex, type UiState } from './ui-state.ts';

export interface MouseEvent {
  readonly kind: 'click' | 'wheel-up' | 'wheel-down';
  /** The cell, from 0 at the top left. */
  readonly x: number;
  readonly y: number;
}

export interface MouseResult {
  readonly ui: UiState;
  /** Pressed one after the other, after the state is taken. */
  readonly keys: readonly KeyName[];
}

/** Rows that one notch of the wheel moves by. */
const WHEEL_ROWS = 3;
const NO_KEYS: readonly KeyName[] = [];

/** `input.ui` and `scene` are those of the screen that was clicked on. */
export function handleMouse(event: MouseEvent, input: SceneInput, scene: Scene): MouseResult {
  const { ui } = scene;
  const { screen } = scene;
  if (screen.kind === 'sentence') return { ui, keys: NO_KEYS };
  if (event.kind !== 'click') return wheel(event, input, scene);
  if (event.y === screen.size.rows - 1) return { ui, keys: keyAt(footerSpans(input, ui), event.x) };
  switch (ui.overlay.kind) {
    case 'dialog':
      return { ui, keys: buttonAt(screen.dialog, event, ui.overlay.dialog.confirmLabel) };
    case 'cameras': {
      const place = screen.pictures.find(({ rect }) => isInside(rect, event));
      if (place === undefined) return { ui, keys: NO_KEYS };
      // A second click on a camera shows it large, as Enter does.
      if (ui.overlay.key === place.key) return { ui, keys: keysOf('details', input) };
      return { ui: { ...ui, overlay: { ...ui.overlay, key: place.key } }, keys: NO_KEYS };
    }
    case 'details': {
      const digit = linkAt(event, scene);
      return { ui, keys: digit === undefined ? NO_KEYS : [String(digit)] };
    }
    case 'none':
    case 'filter': {
      const clicked = clickPane(event, input, scene);
      // As among the cameras: a second click opens.
      const isAgain = ui.overlay.kind === 'none' && clicked.row !== undefined && isSelected(ui, clicked);
      return { ui: clicked.ui, keys: isAgain ? keysOf('details', input) : NO_KEYS };
    }
    default:
      return { ui, keys: NO_KEYS };
  }
}

interface ClickedPane {
  readonly ui: UiState;
  readonly pane?: PaneId;
  /** Key of the row that was hit. */
  readonly row?: string;
}

/** Whether the row was selected before. */
function isSelected(ui: UiState, { pane, row }: ClickedPane): boolean {
  if (pane !== ui.pane) return false;
  const { key, drawnKey } = ui.views[pane];
  return (key ?? drawnKey) === row;
}

/** The links stand right under the box of the details. */
function linkAt({ x, y }: MouseEvent, { screen, links }: Scene): number | undefined {
  if (screen.kind === 'sentence' || screen.details === undefined) return undefined;
  const { rect } = screen.details;
  const strip = screen.panes.find(
    (placed) => placed.rect.y === rect.y + rect.height && isInside(placed.rect, { x, y }),
  );
  return strip && linkDigitAt(links, strip.rect.width, y - strip.rect.y, x - strip.rect.x);
}

function clickPane(event: MouseEvent, input: SceneInput, { ui, screen }: Scene): ClickedPane {
  if (screen.kind === 'sentence') return { ui };
  // What was typed into the filter stays.
  const closed: UiState = ui.overlay.kind === 'filter' ? { ...ui, overlay: { kind: 'none' } } : ui;
  if (event.y < screen.above.length) {
    // Where panes take turns, their tabs are the last line above them.
    const hasTabs = screen.panes.length === 1 && event.y === screen.above.length - 1;
    const tab = hasTabs ? tabAt(event.x, input, ui) : undefined;
    return tab === undefined ? { ui } : { ui: { ...forgetTrail(closed), pane: tab } };
  }
  const placed = paneAt(screen.panes, event);
  if (placed?.pane === undefined) return { ui };
  const { pane, rect } = placed;
  const { rows } = input.content(pane);
  // Under the upper edge stands the heading.
  const line = event.y - rect.y - 2;
  const index = ui.views[pane].top + line;
  const row = line >= 0 && line < rect.height - 3 ? rows[index] : undefined;
  const focused: UiState = pane === closed.pane ? closed : { ...forgetTrail(closed), pane };
  if (row === undefined) return { ui: focused };
  return { ui: selectRow(focused, pane, rows, index), pane, row: row.key };
}

function wheel(event: MouseEvent, input: SceneInput, { ui, screen }: Scene): MouseResult {
  const isUp = event.kind === 'wheel-up';
  const placed = screen.kind === 'full' ? paneAt(screen.panes, event) : undefined;
  const pane = placed?.pane;
  if (pane !== undefined && (ui.overlay.kind === 'none' || ui.overlay.kind === 'filter')) {
    const { rows } = input.content(pane);
    if (rows.length === 0) return { ui, keys: NO_KEYS };
    const wanted = selectedIndex(ui.views[pane], rows) + (isUp ? -WHEEL_ROWS : WHEEL_ROWS);
    const index = Math.min(rows.length - 1, Math.max(0, wanted));
    return { ui: selectRow(ui, pane, rows, index), keys: NO_KEYS };
  }
  if (ui.overlay.kind === 'dialog' || ui.overlay.kind === 'none' || ui.overlay.kind === 'filter') {
    return { ui, keys: NO_KEYS };
  }
  const keys = keysOf(isUp ? 'up' : 'down', input);
  return { ui, keys: ui.overlay.kind === 'cameras' ? keys : Array.from({ length: WHEEL_ROWS }, () => keys).flat() };
}

/** The key that stands in a line of keys and what they do, at a column. */
function keyAt(line: Line, x: number): readonly KeyName[] {
  let from = 0;
  let label: string | undefined;
  let labelFrom = 0;
  for (const span of line) {
    const width = textWidth(span.text);
    // Behind a gap stands something else.
    if (span.text.trim() === '') label = undefined;
    if (span.style === 'key') {
      label = span.text;
      labelFrom = from;
    }
    if (x < from + width) {
      if (label === undefined || span.text.trim() === '') return NO_KEYS;
      const key = span.style === 'key' ? keyUnder(label, x - labelFrom) : keyOfLabel(label.trim());
      return key === undefined ? NO_KEYS : [key];
    }
    from += width;
  }
  return NO_KEYS;
}

/** Where a hint has several keys, `PgUp PgDn` or `↑↓`, the one that was hit. */
function keyUnder(label: string, at: number): KeyName | undefined {
  const words = label.matchAll(/\S+/g);
  for (const { 0: word, index } of words) {
    if (at >= index + word.length) continue;
    return keyOfLabel(word) ?? keyOfLabel([...word][Math.max(0, at - index)] ?? '');
  }
  return undefined;
}

function buttonAt(dialog: Placed | undefined, { x, y }: MouseEvent, confirmLabel: string): readonly KeyName[] {
  if (dialog === undefined || !isInside(dialog.rect, { x, y })) return NO_KEYS;
  const line = unpainted(dialog.lines[y - dialog.rect.y] ?? '');
  const isOn = (words: string): boolean => {
    // Buttons have room on both sides; the same words in a sentence have not.
    const from = line.lastIndexOf(`  ${words}  `);
    return from >= 0 && x >= dialog.rect.x + from && x < dialog.rect.x + from + words.length + 4;
  };
  if (!line.includes('  Cancel  ')) return NO_KEYS;
  if (isOn('Cancel')) return ['escape'];
  return isOn(confirmLabel) ? ['y'] : NO_KEYS;
}

function tabAt(x: number, input: SceneInput, ui: UiState): PaneId | undefined {
  let end = 0;
  for (const { pane, text } of tabsOf(ui.pane, (id) => input.content(id).totalCount, input.size.columns)) {
    end += text.length;
    if (x < end) return pane;
  }
  return undefined;
}

function keysOf(action: ActionId, input: SceneInput): readonly KeyName[] {
  return (
    keymapOf(input.keys)
      .bindings.find((binding) => binding.action === action)
      ?.keys.slice(0, 1) ?? NO_KEYS
  );
}

function paneAt(panes: readonly Placed[], event: MouseEvent): Placed | undefined {
  return panes.find(({ rect }) => isInside(rect, event));
}

function isInside(rect: Rect, { x, y }: { readonly x: number; readonly y: number }): boolean {
  return x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height;
}

function unpainted(line: string): string {
  return line.replaceAll(/\x1b\[[\d;]*m/g, '');
}
