/** What each style is in SGR codes, by what the terminal can show and what lies behind the text. */
import type { ColorDepth, Ground, StyleName } from './theme.ts';

/** Goes before a text, and after it. */
export type Codes = readonly [open: string, close: string];

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

// The bar under the selected row: light text on dark grey holds on both kinds of ground; without 256 colours it is reverse video.
const BAR: Codes = ['\x1b[48;5;238m', '\x1b[49m'];
const ON_BAR: Codes = color('38;5;255');
const LIGHT_BAR: Codes = ['\x1b[48;5;253m', '\x1b[49m'];
const ON_LIGHT_BAR: Codes = color('38;5;233');

export interface StyleCodes {
  readonly styles: Readonly<Record<StyleName, Codes>>;
  /** Under the whole of a selected line. */
  readonly bar: Codes;
  /** Text on that bar which has no colour to keep; absent: as elsewhere. */
  readonly onBar?: Codes;
}

/** `ground` counts with 256 colours only: which tones the 16 have is the terminal's affair. */
export function codesFor(depth: ColorDepth, ground: Ground | undefined): StyleCodes {
  if (depth !== '256') return { styles: STYLES[depth], bar: REVERSE };
  const styles = ground === undefined ? STYLES['256'] : { ...STYLES['256'], ...GROUNDS[ground] };
  return ground === 'light' ? { styles, bar: LIGHT_BAR, onBar: ON_LIGHT_BAR } : { styles, bar: BAR, onBar: ON_BAR };
}
