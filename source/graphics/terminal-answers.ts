/**
 * What a terminal says of itself when asked, told apart from what a person types. The questions go out as one batch that
 * ends with one that every terminal answers (DA1), so that silence to the others is known by then.
 */

/**
 * XTVERSION, a kitty graphics query, size in pixels of window and cell (xterm's 14 and 16 t), number of sixel colours
 * (XTSMGRAPHICS), and DA1. https://invisible-island.net/xterm/ctlseqs/ctlseqs.html,
 * https://sw.kovidgoyal.net/kitty/graphics-protocol/#querying-support-and-available-transmission-mediums
 */
export const TERMINAL_QUESTIONS =
  '\x1b[>0q\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\\x1b[14t\x1b[16t\x1b[?1;1;0S\x1b[c';

/** The same for tmux and GNU screen, which take what kitty is asked for the title of a window. */
export const MULTIPLEXER_QUESTIONS = '\x1b[>0q\x1b[14t\x1b[16t\x1b[c';

/** Asks for the size of a cell alone: after the font has changed. */
export const CELL_QUESTION = '\x1b[16t';

/** Asks for a sign of life (DSR, answered by `ESC [ 0 n`), which comes when all before it has been taken in. */
export const SIGN_OF_LIFE_QUESTION = '\x1b[5n';

/** Asks for the colour of the ground (OSC 11); `rgb:RRRR/GGGG/BBBB` comes back. */
export const GROUND_QUESTION = '\x1b]11;?\x1b\\';

/** Buttons and the wheel are reported, as SGR (1006): the older form cannot count beyond column 223. */
export const MOUSE_ON = '\x1b[?1000h\x1b[?1006h';
export const MOUSE_OFF = '\x1b[?1006l\x1b[?1000l';

export type TerminalAnswer =
  /** Name and version in the terminal's own words, `XTerm(379)`. Untrusted text. */
  | { readonly kind: 'version'; readonly text: string }
  | { readonly kind: 'kitty'; readonly isOk: boolean }
  | { readonly kind: 'window'; readonly widthPx: number; readonly heightPx: number }
  | { readonly kind: 'cell'; readonly widthPx: number; readonly heightPx: number }
  | { readonly kind: 'colours'; readonly count: number }
  /** DA1: what the terminal can do; 4 is sixel. */
  | { readonly kind: 'attributes'; readonly attributes: readonly number[] }
  | { readonly kind: 'alive' }
  /** How bright the ground is, 0 to 1; undefined where the answer cannot be read. */
  | { readonly kind: 'ground'; readonly luminance: number | undefined }
  | MouseReport;

/** Not an answer to a question, but it comes the same way. */
export interface MouseReport {
  readonly kind: 'mouse';
  /** The button with its modifiers, as xterm counts: 0 left, 1 middle, 2 right, 64 wheel up, 65 wheel down; 4 Shift, 8 Alt, 16 Ctrl. */
  readonly button: number;
  /** The cell, from 0 at the top left. */
  readonly x: number;
  readonly y: number;
  readonly isDown: boolean;
}

const ANSWER =
  /\x1bP>\|([^\x1b\x07]*)(?:\x1b\\|\x07)|\x1b_G([^\x1b\x07]*)(?:\x1b\\|\x07)|\x1b\[([46]);(\d+);(\d+)t|\x1b\[\?([\d;]*)S|\x1b\[\?([\d;]*)c|\x1b\[[03]n|\x1b\]11;([^\x1b\x07]*)(?:\x1b\\|\x07)|\x1b\[<(\d+);(\d+);(\d+)([Mm])/g;

/** The beginning of what may become an answer, at the end of a read. */
const BEGINNING =
  /\x1b(?:\[(?:\?[\d;]*|<[\d;]{0,24}|[46](?:;[\d;]*)?|[03])?|\](?:1(?:1(?:;[^\x1b\x07]{0,64}\x1b?)?)?)?|P(?:>(?:\|[^\x1b\x07]{0,256}\x1b?)?)?|_(?:G[^\x1b\x07]{0,256}\x1b?)?)?$/;

/** Of those, what a person may also have typed: Escape, Alt-[, Alt-], Alt-P, Alt-_, or a function key cut in two. */
const MAY_BE_TYPED = /^\x1b(?:\[[0346]?|\]|P|_)?$/;

export interface Sifted {
  /** What was typed, in order. */
  readonly typed: string;
  readonly answers: readonly TerminalAnswer[];
}

/** Takes answers out of what is read from the terminal, also where a read ends in the middle of one. */
export class AnswerSieve {
  #held = '';

  /** What waits for the rest of an answer. */
  get held(): string {
    return this.#held;
  }

  /** How long the rest may take, milliseconds, before {@link release} is called for. */
  get patienceMs(): number {
    return MAY_BE_TYPED.test(this.#held) ? 30 : 1_000;
  }

  push(chunk: string): Sifted {
    const text = this.#held + chunk;
    this.#held = '';
    if (!text.includes('\x1b')) return { typed: text, answers: [] };
    const answers: TerminalAnswer[] = [];
    let typed = '';
    let from = 0;
    for (const match of text.matchAll(ANSWER)) {
      typed += text.slice(from, match.index);
      from = match.index + match[0].length;
      answers.push(toAnswer(match));
    }
    const rest = text.slice(from);
    const held = BEGINNING.exec(rest)?.[0] ?? '';
    this.#held = held;
    typed += held === '' ? rest : rest.slice(0, -held.length);
    return { typed, answers };
  }

  /** Gives up waiting: what may have been typed comes back, half an answer is dropped. */
  release(): string {
    const held = this.#held;
    this.#held = '';
    return MAY_BE_TYPED.test(held) ? held : '';
  }
}

function toAnswer(match: RegExpExecArray): TerminalAnswer {
  const [, version, kitty, size, first, second, colours, attributes, ground, button, column, row, edge] = match;
  if (version !== undefined) return { kind: 'version', text: version };
  if (kitty !== undefined) return { kind: 'kitty', isOk: kitty.endsWith(';OK') };
  // 14 t and 16 t are answered height first.
  if (size === '4') return { kind: 'window', widthPx: Number(second), heightPx: Number(first) };
  if (size === '6') return { kind: 'cell', widthPx: Number(second), heightPx: Number(first) };
  if (colours !== undefined) {
    const [item, status, count] = colours.split(';').map(Number);
    return { kind: 'colours', count: item === 1 && status === 0 ? (count ?? 0) : 0 };
  }
  if (attributes !== undefined) return { kind: 'attributes', attributes: attributes.split(';').map(Number) };
  if (ground !== undefined) return { kind: 'ground', luminance: luminanceOf(ground) };
  if (button !== undefined) {
    return { kind: 'mouse', button: Number(button), x: Number(column) - 1, y: Number(row) - 1, isDown: edge === 'M' };
  }
  return { kind: 'alive' };
}

/** Of `rgb:ffff/ffff/ffff`, with one to four hex digits for each; `rgba:` has a fourth part. */
function luminanceOf(text: string): number | undefined {
  const parts = /^rgba?:([\da-f]{1,4})\/([\da-f]{1,4})\/([\da-f]{1,4})/i.exec(text)?.slice(1);
  if (parts === undefined) return undefined;
  const [red = 0, green = 0, blue = 0] = parts.map((part) => Number.parseInt(part, 16) / (16 ** part.length - 1));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
