/** Which pictures a terminal can show, from what it answered and what its environment hints at. Pure. */
import type { ColourDepth, ImageProtocol } from './picture-encoder.ts';
import type { TerminalAnswer } from './terminal-answers.ts';

/** `--images`: one of these whatever the terminal says, or as it says. */
export type ImagesChoice = ImageProtocol | 'off' | 'auto';

export const IMAGES_CHOICES: readonly ImagesChoice[] = ['auto', 'sixel', 'kitty', 'iterm', 'blocks', 'off'];

export interface TerminalFacts {
  readonly images: ImagesChoice;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly size: { readonly columns: number; readonly rows: number };
  readonly answers: readonly TerminalAnswer[];
  /** Inside tmux: what it says. */
  readonly tmux?: TmuxFacts;
  /** Size in pixels that the kernel knows (TIOCGWINSZ), where the terminal kept silent. */
  readonly windowPx?: PixelSize;
}

export interface PixelSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface TmuxFacts {
  readonly isPassthroughAllowed: boolean;
  /** What the terminal around tmux calls itself, `XTerm(379)`; empty where tmux does not know. Untrusted text. */
  readonly outerTerminal: string;
  /** A cell of the terminal around, where tmux knows. */
  readonly cell?: PixelSize;
  /** Cells from the top left of the terminal around to the top left of this pane. */
  readonly left: number;
  readonly top: number;
}

export interface TerminalPictures {
  readonly protocol: ImageProtocol | 'off';
  /** For people: why this one. */
  readonly reason: string;
  readonly cell: PixelSize;
  /** False: nobody told, and `cell` is small enough for pictures to stay inside their boxes. */
  readonly isCellKnown: boolean;
  readonly colourDepth: ColourDepth;
  /** Sixel: largest palette. */
  readonly colours: number;
  /** Pictures go through tmux to the terminal around it, at absolute places from this corner. */
  readonly passthrough?: { readonly left: number; readonly top: number };
  readonly maxPictures: number;
  readonly maxPictureBytes: number;
}

/** Smaller than any cell people read: a picture for it never leaves its box. */
const ASSUMED_CELL: PixelSize = { widthPx: 6, heightPx: 12 };

/** tmux drops a sequence that does not fit its buffer of 1 MiB (INPUT_BUF_DEFAULT_SIZE in its input.c). */
const TMUX_MAX_BYTES = 1024 * 1024 - 4_096;
const TMUX_MAX_PICTURES = 9;

export function choosePictures(facts: TerminalFacts): TerminalPictures {
  const { answers, env, tmux } = facts;
  const { protocol, reason, isPassthrough = false } = chooseProtocol(facts);
  const cell = knownCell(facts);
  const isBounded = tmux !== undefined && protocol !== 'blocks';
  const registers = find(answers, 'colours')?.count ?? 0;
  return {
    protocol,
    reason,
    cell: cell ?? ASSUMED_CELL,
    isCellKnown: cell !== undefined,
    colourDepth: colourDepthOf(env),
    colours: registers >= 2 ? Math.min(256, registers) : 256,
    passthrough: isPassthrough && tmux !== undefined ? { left: tmux.left, top: tmux.top } : undefined,
    maxPictures: isBounded ? TMUX_MAX_PICTURES : Number.POSITIVE_INFINITY,
    maxPictureBytes: isBounded ? TMUX_MAX_BYTES : Number.POSITIVE_INFINITY,
  };
}

interface Choice {
  readonly protocol: ImageProtocol | 'off';
  readonly reason: string;
  readonly isPassthrough?: boolean;
}

function chooseProtocol(facts: TerminalFacts): Choice {
  const { images, env, answers, tmux } = facts;
  const hasSixel = find(answers, 'attributes')?.attributes.slice(1).includes(4) ?? false;
  if (images !== 'auto') {
    const isPassthrough =
      tmux?.isPassthroughAllowed === true && images !== 'blocks' && !(images === 'sixel' && hasSixel);
    return { protocol: images, reason: '--images', isPassthrough };
  }
  if (isSet(env.NO_COLOR)) return { protocol: 'off', reason: 'NO_COLOR is set' };
  if (env.TERM === 'dumb' || !isSet(env.TERM)) return { protocol: 'off', reason: 'TERM names no terminal that can' };
  const blocks: Choice = isUtf8(env)
    ? { protocol: 'blocks', reason: 'the terminal shows no pictures' }
    : { protocol: 'off', reason: 'the locale is not UTF-8' };
  // GNU screen takes pictures for text, and does not say what is around it.
  if (isSet(env.STY) || (/^screen/.test(env.TERM ?? '') && tmux === undefined)) {
    return { ...blocks, reason: `${blocks.reason} through GNU screen` };
  }
  if (tmux !== undefined) return chooseInTmux(tmux, hasSixel, blocks);
  if (hasSixel) return { protocol: 'sixel', reason: 'the terminal says so' };
  if (find(answers, 'kitty')?.isOk === true) return { protocol: 'kitty', reason: 'the terminal says so' };
  const named = protocolOfTerminal(find(answers, 'version')?.text ?? '') ?? hinted(env, answers);
  return named === undefined ? blocks : { protocol: named, reason: 'by the terminal’s name' };
}

function chooseInTmux(tmux: TmuxFacts, hasSixel: boolean, blocks: Choice): Choice {
  if (hasSixel) return { protocol: 'sixel', reason: 'tmux says so' };
  if (!tmux.isPassthroughAllowed) return { ...blocks, reason: 'tmux shows no pictures and passes none through' };
  const outer = protocolOfTerminal(tmux.outerTerminal);
  if (outer === undefined) return { ...blocks, reason: 'what is around tmux is not known to show pictures' };
  return { protocol: outer, reason: 'through tmux', isPassthrough: true };
}

/** By the name of XTVERSION. An xterm has sixel or not; only its own answer tells. */
function protocolOfTerminal(name: string): ImageProtocol | undefined {
  if (/^(kitty|ghostty)\b/i.test(name)) return 'kitty';
  if (/^(foot|contour|mlterm|WezTerm|Konsole|mintty|BlackBox|Windows Terminal)\b/i.test(name)) return 'sixel';
  if (/^iTerm2\b/i.test(name)) return 'iterm';
  return undefined;
}

/** Where the terminal answered nothing at all, its environment may speak for it. */
function hinted(env: TerminalFacts['env'], answers: readonly TerminalAnswer[]): ImageProtocol | undefined {
  if (answers.length > 0) return undefined;
  if (env.TERM === 'xterm-kitty' || env.TERM === 'xterm-ghostty') return 'kitty';
  if (/^(foot|mlterm|contour)/.test(env.TERM ?? '')) return 'sixel';
  if (env.TERM_PROGRAM === 'iTerm.app' || env.LC_TERMINAL === 'iTerm2') return 'iterm';
  return undefined;
}

function knownCell({ answers, size, tmux, windowPx }: TerminalFacts): PixelSize | undefined {
  const cell = find(answers, 'cell');
  if (isCell(cell)) return { widthPx: cell.widthPx, heightPx: cell.heightPx };
  if (isCell(tmux?.cell)) return tmux.cell;
  for (const window of [find(answers, 'window'), windowPx]) {
    if (window === undefined) continue;
    const divided = {
      widthPx: Math.floor(window.widthPx / size.columns),
      heightPx: Math.floor(window.heightPx / size.rows),
    };
    if (isCell(divided)) return divided;
  }
  return undefined;
}

function isCell(size: PixelSize | undefined): size is PixelSize {
  if (size === undefined) return false;
  return size.widthPx >= 2 && size.heightPx >= 4 && size.widthPx <= 256 && size.heightPx <= 512;
}

/** The newest answer of a kind: a terminal is asked again after its font has changed. */
function find<Kind extends TerminalAnswer['kind']>(
  answers: readonly TerminalAnswer[],
  kind: Kind,
): Extract<TerminalAnswer, { readonly kind: Kind }> | undefined {
  return answers.findLast((answer) => answer.kind === kind) as
    | Extract<TerminalAnswer, { readonly kind: Kind }>
    | undefined;
}

function colourDepthOf(env: TerminalFacts['env']): ColourDepth {
  const term = env.TERM ?? '';
  if (isSet(env.NO_COLOR) || term === 'dumb' || term === '') return 'none';
  if (/^(truecolor|24bit)$/.test(env.COLORTERM ?? '') || /direct|kitty|ghostty|alacritty|foot|wezterm/.test(term)) {
    return 'true-colour';
  }
  return /256/.test(term) ? '256' : '16';
}

function isUtf8(env: TerminalFacts['env']): boolean {
  if (env.TERM === 'linux') return false;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  return !isSet(locale) || /utf-?8/i.test(locale ?? '');
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
