/** What lies on top of the panes, as lines: the question before a stop, the log, the list of keys. */
import type { FramedLine } from './frame.ts';
import { drawFrame, innerWidth } from './frame.ts';
import { type KeyGroup, type Keymap, keyLabel } from './keymap.ts';
import type { Rect, Size } from './layout.ts';
import { cut, fit, sanitize, wrap } from './text.ts';
import type { Span, Theme } from './theme.ts';
import type { Dialog, LogsView } from './ui-state.ts';

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
  const question = wrap(dialog.title, inner - 4);
  const body: FramedLine[] = [
    { line: [] },
    ...question.map((line) => ({ line: [{ text: `  ${line}`, style: 'strong' as const }] })),
    { line: [] },
    ...text.map((line) => ({ line: [{ text: `  ${line}` }] })),
    { line: [] },
    { line: buttons },
    { line: [] },
  ];
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

export function drawLogs(logs: LogsView, rect: Rect, theme: Theme): readonly string[] {
  const inner = innerWidth(rect.width);
  const height = rect.height - 2;
  const lastTop = Math.max(0, logs.lines.length - height);
  const top = logs.top === 'end' ? lastTop : Math.min(logs.top, lastTop);
  const where = `${sanitize(logs.node)} on ${sanitize(logs.machine)}`;
  const body: FramedLine[] =
    logs.phase === 'ready' && logs.lines.length > 0
      ? logs.lines.slice(top, top + height).map((line) => ({ line: [{ text: ` ${fit(line, inner - 2)} ` }] }))
      : [
          { line: [] },
          ...wrap(logsSentence(logs), inner - 4).map((line) => ({
            line: [{ text: `  ${line}`, style: logs.phase === 'failed' ? ('bad' as const) : ('info' as const) }],
          })),
        ];
  const shown = `${Math.min(logs.lines.length, top + 1)}-${Math.min(logs.lines.length, top + height)} of ${logs.lines.length}`;
  return drawFrame(theme.paint, body, {
    rect,
    title: [{ text: ` Logs of ${cut(where, Math.max(8, inner - 24))} `, style: 'title-active' }],
    aside:
      logs.phase === 'ready' ? [{ text: logs.top === 'end' ? ' following ' : ' held: G follows ', style: 'dim' }] : [],
    remark: logs.lines.length > 0 ? shown : '',
    isActive: true,
    glyphs: theme.glyphs,
  });
}

function logsSentence(logs: LogsView): string {
  if (logs.phase === 'loading') return `Asking ${logs.machine} for the log of ${logs.node} …`;
  if (logs.phase === 'failed') return logs.message;
  return 'The log is empty: the node has written nothing yet.';
}

const GROUPS: readonly KeyGroup[] = ['Look', 'Act', 'Move', 'Leave'];

const FILTER_HELP: readonly (readonly [example: string, what: string])[] = [
  ['camera', 'any column contains it'],
  ['!camera', 'no column does'],
  ['status=failed', 'that column is it; != for is not'],
  ['machine:jetson', 'that column contains it'],
  ['/^front|door$/', 'a regular expression'],
];

/** The lines of the help, before scrolling. */
export function helpLines(width: number, keymap: Keymap): readonly FramedLine[] {
  const lines: FramedLine[] = [];
  const entry = (key: string, what: string): FramedLine => ({
    line: [{ text: `   ${fit(key, 16)}`, style: 'key' }, { text: cut(what, Math.max(10, width - 21)) }],
  });
  for (const group of GROUPS) {
    lines.push({ line: [{ text: ` ${group}`, style: 'title' }] });
    for (const binding of keymap.bindings) {
      if (binding.group === group && binding.keys.length > 0)
        lines.push(entry(binding.keys.map(keyLabel).join(' '), binding.help));
    }
  }
  lines.push({ line: [{ text: ' Filter, words joined by "and"', style: 'title' }] });
  for (const [example, what] of FILTER_HELP) lines.push(entry(example, what));
  return lines;
}

export function drawHelp(top: number, rect: Rect, theme: Theme, keymap: Keymap): readonly string[] {
  const lines = helpLines(innerWidth(rect.width), keymap);
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
