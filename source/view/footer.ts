/** The last line: the keys that fit what is selected, or what just happened. Made from the key map. */
import { formatAge } from './format.ts';
import { type Binding, type KeyContext, keyLabel, keymapOf } from './keymap.ts';
import { cut, fit, sanitize, textWidth } from './text.ts';
import type { Glyphs, Line, Span } from './theme.ts';
import type { UiState } from './ui-state.ts';

export interface FooterOptions {
  readonly nowMs: number;
  readonly width: number;
  readonly keys: KeyContext;
  readonly glyphs: Glyphs;
}

export function footerLine(ui: UiState, options: FooterOptions): Line {
  const { overlay } = ui;
  switch (overlay.kind) {
    case 'filter':
      return filterPrompt(ui, options);
    case 'dialog':
      return hints(options, [
        ['Enter', 'choose'],
        ['←→', 'move'],
        ['y', 'yes'],
        ['Esc', 'cancel'],
      ]);
    case 'details':
    case 'logs':
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

function mainFooter(ui: UiState, options: FooterOptions): Line {
  const { notice } = ui;
  if (notice !== undefined) {
    const sign = { good: options.glyphs.good, bad: options.glyphs.bad, info: options.glyphs.pointer }[notice.kind];
    return [{ text: fit(` ${sign} ${sanitize(notice.text)}`, options.width), style: notice.kind }];
  }
  const busy = [...ui.pending].map(
    ([key, { action, sinceMs }]) => `${action} ${key} (${formatAge(options.nowMs - sinceMs)})`,
  );
  if (busy.length > 0) {
    return [{ text: fit(` ${options.glyphs.busy} ${busy.join(', ')} …`, options.width), style: 'info' }];
  }
  // A key that cannot work now is left out; pressed all the same, it says why.
  const shown = keymapOf(options.keys).bindings.filter(
    (binding) => binding.footer && binding.keys.length > 0 && binding.disabledReason?.(options.keys) === undefined,
  );
  const pairsOf = (bindings: readonly Binding[]): readonly (readonly [key: string, what: string])[] => [
    ...(options.keys.hasFilter ? [['Esc', 'clear filter'] as const] : []),
    ...bindings.map((binding) => [keyName(binding.keys[0] ?? '', options.glyphs), binding.footer ?? ''] as const),
  ];
  // The way to the list of all keys, and the way out, must not be what has no room.
  const spare = shown.filter((one) => one.isFooterSpare);
  let kept: readonly Binding[] = shown;
  while (spare.length > 0 && hintsWidth(pairsOf(kept)) > options.width) {
    const dropped = spare.pop();
    kept = kept.filter((one) => one !== dropped);
  }
  return hints(options, pairsOf(kept));
}

function keyName(key: string, glyphs: Glyphs): string {
  return key === 'enter' ? glyphs.enter : keyLabel(key);
}

function filterPrompt(ui: UiState, { width }: FooterOptions): Line {
  const text = sanitize(ui.views[ui.pane].filter);
  const hint = '  Enter keep  Esc clear ';
  const room = width - 3 - textWidth(hint);
  const tail = textWidth(text) < room ? text : [...text].slice(-Math.max(1, room - 1)).join('');
  const shown = cut(tail, room - 1, '');
  return [
    { text: ' /', style: 'key' },
    { text: shown, style: 'strong' },
    { text: ' ', style: 'choice' },
    { text: ' '.repeat(Math.max(0, room - textWidth(shown))) },
    { text: hint, style: 'dim' },
  ];
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
