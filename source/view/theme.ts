/** What things look like: names of styles to SGR, and the signs used beside every colour. */
import { ASCII, type Glyphs, toAscii, UNICODE } from './glyphs.ts';
import { codesFor } from './style-codes.ts';
import { sanitize } from './text.ts';

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

export type ColorDepth = 'none' | '16' | '256';

/** What lies behind the text. */
export type Ground = 'dark' | 'light';

export interface Theme {
  readonly depth: ColorDepth;
  readonly glyphs: Glyphs;
  /** The line as text with SGR codes; `selected` puts the whole of it on a bar. */
  paint(line: Line, selected?: boolean): string;
}

/** `ground` counts with 256 colours only: which tones the 16 have is the terminal's affair. */
export function createTheme(depth: ColorDepth, glyphs: Glyphs = UNICODE, ground?: Ground): Theme {
  const { styles, bar, onBar } = codesFor(depth, ground);
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
        const isColourless = style === 'plain' || style === 'dim';
        const codes = (selected && isColourless ? onBar : undefined) ?? styles[style];
        out += codes[0] + text + codes[1];
      }
      return selected ? bar[0] + out + bar[1] : out;
    },
  };
}

export const PLAIN_THEME: Theme = createTheme('none', UNICODE);
