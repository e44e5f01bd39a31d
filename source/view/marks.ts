/** Rows that are chosen together, by their keys: whatever is sorted, filtered or comes and goes, they stay chosen. */

export interface Marks {
  readonly keys: ReadonlySet<string>;
  /** Where a range begins that follows the selection, and what was chosen before it. */
  readonly range?: { readonly anchor: string; readonly before: ReadonlySet<string> };
}

interface Keyed {
  readonly key: string;
}

/** Chooses a row, or no longer. A range that was open ends. */
export function toggleMark(marks: Marks | undefined, key: string): Marks | undefined {
  const keys = new Set(marks?.keys);
  if (!keys.delete(key)) keys.add(key);
  return toMarks(keys);
}

/** Begins a range at the row; ends one that is open, whose rows stay chosen. */
export function toggleRange(marks: Marks | undefined, key: string): Marks | undefined {
  if (marks?.range !== undefined) return toMarks(marks.keys);
  return { keys: new Set(marks?.keys).add(key), range: { anchor: key, before: marks?.keys ?? new Set() } };
}

/** The range from its anchor to `index` among the rows shown; without an open range nothing changes. */
export function stretchRange(marks: Marks | undefined, rows: readonly Keyed[], index: number): Marks | undefined {
  if (marks?.range === undefined) return marks;
  const { anchor, before } = marks.range;
  const from = rows.findIndex(({ key }) => key === anchor);
  if (from < 0) return marks;
  const keys = new Set(before);
  for (const { key } of rows.slice(Math.min(from, index), Math.max(from, index) + 1)) keys.add(key);
  return { keys, range: marks.range };
}

/** Chooses all rows shown beside those that are; where they all are already, none of them. */
export function markAll(marks: Marks | undefined, rows: readonly Keyed[]): Marks | undefined {
  const keys = new Set(marks?.keys);
  const areAll = rows.every(({ key }) => keys.has(key));
  for (const { key } of rows) {
    if (areAll) keys.delete(key);
    else keys.add(key);
  }
  return toMarks(keys);
}

function toMarks(keys: ReadonlySet<string>): Marks | undefined {
  return keys.size === 0 ? undefined : { keys };
}
