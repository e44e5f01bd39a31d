/**
 * Text that comes from elsewhere, made safe for a terminal, and measured. Everything drawn passes through here: see
 * {@link sanitize} for what is taken out and why widths can be added up code point by code point afterwards.
 */
import { eastAsianWidth } from 'get-east-asian-width';

/** Longer texts are cut before anything else looks at them: no terminal line shows more, and a log line may be 1 MB. */
const MAX_TEXT_LENGTH = 4_096;

const PLAIN = /^[\x20-\x7e]*$/;

// ECMA-48: CSI; then OSC, DCS, SOS, PM, APC up to their terminator, or to the end where it never comes; then the rest.
const ESCAPES =
  /(?:\x1b\[|\x9b)[\x20-\x3f]*[\x40-\x7e]?|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?|\x1b[\x20-\x2f]*[\x30-\x7e]?/g;
const LINE_BREAKS = /[\t\r\n\v\f\u2028\u2029]+/g;
// Controls, format characters (bidirectional overrides, joiners), marks and selectors: they move or merge cells, and
// terminals disagree on how. What is left occupies one or two cells for each code point in every terminal.
const UNSAFE = /[\p{Control}\p{Format}\p{Mark}\p{Default_Ignorable_Code_Point}]/gu;

/** One line of text without escape sequences, controls or characters that change the direction or the cell grid. */
export function sanitize(text: string): string {
  if (text.length <= MAX_TEXT_LENGTH && PLAIN.test(text)) return text;
  const short = text.length > MAX_TEXT_LENGTH ? text.slice(0, MAX_TEXT_LENGTH) : text;
  return short.toWellFormed().replace(ESCAPES, '').replace(LINE_BREAKS, ' ').normalize('NFC').replace(UNSAFE, '');
}

/** Terminal columns of a sanitized text. */
export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

/** As string-width has it for one code point, without its start: that costs every command 20 ms, for clusters that {@link sanitize} takes apart. */
function characterWidth(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  // Latin, without a look into the table.
  if (code < 0x300) return 1;
  // The letters of flags; every terminal gives two columns to one of a pair.
  if (code >= 0x1f1e6 && code <= 0x1f1ff) return 2;
  return eastAsianWidth(code);
}

/** The longest beginning of a sanitized text that fits `width` columns. */
function beginning(text: string, width: number): string {
  if (PLAIN.test(text)) return text.slice(0, Math.max(0, width));
  let kept = '';
  let used = 0;
  for (const character of text) {
    used += characterWidth(character);
    if (used > width) break;
    kept += character;
  }
  return kept;
}

/** A sanitized text in at most `width` columns, ending in `ellipsis` (one column) where something was cut. */
export function cut(text: string, width: number, ellipsis = '…'): string {
  if (width <= 0) return '';
  return textWidth(text) <= width ? text : beginning(text, width - textWidth(ellipsis)) + ellipsis;
}

/** A text sanitized, cut and padded to exactly `width` columns. */
export function fit(text: string, width: number, align: 'left' | 'right' = 'left', ellipsis = '…'): string {
  const short = cut(sanitize(text), width, ellipsis);
  const padding = ' '.repeat(Math.max(0, width - textWidth(short)));
  return align === 'right' ? padding + short : short + padding;
}

/** A sentence broken at spaces into lines of at most `width` columns; words that are longer are split. */
export function wrap(text: string, width: number): string[] {
  if (width <= 0) return [];
  const lines: string[] = [];
  let line = '';
  for (const word of sanitize(text).split(' ')) {
    let rest = word;
    if (line !== '' && textWidth(line) + 1 + textWidth(rest) <= width) {
      line += ` ${rest}`;
      continue;
    }
    if (line !== '') lines.push(line);
    while (textWidth(rest) > width) {
      // A character wider than the line cannot be broken: it goes alone, and the frame cuts it.
      const piece = beginning(rest, width) || String.fromCodePoint(rest.codePointAt(0) ?? 0);
      lines.push(piece);
      rest = rest.slice(piece.length);
    }
    line = rest;
  }
  if (line !== '') lines.push(line);
  return lines;
}
