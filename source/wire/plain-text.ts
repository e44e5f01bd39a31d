/**
 * Text from outside made safe for a terminal: escape sequences go whole, other control characters (tab apart, which
 * becomes a blank) and the marks that turn the direction of writing go alone. Line breaks stay only with `keepLines`.
 */
export function plainText(text: string, options: { readonly keepLines?: boolean } = {}): string {
  // Nearly all text is plain: one test instead of five passes.
  if (!SUSPECT.test(text)) return text;
  const safe = text.replace(ESCAPE_SEQUENCE, '').replaceAll('\t', ' ').replace(/\r\n?/g, '\n').replace(UNSAFE, '');
  return options.keepLines === true ? safe : safe.replaceAll('\n', ' ');
}

const SUSPECT = /[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/;
/** ECMA-48: CSI; OSC, DCS, SOS, PM, APC up to their end (or all the rest); any other escape with its final byte. */
const ESCAPE_SEQUENCE =
  /(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?|(?:\x1b[\]PX^_]|[\x9d\x90\x98\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)?|\x1b[ -/]*[0-~]?/g;
const UNSAFE = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/g;
