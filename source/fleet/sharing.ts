/** Keeping the identity of what did not change. */

type Fields = Readonly<Record<string, unknown>>;

/** `before` where it holds the same values as `after`, else `after`. Compares one level, and what is inside by content. */
export function keepEqual<T extends object>(before: T | undefined, after: T): T {
  if (before === undefined) return after;
  return sameFields(before, after) ? before : after;
}

/** `before` where it holds the same items in the same order, else `after`. Items are compared by content. */
export function keepEqualList<T>(before: readonly T[] | undefined, after: readonly T[]): readonly T[] {
  if (before === undefined) return after;
  return sameItems(before, after) ? before : after;
}

/** As {@link keepEqual}, for values that were kept already: what is inside is the same only where it is the same object. */
export function keepSame<T extends object>(before: T | undefined, after: T): T {
  if (before === undefined) return after;
  const a = before as Fields;
  const b = after as Fields;
  for (const key in a) if (!Object.is(a[key], b[key])) return after;
  for (const key in b) if (!(key in a) && b[key] !== undefined) return after;
  return before;
}

/** As {@link keepEqualList}, for items that were kept already. */
export function keepSameList<T>(before: readonly T[] | undefined, after: readonly T[]): readonly T[] {
  const isSame = before?.length === after.length && after.every((item, index) => item === before[index]);
  return isSame ? before : after;
}

function sameFields(a: object, b: object): boolean {
  const fieldsA = a as Fields;
  const fieldsB = b as Fields;
  for (const key in fieldsA) if (!sameValue(fieldsA[key], fieldsB[key])) return false;
  for (const key in fieldsB) if (fieldsB[key] !== undefined && fieldsA[key] === undefined) return false;
  return true;
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => sameValue(item, b[index]));
}

function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) && Array.isArray(b)) return sameItems(a, b);
  return sameFields(a, b);
}
