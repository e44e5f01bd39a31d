/** tmux, asked by its own command, and the envelope in which it passes things to the terminal around it. */
import { execFile } from 'node:child_process';
import type { TmuxFacts } from './terminal-pictures.ts';

/** tmux(1) "FORMATS"; options stand among them under their own names. */
const FORMAT = [
  'allow-passthrough',
  'client_termtype',
  'client_cell_width',
  'client_cell_height',
  'pane_left',
  'pane_top',
  'window_offset_x',
  'window_offset_y',
  'status',
  'status-position',
]
  .map((name) => `#{${name}}`)
  .join('\t');

const LIMIT_MS = 1_000;

/** Undefined outside tmux, and where it does not answer within a second. */
export function askTmux(env: Readonly<Record<string, string | undefined>>): Promise<TmuxFacts | undefined> {
  if (env.TMUX === undefined || env.TMUX === '') return Promise.resolve(undefined);
  const target = env.TMUX_PANE === undefined ? [] : ['-t', env.TMUX_PANE];
  return new Promise((resolve) => {
    execFile('tmux', ['display-message', '-p', ...target, FORMAT], { timeout: LIMIT_MS }, (error, stdout) => {
      resolve(error === null ? parseTmuxFacts(stdout) : SILENT_TMUX);
    });
  });
}

/** Inside tmux nothing may be sent that only the terminal around it would understand. */
const SILENT_TMUX: TmuxFacts = { isPassthroughAllowed: false, outerTerminal: '', left: 0, top: 0 };

export function parseTmuxFacts(line: string): TmuxFacts {
  const words = line.replace(/\n$/, '').split('\t');
  const number = (index: number): number => Number.parseInt(words[index] ?? '', 10) || 0;
  const [allow = '', outerTerminal = ''] = words;
  const status = words[8] ?? '';
  const statusRows = status === 'off' ? 0 : Number.parseInt(status, 10) || 1;
  return {
    isPassthroughAllowed: /^(on|all|1)$/.test(allow),
    outerTerminal,
    cell: number(2) > 0 && number(3) > 0 ? { widthPx: number(2), heightPx: number(3) } : undefined,
    left: number(4) - number(6),
    top: number(5) - number(7) + (words[9] === 'top' ? statusRows : 0),
  };
}

const ESC = 0x1b;
const OPEN = Buffer.from('\x1bPtmux;');
const CLOSE = Buffer.from('\x1b\\');

/** What tmux hands on unread where `allow-passthrough` is on: each ESC inside is doubled. */
export function wrapForTmux(bytes: Uint8Array): Uint8Array {
  let escapes = 0;
  for (const byte of bytes) if (byte === ESC) escapes += 1;
  const wrapped = new Uint8Array(OPEN.length + bytes.length + escapes + CLOSE.length);
  wrapped.set(OPEN);
  let at = OPEN.length;
  let from = 0;
  for (;;) {
    const next = bytes.indexOf(ESC, from);
    const end = next < 0 ? bytes.length : next + 1;
    wrapped.set(bytes.subarray(from, end), at);
    at += end - from;
    if (next < 0) break;
    wrapped[at] = ESC;
    at += 1;
    from = end;
  }
  wrapped.set(CLOSE, at);
  return wrapped;
}
