/** Keeping the identity of what did not change. */

/** `before` where it holds the same values as `after`, else `after`. Compares one level, and lists inside by content. */
export function keepEqual<T extends object>(before: T | undefined, after: T): T {
  if (before === undefined) return after;
  return sameFields(before, after) ? before : after;
}

/** `before` where it holds the same items in the same order, comparing items one level deep. */
export function keepEqualList<T>(before: readonly T[] | undefined, after: readonly T[]): readonly T[] {
  if (before === undefined) return after;
  return sameItems(before, after) ? before : after;
}

function sameFields(a: object, b: object): boolean {
  for (const key of Object.keys(a)) {
    if (!sameValue(Reflect.get(a, key), Reflect.get(b, key))) return false;
  }
  for (const key of Object.keys(b)) {
    if (Reflect.get(b, key) !== undefined && Reflect.get(a, key) === undefined) return false;
  }
  return true;
}

function sameItems(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((item, index) => sameValue(item, b[index]));
}

function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return sameItems(a, b);
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) return sameFields(a, b);
  return false;
}
