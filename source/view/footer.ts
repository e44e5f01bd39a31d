/** The last line: the keys that fit what is selected, or what just happened. Made from the key map. */

import { countItems, isBatchOver } from '../fleet/batch-actions.ts';
import { batchWords } from './actions-list.ts';
import { NODE_ACTIONS } from './details-keys.ts';
import { formatAge } from './format.ts';
import type { Glyphs } from './glyphs.ts';
import { type Binding, type KeyContext, keyLabel, keymapOf } from './keymap.ts';
import { costWords, type OwnCost } from './own-cost.ts';
import { promptLine } from './palette.ts';
import { fit, sanitize, textWidth } from './text.ts';
import type { Line, Span } from './theme.ts';
import type { LogsView, UiState } from './ui-state.ts';

export interface FooterOptions {
  readonly nowMs: number;
  readonly width: number;
  readonly keys: KeyContext;
  readonly glyphs: Glyphs;
  /** What this program costs, where that is known. */
  readonly cost?: OwnCost;
}

export function footerLine(ui: UiState, options: FooterOptions): Line {
  const { overlay } = ui;
  switch (overlay.kind) {
    case 'filter':
      return promptLine('/', ui.views[ui.pane].filter, '  Enter keep  Esc clear ', options.width);
    case 'palette':
      return promptLine(':', overlay.text, '  Enter go  Tab complete  Esc close ', options.width);
    case 'dialog':
      return hints(options, [
        ['Enter', 'choose'],
        ['←→', 'move'],
        ...(overlay.dialog.targets.length > 1 ? [['m', 'order'] as const] : []),
        ['y', 'yes'],
        ['Esc', 'cancel'],
      ]);
    case 'details':
      if (ui.notice !== undefined) return mainFooter(ui, options);
      return hints(options, [
        ['Esc', 'back'],
        ['1-9', 'go there'],
        ...nodeHints(ui, options),
        ['↑↓', 'scroll'],
        ['PgUp PgDn', 'page'],
        ['g G', 'ends'],
      ]);
    case 'logs':
      return logFooter(ui, overlay.logs, options);
    case 'actions':
      return hints(options, [
        ['Esc', 'back'],
        ['↑↓', 'scroll'],
        ...(ui.actions.some((batch) => countItems(batch, 'waiting') > 0)
          ? [['x', 'give up what has not begun'] as const]
          : []),
        ['g G', 'ends'],
      ]);
    case 'help':
      return hints(options, [
        ['Esc', 'back'],
        ['↑↓', 'scroll'],
        ['PgUp PgDn', 'page'],
        ['g G', 'ends'],
      ]);
    case 'cameras':
    case 'none':
      return mainFooter(ui, options);
  }
}

/** What can be done with the node whose details are open. */
function nodeHints(ui: UiState, { keys, glyphs }: FooterOptions): readonly (readonly [key: string, what: string])[] {
  if (keys.node === undefined || ui.views[ui.pane].marks !== undefined) return [];
  return keymapOf(keys)
    .bindings.filter(
      ({ action, footer, keys: [key], disabledReason }) =>
        NODE_ACTIONS.has(action) && footer !== undefined && key !== undefined && disabledReason?.(keys) === undefined,
    )
    .map(({ keys: [key = ''], footer = '' }) => [keyName(key, glyphs), footer] as const);
}

function mainFooter(ui: UiState, options: FooterOptions): Line {
  const { notice } = ui;
  if (notice !== undefined) {
    const sign = { good: options.glyphs.good, bad: options.glyphs.bad, info: options.glyphs.pointer }[notice.kind];
    return [{ text: fit(` ${sign} ${sanitize(notice.text)}`, options.width), style: notice.kind }];
  }
  const busy = busyWords(ui, options.nowMs);
  if (busy !== '') return [{ text: fit(` ${options.glyphs.busy} ${busy} …`, options.width), style: 'info' }];
  // A key that cannot work now is left out; pressed all the same, it says why.
  const shown = keymapOf(options.keys).bindings.filter(
    (binding) => binding.footer && binding.keys.length > 0 && binding.disabledReason?.(options.keys) === undefined,
  );
  const pairsOf = (bindings: readonly Binding[]): readonly (readonly [key: string, what: string])[] => [
    ...escapeHint(ui, options.keys),
    ...bindings.map((binding) => [keyName(binding.keys[0] ?? '', options.glyphs), binding.footer ?? ''] as const),
  ];
  // The way to the list of all keys, and the way out, must not be what has no room.
  const isKept = ({ action }: Binding): boolean => action === 'help' || action === 'quit';
  const spare = [
    ...shown.filter((one) => !one.isFooterSpare && !isKept(one)),
    ...shown.filter((one) => one.isFooterSpare),
  ];
  let kept: readonly Binding[] = shown;
  while (spare.length > 0 && hintsWidth(pairsOf(kept)) > options.width) {
    const dropped = spare.pop();
    kept = kept.filter((one) => one !== dropped);
  }
  return withCost(hints(options, pairsOf(kept)), options);
}

/** Where the keys leave room for it. */
function withCost(line: Line, { cost, width }: FooterOptions): Line {
  if (cost === undefined) return line;
  const words = ` ${costWords(cost)} `;
  const keys = line.slice(0, -1);
  const room = width - keys.reduce((sum, { text }) => sum + textWidth(text), 0) - textWidth(words);
  // Blank before it: a click on it is none on the last key.
  return room < 1 ? line : [...keys, { text: ' '.repeat(room) }, { text: words, style: 'dim' }];
}

function keyName(key: string, glyphs: Glyphs): string {
  return key === 'enter' ? glyphs.enter : keyLabel(key);
}

function escapeHint(
  ui: UiState,
  { markCount = 0, hasFilter }: KeyContext,
): readonly (readonly [key: string, what: string])[] {
  if (markCount > 0) return [['Esc', `unchoose ${markCount}`]];
  if (ui.trail.length > 0) return [['Esc', 'back']];
  return hasFilter ? [['Esc', 'clear filter']] : [];
}

/** More commands than this are told in numbers. */
const NAMED_COMMANDS = 3;

function busyWords(ui: UiState, nowMs: number): string {
  if (ui.pending.size > NAMED_COMMANDS) {
    return ui.actions
      .filter((batch) => !isBatchOver(batch))
      .map((batch) => `${batch.action}: ${batchWords(batch)} (${formatAge(nowMs - batch.createdAtMs)})`)
      .join(', ');
  }
  return [...ui.pending]
    .map(([key, { action, sinceMs }]) => `${action} ${key} (${formatAge(nowMs - sinceMs)})`)
    .join(', ');
}

function logFooter(ui: UiState, logs: LogsView, options: FooterOptions): Line {
  if (logs.typing === 'search') return promptLine('/', logs.search, '  Enter find  Esc close ', options.width);
  if (logs.typing === 'filter') return promptLine('&', logs.filter, '  Enter keep  Esc clear ', options.width);
  if (ui.notice !== undefined) return mainFooter(ui, options);
  return hints(options, [
    ['Esc', logs.filter !== '' || logs.search !== '' ? 'clear' : 'back'],
    ['/', 'search'],
    ...(logs.search === '' ? [] : [['n N', 'next, previous'] as const]),
    ['&', 'filter'],
    ['w', logs.isWrapped ? 'cut' : 'wrap'],
    ['↑↓', 'scroll'],
    ...(logs.isWrapped ? [] : [['←→', 'sideways'] as const]),
    ['G', 'follow'],
  ]);
}

function hintsWidth(pairs: readonly (readonly [key: string, what: string])[]): number {
  return pairs.reduce((sum, [key, what]) => sum + textWidth(key) + textWidth(what) + 3, 0);
}

/** Keys with what they do, as many as fit. */
function hints({ width, glyphs }: FooterOptions, pairs: readonly (readonly [key: string, what: string])[]): Line {
  const line: Span[] = [];
  let used = 0;
  for (const [key, what] of pairs) {
    const shown = glyphs.enter === '⏎' ? key : key.replace('←→', 'Left/Right').replace('↑↓', 'Up/Down');
    const needed = textWidth(shown) + textWidth(what) + 3;
    if (used + needed > width) break;
    line.push({ text: ` ${shown}`, style: 'key' }, { text: ` ${what} `, style: 'dim' });
    used += needed;
  }
  return [...line, { text: ' '.repeat(Math.max(0, width - used)) }];
}
