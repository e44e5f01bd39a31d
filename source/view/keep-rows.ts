/** What holds the same as before is the same object as before: whoever draws or sorts rows compares no more than that. */
import type { BaseRow } from './rows.ts';

/** Swaps new rows for the old ones that hold the same, and the list for the old list where nothing changed. */
export function createPool<T extends BaseRow>(): (rows: readonly T[]) => readonly T[] {
  let list: readonly T[] = [];
  let byKey = new Map<string, T>();
  return (rows) => {
    const next = rows.map((row) => {
      const old = byKey.get(row.key);
      return old !== undefined && sameRow(old, row) ? old : row;
    });
    if (sameList(list, next)) return list;
    byKey = new Map(next.map((row) => [row.key, row]));
    list = next;
    return list;
  };
}

export function keepRow<T extends BaseRow>(before: T | undefined, after: T): T {
  return before !== undefined && sameRow(before, after) ? before : after;
}

/** Swaps new rows for those before that hold the same, mostly in the same places. */
export function keepRows<T extends BaseRow>(before: readonly T[] | undefined, after: readonly T[]): readonly T[] {
  if (before === undefined) return after;
  const kept = after.map((row, index) => {
    const old = before[index]?.key === row.key ? before[index] : before.find((candidate) => candidate.key === row.key);
    return keepRow(old, row);
  });
  return sameList(before, kept) ? before : kept;
}

export function sameList<T>(a: readonly T[], b: readonly T[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}

function sameRow(a: object, b: object): boolean {
  for (const field of Object.keys(b)) {
    const left = Reflect.get(a, field);
    const right = Reflect.get(b, field);
    if (left === right) continue;
    if (!Array.isArray(left) || !Array.isArray(right)) return false;
    if (left.length !== right.length || left.some((item, index) => item !== right[index])) return false;
  }
  return true;
}
