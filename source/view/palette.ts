/** The list behind `:`: panes, keys, machines and nodes by name, those that fit best first. */
import { drawFrame, type FramedLine, innerWidth } from './frame.ts';
import { type KeyContext, type KeyName, keyLabel, keymapOf } from './keymap.ts';
import { PANE_IDS, type PaneId, type Rect, type Size } from './layout.ts';
import { PANES } from './panes.ts';
import type { FleetRows, NodeRow } from './rows.ts';
import { cut, fit, sanitize, textWidth } from './text.ts';
import type { Line, Span, Theme } from './theme.ts';

export type PaletteEntry = {
  /** What is typed to get it, and what Tab completes to. */
  readonly name: string;
  readonly hint: string;
  /** Why it cannot be done now. */
  readonly disabledReason?: string;
} & (
  | { readonly kind: 'pane'; readonly pane: PaneId }
  | { readonly kind: 'key'; readonly key: KeyName }
  | { readonly kind: 'machine'; readonly machine: string }
  | { readonly kind: 'node'; readonly rowKey: string }
);

const MAX_ENTRIES = 50;
const MAX_SHOWN = 12;
/** A fleet may have 10,000 nodes: they are looked through from here on. */
const NODE_TEXT_LENGTH = 2;
export const MAX_PALETTE_TEXT = 100;

const PALETTE_GROUPS = new Set(['Look', 'Act', 'Choose', 'Leave']);
const LEFT_OUT = new Set(['palette', 'back', 'mark-up', 'mark-down', 'photo']);

/** What fits the text, best first; all panes and keys for none. */
export function paletteEntries(text: string, rows: FleetRows, keys: KeyContext): readonly PaletteEntry[] {
  const wanted = text.trim().toLowerCase();
  const ranked: Ranked[] = [];
  const offer = (name: string, makeEntry: () => PaletteEntry): void => {
    const score = fuzzyScore(name, wanted);
    if (score !== undefined) ranked.push({ entry: makeEntry(), score });
  };
  for (const pane of PANE_IDS) {
    const { tab, title } = PANES[pane];
    offer(tab, () => ({ kind: 'pane', pane, name: tab.toLowerCase(), hint: `pane ${title}` }));
  }
  for (const { action, keys: names, help, group, disabledReason } of keymapOf(keys).bindings) {
    const [key] = names;
    if (key === undefined || !PALETTE_GROUPS.has(group) || LEFT_OUT.has(action)) continue;
    offer(action, () => ({
      kind: 'key',
      key,
      name: action,
      hint: `${keyLabel(key)}  ${help}`,
      disabledReason: disabledReason?.(keys),
    }));
  }
  for (const { machine } of rows.machines) {
    offer(machine.id, () => ({ kind: 'machine', machine: machine.id, name: machine.id, hint: 'machine: its nodes' }));
  }
  if (wanted.length >= NODE_TEXT_LENGTH) ranked.push(...fittingNodes(wanted, rows.nodes));
  return ranked
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_ENTRIES)
    .map(({ entry }) => entry);
}

interface Ranked {
  readonly entry: PaletteEntry;
  readonly score: number;
}

const knownNodes = new WeakMap<FleetRows['nodes'], { readonly wanted: string; readonly best: readonly Ranked[] }>();

/** The nodes that fit best, of any number; kept for as long as the same is asked of the same nodes. */
function fittingNodes(wanted: string, nodes: FleetRows['nodes']): readonly Ranked[] {
  const known = knownNodes.get(nodes);
  if (known?.wanted === wanted) return known.best;
  const fitting: { readonly row: NodeRow; readonly score: number }[] = [];
  for (const row of nodes) {
    const score = fuzzyScore(row.key, wanted);
    if (score !== undefined) fitting.push({ row, score });
  }
  const best = fitting
    .sort((a, b) => b.score - a.score)
    .slice(0, MAX_ENTRIES)
    .map(({ row: { key, machine, node }, score }): Ranked => {
      const hint = `node, ${node.status} on ${machine}`;
      return { entry: { kind: 'node', rowKey: key, name: key, hint }, score };
    });
  knownNodes.set(nodes, { wanted, best });
  return best;
}

/**
 * How well a name fits what was typed: its characters must come in this order. More for neighbours, for beginnings of
 * words, and for short names. Undefined where it does not fit.
 */
export function fuzzyScore(name: string, wanted: string): number | undefined {
  if (wanted === '') return 0;
  const text = name.toLowerCase();
  const whole = text.indexOf(wanted);
  if (whole >= 0) return 1_000 + (isWordStart(text, whole) ? 100 : 0) - whole - text.length / 100;
  let score = 0;
  let at = -1;
  for (const character of wanted) {
    if (character === ' ') continue;
    const next = text.indexOf(character, at + 1);
    if (next < 0) return undefined;
    if (next === at + 1) score += 3;
    if (isWordStart(text, next)) score += 5;
    score -= Math.min(5, next - at - 1);
    at = next;
  }
  return score - text.length / 100;
}

function isWordStart(text: string, at: number): boolean {
  return at === 0 || /[^a-z0-9]/.test(text[at - 1] ?? '');
}

/** The list above the last line. */
export function drawPalette(
  entries: readonly PaletteEntry[],
  index: number,
  size: Size,
  theme: Theme,
): { readonly rect: Rect; readonly lines: readonly string[] } {
  const count = Math.max(1, Math.min(MAX_SHOWN, entries.length, size.rows - 6));
  const first = Math.max(0, Math.min(index - count + 1, entries.length - count));
  const width = Math.min(size.columns, 90);
  const rect = { x: 0, y: size.rows - 1 - (count + 2), width, height: count + 2 };
  const inner = innerWidth(width);
  const nameWidth = Math.min(32, Math.floor(inner / 2));
  const body: FramedLine[] =
    entries.length === 0
      ? [{ line: [{ text: '  Nothing has such a name.', style: 'info' }] }]
      : entries.slice(first, first + count).map((entry, place) => ({
          line: entryLine(entry, inner, nameWidth, first + place === index ? theme.glyphs.pointer : ' '),
          isSelected: first + place === index,
        }));
  const remark =
    entries.length > count
      ? `${index + 1} of ${entries.length}${entries.length === MAX_ENTRIES ? ' or more' : ''}`
      : '';
  const title: Span[] = [{ text: ' Go to ', style: 'title-active' }];
  return { rect, lines: drawFrame(theme.paint, body, { rect, title, remark, isActive: true, glyphs: theme.glyphs }) };
}

function entryLine(entry: PaletteEntry, inner: number, nameWidth: number, sign: string): Line {
  return [
    { text: `${sign} `, style: 'key' },
    { text: fit(entry.name, nameWidth), style: entry.disabledReason === undefined ? 'strong' : 'dim' },
    { text: `  ${fit(entry.disabledReason ?? entry.hint, inner - nameWidth - 5)}`, style: 'dim' },
  ];
}

/** The last line while a text is typed: its sign, the text, a cursor and what the keys do. */
export function promptLine(sign: string, typed: string, hint: string, width: number): Line {
  const text = sanitize(typed);
  const room = width - textWidth(sign) - 2 - textWidth(hint);
  const tail = textWidth(text) < room ? text : [...text].slice(-Math.max(1, room - 1)).join('');
  const shown = cut(tail, room - 1, '');
  return [
    { text: ` ${sign}`, style: 'key' },
    { text: shown, style: 'strong' },
    { text: ' ', style: 'choice' },
    { text: ' '.repeat(Math.max(0, room - textWidth(shown))) },
    { text: hint, style: 'dim' },
  ];
}
