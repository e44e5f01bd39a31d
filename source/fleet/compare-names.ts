const collator = new Intl.Collator('en', { numeric: true });

/** The order of names as people count: `worker_2` before `worker_10`. Different names are never equal. */
export function compareNames(a: string, b: string): number {
  if (a === b) return 0;
  return collator.compare(a, b) || (a < b ? -1 : 1);
}
