/** The box that a library draws around details has colours and lines of its own: here it is brought in line with the theme. */
import { toAscii } from './glyphs.ts';
import type { Theme } from './theme.ts';

export interface DetailsLook {
  readonly hasColour: boolean;
  readonly isAscii: boolean;
}

export function detailsLook({ depth, glyphs }: Theme): DetailsLook {
  return { hasColour: depth !== 'none', isAscii: glyphs.vertical === '|' };
}

/** Foreground and background, of any depth; bold and its end stay. */
const COLOUR = /\x1b\[(?:3[0-9]|4[0-9]|9[0-7]|10[0-7])(?:;[\d;]*)?m/g;

/** A line of the box as the theme has it, as wide as before. */
export function dressDetails(line: string, { hasColour, isAscii }: DetailsLook): string {
  const coloured = hasColour ? line : line.replaceAll(COLOUR, '');
  if (!isAscii) return coloured;
  return toAscii(coloured).replaceAll(/[─│┌┐└┘├┤┬┴┼]/g, (sign) => (sign === '─' ? '-' : sign === '│' ? '|' : '+'));
}
