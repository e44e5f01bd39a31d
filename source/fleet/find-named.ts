/** Finds things of a list by their names, at next to no cost where they stand where they are looked for. */

/** `index`: where it probably is. The table of names is made only when one of them is not there. */
export function createFinder<T extends { readonly name: string }>(
  list: readonly T[],
): (name: string, index: number) => T | undefined {
  let byName: ReadonlyMap<string, T> | undefined;
  return (name, index) => {
    const there = list[index];
    if (there?.name === name) return there;
    byName ??= new Map(list.map((item) => [item.name, item]));
    return byName.get(name);
  };
}
