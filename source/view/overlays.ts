/** What lies on top of the panes, as lines: the question before a stop, the list of keys. */

import { modeWords } from './dialog.ts';
import type { FramedLine } from './frame.ts';
import { drawFrame, innerWidth } from './frame.ts';
import { type KeyGroup, type Keymap, keyLabel } from './keymap.ts';
import type { Rect, Size } from './layout.ts';
import { REPLAY_KEYS } from './replay-keys.ts';
import { fit, wrap } from './text.ts';
import type { Span, Theme } from './theme.ts';
import type { Dialog } from './ui-state.ts';

const DIALOG_WIDTH = 64;

/** The dialog, and where it stands: in the middle, a little above it. */
export function drawDialog(
  dialog: Dialog,
  size: Size,
  theme: Theme,
): { readonly rect: Rect; readonly lines: readonly string[] } {
  const width = Math.min(DIALOG_WIDTH, size.columns - 4);
  const inner = innerWidth(width);
  const text = dialog.body.flatMap((sentence) => wrap(sentence, inner - 4));
  const buttons: Span[] = [
    { text: '  ' },
    { text: '  Cancel  ', style: dialog.choice === 'cancel' ? 'choice' : 'dim' },
    { text: '  ' },
    { text: `  ${dialog.confirmLabel}  `, style: dialog.choice === 'confirm' ? 'choice-danger' : 'dim' },
  ];
  const mode: FramedLine[] =
    dialog.targets.length === 1
      ? []
      : wrap(modeWords(dialog.mode), inner - 8).map((line, index) => ({
          line: [
            { text: index === 0 ? '  m ' : '    ', style: 'key' as const },
            { text: line, style: 'info' as const },
          ],
        }));
  const question = wrap(dialog.title, inner - 4);
  const body: FramedLine[] = [
    { line: [] },
    ...question.map((line) => ({ line: [{ text: `  ${line}`, style: 'strong' as const }] })),
    { line: [] },
  ];
  const tail: FramedLine[] = [{ line: [] }, ...mode, { line: buttons }];
  // What was asked and the answers always stand there; of a long list the end gives way.
  const room = Math.max(0, size.rows - 4 - body.length - tail.length);
  const shown = text.length > room ? [...text.slice(0, Math.max(0, room - 1)), '…'] : text;
  body.push(...shown.map((line) => ({ line: [{ text: `  ${line}` }] })), ...tail);
  if (body.length + 2 < size.rows - 2) body.push({ line: [] });
  const height = Math.min(body.length + 2, size.rows - 2);
  const rect = {
    x: Math.floor((size.columns - width) / 2),
    y: Math.max(1, Math.floor((size.rows - height) / 2) - 1),
    width,
    height,
  };
  const title: Span[] = [{ text: ` ${dialog.confirmLabel} `, style: 'warn' }];
  return { rect, lines: drawFrame(theme.paint, body, { rect, title, isActive: true, glyphs: theme.glyphs }) };
}

const GROUPS: readonly KeyGroup[] = ['Look', 'Act', 'Choose', 'Move', 'In a log', 'Leave'];

const FILTER_HELP: readonly (readonly [example: string, what: string])[] = [
  ['camera', 'any column contains it; "front door" with a space'],
  ['!camera', 'no column does; ! turns every form round'],
  ['status=failed', 'that column is it; != for is not'],
  ['machine:jetson', 'that column contains it'],
  ['restarts>3', 'that column is above it; >= < <=, 1.5G for bytes'],
  ['/^front|door$/', 'a regular expression; node:/cam$/ in one column'],
];

/** Where what a key does begins. */
const HELP_INDENT = 19;

/** The lines of the help, before scrolling. */
export function helpLines(width: number, keymap: Keymap, isReplay = false): readonly FramedLine[] {
  const lines: FramedLine[] = [];
  const entry = (key: string, what: string): readonly FramedLine[] =>
    wrap(what, Math.max(10, width - HELP_INDENT - 1)).map((text, index) => ({
      line: [{ text: fit(index === 0 ? `   ${key}` : '', HELP_INDENT), style: 'key' }, { text }],
    }));
  const replay = [
    { line: [{ text: ' In a recording (--replay)', style: 'title' as const }] },
    ...REPLAY_KEYS.flatMap(({ keys, help }) => entry(keys.map(keyLabel).join(' '), help)),
  ];
  // Where one is shown its keys are what is looked for.
  if (isReplay) lines.push(...replay);
  for (const group of GROUPS) {
    lines.push({ line: [{ text: ` ${group}`, style: 'title' }] });
    for (const binding of keymap.bindings) {
      if (binding.group === group && binding.keys.length > 0)
        lines.push(...entry(binding.keys.map(keyLabel).join(' '), binding.help));
    }
  }
  lines.push({ line: [{ text: ' Filter, words joined by "and"', style: 'title' }] });
  for (const [example, what] of FILTER_HELP) lines.push(...entry(example, what));
  if (!isReplay) lines.push(...replay);
  return lines;
}

export function drawHelp(top: number, rect: Rect, theme: Theme, keymap: Keymap, isReplay = false): readonly string[] {
  const lines = helpLines(innerWidth(rect.width), keymap, isReplay);
  const height = rect.height - 2;
  const first = Math.min(top, Math.max(0, lines.length - height));
  return drawFrame(theme.paint, lines.slice(first, first + height), {
    rect,
    title: [{ text: ' Keys ', style: 'title-active' }],
    remark: lines.length > height ? `${first + 1}-${Math.min(lines.length, first + height)} of ${lines.length}` : '',
    isActive: true,
    glyphs: theme.glyphs,
  });
}
