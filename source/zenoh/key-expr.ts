/**
 * Zenoh key expressions, as its RFC "Key Expressions" and the `zenoh-keyexpr` crate define them: chunks between `/`;
 * `*` one chunk, `**` any number, `$*` any text inside a chunk; a chunk that starts with `@` is matched only by itself.
 */
import { SessionError } from './session.ts';

const FORBIDDEN = /[#?]/;

/** The canonical form of `text`; throws SessionError `invalid-argument` where it is no key expression. */
export function canonicalKeyExpr(text: string): string {
  const problem = keyExprProblem(text);
  if (problem !== undefined)
    throw new SessionError('invalid-argument', `not a key expression: ${quote(text)}: ${problem}`);
  if (!text.includes('*')) return text;
  const chunks: string[] = [];
  // `**/**` is `**`, and `**/*` is spelt `*/**`: in a run of wild chunks the single ones come first, then one `**`.
  let hasDoubleWild = false;
  for (const chunk of text.split('/')) {
    const canonical = canonicalChunk(chunk);
    if (canonical === '**') hasDoubleWild = true;
    else if (canonical === '*') chunks.push(canonical);
    else {
      if (hasDoubleWild) chunks.push('**');
      hasDoubleWild = false;
      chunks.push(canonical);
    }
  }
  if (hasDoubleWild) chunks.push('**');
  return chunks.join('/');
}

export interface KeyExprFault {
  /** In zenoh's own words. */
  readonly problem: string;
  /** Index of the character it is about. */
  readonly at: number;
}

/** Why `text` is no key expression, undefined where it is one. */
export function keyExprProblem(text: string): string | undefined {
  return keyExprFault(text)?.problem;
}

const EMPTY_CHUNK = 'empty chunks are forbidden, as well as leading and trailing slashes';

/** As {@link keyExprProblem}, with the place. */
export function keyExprFault(text: string): KeyExprFault | undefined {
  if (text === '' || text.startsWith('/')) return { problem: EMPTY_CHUNK, at: 0 };
  const empty = text.indexOf('//');
  if (empty >= 0) return { problem: EMPTY_CHUNK, at: empty + 1 };
  if (text.endsWith('/')) return { problem: EMPTY_CHUNK, at: text.length - 1 };
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden) return { problem: '`#` and `?` are forbidden characters', at: forbidden.index };
  let start = 0;
  for (const chunk of text.split('/')) {
    const fault = chunk === '*' || chunk === '**' ? undefined : chunkFault(chunk);
    if (fault !== undefined) return { ...fault, at: start + fault.at };
    start += chunk.length + 1;
  }
  return undefined;
}

function chunkFault(chunk: string): KeyExprFault | undefined {
  // Of the same length, so that places stay.
  const rest = chunk.replaceAll('$*', '  ');
  const dollar = rest.indexOf('$');
  if (dollar >= 0) return { problem: '`$` is only allowed in `$*`', at: dollar };
  const star = rest.indexOf('*');
  return star < 0
    ? undefined
    : { problem: '`*` may only be preceded by `/` or `$`, and stands alone between slashes', at: star };
}

export interface Selector {
  readonly keyExpr: string;
  /** Without `?`. */
  readonly parameters: string;
}

/** Splits `keyExpr?parameters`; throws as {@link canonicalKeyExpr}. */
export function parseSelector(text: string): Selector {
  const mark = text.indexOf('?');
  if (mark < 0) return { keyExpr: canonicalKeyExpr(text), parameters: '' };
  return { keyExpr: canonicalKeyExpr(text.slice(0, mark)), parameters: text.slice(mark + 1) };
}

export function formatSelector(selector: Selector): string {
  return selector.parameters === '' ? selector.keyExpr : `${selector.keyExpr}?${selector.parameters}`;
}

/** Whether some key matches both canonical key expressions. */
export function keyExprIntersects(left: string, right: string): boolean {
  if (left === right) return true;
  if (!left.includes('*') && !right.includes('*')) return false;
  return intersects(left.split('/'), right.split('/'), chunkRules);
}

/** Whether every key that matches `inner` matches `outer` too; both canonical. */
export function keyExprIncludes(outer: string, inner: string): boolean {
  if (outer === inner) return true;
  if (!outer.includes('*')) return false;
  return includes(outer.split('/'), inner.split('/'), chunkRules);
}

/** What differs between matching chunks in a key expression and characters in a chunk. */
interface Rules {
  /** The token that stands for any number of others. */
  readonly star: string;
  /** Whether the star may stand for this token. */
  canStarHide(token: string): boolean;
  intersects(left: string, right: string): boolean;
  includes(outer: string, inner: string): boolean;
}

const characterRules: Rules = {
  star: '$*',
  canStarHide: () => true,
  intersects: (left, right) => left === right,
  includes: (outer, inner) => outer === inner,
};

const chunkRules: Rules = {
  star: '**',
  canStarHide: (chunk) => !chunk.startsWith('@'),
  intersects(left, right) {
    if (left === right) return true;
    if (left.startsWith('@') || right.startsWith('@')) return false;
    if (left === '*' || right === '*') return true;
    if (!left.includes('$') && !right.includes('$')) return false;
    return intersects(characters(left), characters(right), characterRules);
  },
  includes(outer, inner) {
    if (outer === inner) return true;
    if (outer.startsWith('@') || inner.startsWith('@')) return false;
    if (outer === '*') return true;
    if (inner === '*' || !outer.includes('$')) return false;
    return includes(characters(outer), characters(inner), characterRules);
  },
};

function characters(chunk: string): string[] {
  return chunk.match(/\$\*|./gsu) ?? [];
}

/** `row[j]`: do the tokens from `i` of left and from `j` of right intersect? From the ends backwards, so O(n·m). */
function intersects(left: readonly string[], right: readonly string[], rules: Rules): boolean {
  let below: boolean[] = [];
  for (let i = left.length; i >= 0; i--) {
    const row: boolean[] = [];
    const l = left[i];
    for (let j = right.length; j >= 0; j--) {
      const r = right[j];
      let holds: boolean;
      if (l === undefined && r === undefined) holds = true;
      else if (l === rules.star)
        holds = below[j] === true || (r !== undefined && rules.canStarHide(r) && row[j + 1] === true);
      else if (r === rules.star)
        holds = row[j + 1] === true || (l !== undefined && rules.canStarHide(l) && below[j] === true);
      else holds = l !== undefined && r !== undefined && below[j + 1] === true && rules.intersects(l, r);
      row[j] = holds;
    }
    below = row;
  }
  return below[0] === true;
}

function includes(outer: readonly string[], inner: readonly string[], rules: Rules): boolean {
  let below: boolean[] = [];
  for (let i = outer.length; i >= 0; i--) {
    const row: boolean[] = [];
    const o = outer[i];
    for (let j = inner.length; j >= 0; j--) {
      const n = inner[j];
      let holds: boolean;
      if (o === undefined) holds = n === undefined;
      else if (o === rules.star)
        holds = below[j] === true || (n !== undefined && rules.canStarHide(n) && row[j + 1] === true);
      else holds = n !== undefined && n !== rules.star && below[j + 1] === true && rules.includes(o, n);
      row[j] = holds;
    }
    below = row;
  }
  return below[0] === true;
}

function canonicalChunk(chunk: string): string {
  if (!chunk.includes('$')) return chunk;
  const merged = chunk.replace(/(?:\$\*)+/g, '$$*');
  return merged === '$*' ? '*' : merged;
}

/** Printable and short: the text may come from anywhere. */
function quote(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}…` : text;
  return JSON.stringify(short).replace(/[\u007f-\u009f]/g, '');
}
