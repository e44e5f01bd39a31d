/** What things look like: style names to SGR, and the signs used beside every colour. */
import { sanitize } from './text.ts';
import type { ThemeChoice } from './theme-choice.ts';

/** What a piece of text means; the theme decides how it looks. */
export type StyleName =
  | 'plain'
  | 'strong'
  | 'dim'
  | 'brand'
  | 'heading'
  | 'border'
  | 'border-active'
  | 'title'
  | 'title-active'
  | 'good'
  | 'warn'
  | 'bad'
  | 'info'
  | 'key'
  | 'choice'
  | 'choice-danger';

/** A piece of one line. `text` may be untrusted: it is sanitized when painted. */
export interface Span {
  readonly text: string;
  readonly style?: StyleName;
}

/** One line of the screen. */
export type Line = readonly Span[];

export interface Glyphs {
  readonly good: string;
  readonly bad: string;
  readonly warn: string;
  readonly alert: string;
  /** Another than the others. */
  readonly differs: string;
  readonly none: string;
  readonly pointer: string;
  /** Beside a row that is chosen with others. */
  readonly mark: string;
  readonly ellipsis: string;
  readonly ascending: string;
  readonly descending: string;
  readonly busy: string;
  readonly enter: string;
  readonly bar: readonly string[];
  /** Bars of a history: nothing, then from low to high. */
  readonly spark: readonly string[];
  /** Lines of a tree: an item that has others below it, the last one, and beside the items of such a branch. */
  readonly branches: readonly [item: string, last: string, beside: string];
  readonly separator: string;
  readonly corners: readonly [topLeft: string, topRight: string, bottomLeft: string, bottomRight: string];
  readonly horizontal: string;
  readonly vertical: string;
}

export type ColorDepth = 'none' | '16' | '256';

export interface Theme {
  readonly depth: ColorDepth;
  readonly glyphs: Glyphs;
  /** The line as text with SGR codes; `selected` puts the whole of it on a bar. */
  paint(line: Line, selected?: boolean): string;
}

const UNICODE: Glyphs = {
  good: '●',
  bad: '✗',
  warn: '▲',
  alert: '▲',
  differs: '≠',
  none: '-',
  pointer: '▸',
  mark: '+',
  ellipsis: '…',
  ascending: '▲',
  descending: '▼',
  busy: '◌',
  enter: '⏎',
  bar: [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'],
  spark: ['_', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'],
  branches: ['├ ', '└ ', '│ '],
  separator: '·',
  corners: ['╭', '╮', '╰', '╯'],
  horizontal: '─',
  vertical: '│',
};

const ASCII: Glyphs = {
  good: 'o',
  bad: 'x',
  warn: '!',
  alert: '!',
  differs: '!=',
  none: '-',
  pointer: '>',
  mark: '+',
  ellipsis: '~',
  ascending: '^',
  descending: 'v',
  busy: '~',
  enter: 'Enter',
  bar: [' ', ' ', ' ', '-', '-', '=', '=', '#', '#'],
  spark: ['_', '.', ':', '-', '=', '+', '*', '%', '#'],
  branches: ['|-', '`-', '| '],
  separator: '|',
  corners: ['+', '+', '+', '+'],
  horizontal: '-',
  vertical: '|',
};

type Codes = readonly [open: string, close: string];

const BOLD: Codes = ['\x1b[1m', '\x1b[22m'];
const FAINT: Codes = ['\x1b[2m', '\x1b[22m'];
const REVERSE: Codes = ['\x1b[7m', '\x1b[27m'];
const NONE: Codes = ['', ''];

function both(outer: Codes, inner: Codes): Codes {
  return [outer[0] + inner[0], inner[1] + outer[1]];
}

function color(code: string): Codes {
  return [`\x1b[${code}m`, '\x1b[39m'];
}

const STYLES: Readonly<Record<ColorDepth, Readonly<Record<StyleName, Codes>>>> = {
  none: {
    plain: NONE,
    strong: BOLD,
    dim: NONE,
    brand: BOLD,
    heading: NONE,
    border: NONE,
    'border-active': BOLD,
    title: NONE,
    'title-active': BOLD,
    good: NONE,
    warn: BOLD,
    bad: BOLD,
    info: NONE,
    key: BOLD,
    choice: REVERSE,
    'choice-danger': REVERSE,
  },
  '16': {
    plain: NONE,
    strong: BOLD,
    dim: FAINT,
    brand: both(BOLD, color('36')),
    heading: FAINT,
    border: FAINT,
    'border-active': color('36'),
    title: NONE,
    'title-active': both(BOLD, color('36')),
    good: color('32'),
    warn: both(BOLD, color('33')),
    bad: both(BOLD, color('31')),
    info: color('36'),
    key: both(BOLD, color('36')),
    choice: REVERSE,
    'choice-danger': both(REVERSE, color('31')),
  },
  // The middle of the palette, readable on dark and on light grounds; green stays quiet, yellow and red do not.
  '256': {
    plain: NONE,
    strong: BOLD,
    dim: color('38;5;245'),
    brand: both(BOLD, color('38;5;37')),
    heading: color('38;5;245'),
    border: color('38;5;241'),
    'border-active': color('38;5;37'),
    title: color('38;5;249'),
    'title-active': both(BOLD, color('38;5;37')),
    good: color('38;5;71'),
    warn: both(BOLD, color('38;5;178')),
    bad: both(BOLD, color('38;5;203')),
    info: color('38;5;37'),
    key: both(BOLD, color('38;5;37')),
    choice: both(BOLD, REVERSE),
    'choice-danger': both(both(BOLD, REVERSE), color('38;5;203')),
  },
};

/** What lies behind the text. */
export type Ground = 'dark' | 'light';

/** More contrast than the middle of the palette has, where it is known what lies behind. */
const GROUNDS: Readonly<Record<Ground, Partial<Readonly<Record<StyleName, Codes>>>>> = {
  dark: {
    dim: color('38;5;248'),
    brand: both(BOLD, color('38;5;44')),
    heading: color('38;5;248'),
    border: color('38;5;240'),
    'border-active': color('38;5;44'),
    title: color('38;5;252'),
    'title-active': both(BOLD, color('38;5;44')),
    good: color('38;5;72'),
    warn: both(BOLD, color('38;5;221')),
    bad: both(BOLD, color('38;5;210')),
    info: color('38;5;44'),
    key: both(BOLD, color('38;5;44')),
  },
  light: {
    dim: color('38;5;240'),
    brand: both(BOLD, color('38;5;24')),
    heading: color('38;5;240'),
    border: color('38;5;249'),
    'border-active': color('38;5;24'),
    title: color('38;5;237'),
    'title-active': both(BOLD, color('38;5;24')),
    good: color('38;5;22'),
    warn: both(BOLD, color('38;5;94')),
    bad: both(BOLD, color('38;5;124')),
    info: color('38;5;24'),
    key: both(BOLD, color('38;5;24')),
    'choice-danger': both(both(BOLD, REVERSE), color('38;5;124')),
  },
};

// The bar under the selected row: light text on dark grey holds on both kinds of ground; otherwise reverse video.
const SELECTED: Readonly<Record<ColorDepth, Codes>> = {
  none: REVERSE,
  '16': REVERSE,
  '256': ['\x1b[48;5;238m', '\x1b[49m'],
};
const ON_BAR: Codes = color('38;5;255');
const LIGHT_BAR: Codes = ['\x1b[48;5;253m', '\x1b[49m'];
const ON_LIGHT_BAR: Codes = color('38;5;233');

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The theme for a terminal, from its environment: `NO_COLOR` (https://no-color.org), `TERM`, `COLORTERM`, and the locale for
 * the signs. A choice beats them. `ground` is what the terminal answered, where it did.
 */
export function resolveTheme(env: Environment, choice: ThemeChoice = 'auto', ground?: Ground): Theme {
  const glyphs = isUtf8(env) ? UNICODE : ASCII;
  switch (choice) {
    case 'auto':
      return createTheme(resolveDepth(env), glyphs, ground ?? groundHint(env));
    case 'dark':
    case 'light':
      return createTheme('256', glyphs, choice);
    case '16':
    case 'none':
      return createTheme(choice, glyphs);
  }
}

/** Whether the terminal's ground makes a difference, and may be asked for. GNU screen takes the question for a colour. */
export function isGroundWanted(env: Environment, choice: ThemeChoice): boolean {
  const { STY, TMUX, TERM = '' } = env;
  const isScreen = (STY ?? '') !== '' || (TERM.startsWith('screen') && (TMUX ?? '') === '');
  return choice === 'auto' && resolveDepth(env) === '256' && !isScreen;
}

/** What rxvt and Konsole say in the environment: `15;0`, the ground last. */
function groundHint({ COLORFGBG = '' }: Environment): Ground | undefined {
  const last = /;(\d+)$/.exec(COLORFGBG)?.[1];
  if (last === undefined) return undefined;
  return last === '7' || last === '15' ? 'light' : 'dark';
}

function resolveDepth(env: Environment): ColorDepth {
  const term = env.TERM ?? '';
  if ((env.NO_COLOR ?? '') !== '' || term === 'dumb' || term === '') return 'none';
  if (/256|direct|kitty|ghostty|alacritty|foot|wezterm/.test(term)) return '256';
  return (env.COLORTERM ?? '') === '' ? '16' : '256';
}

/** Whether the locale says UTF-8. A terminal without any locale is taken to be modern: nearly all are. */
function isUtf8(env: Environment): boolean {
  if (env.TERM === 'linux') return false;
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG;
  return locale === undefined || locale === '' || /utf-?8/i.test(locale);
}

/** `ground` counts with 256 colours only: which tones the 16 have is the terminal's affair. */
export function createTheme(depth: ColorDepth, glyphs: Glyphs = UNICODE, ground?: Ground): Theme {
  const isGround = depth === '256' && ground !== undefined;
  const styles = isGround ? { ...STYLES['256'], ...GROUNDS[ground] } : STYLES[depth];
  const isLight = isGround && ground === 'light';
  const bar = isLight ? LIGHT_BAR : SELECTED[depth];
  const onBar = isLight ? ON_LIGHT_BAR : ON_BAR;
  return {
    depth,
    glyphs,
    paint(line, selected = false) {
      let out = '';
      for (const span of line) {
        const clean = sanitize(span.text);
        const text = glyphs === ASCII ? toAscii(clean) : clean;
        if (text === '') continue;
        const style = span.style ?? 'plain';
        const codes =
          selected && depth === '256' && (style === 'plain' || style === 'dim') ? onBar : (styles[style] ?? NONE);
        out += codes[0] + text + codes[1];
      }
      return selected ? bar[0] + out + bar[1] : out;
    },
  };
}

/** Our own sentences have a few signs of their own; names from elsewhere stay as they are, but for those. */
function toAscii(text: string): string {
  return text.replaceAll(/[…’↑↓←→·⏎]/g, (sign) => ASCII_SIGNS[sign] ?? '?');
}

/** Each as wide as what it stands for: lines are fitted before. */
const ASCII_SIGNS: Readonly<Record<string, string>> = {
  '…': ASCII.ellipsis,
  '’': "'",
  '↑': '^',
  '↓': 'v',
  '←': '<',
  '→': '>',
  '·': '.',
  '⏎': '>',
};

export const PLAIN_THEME: Theme = createTheme('none', UNICODE);
