/**
 * Names to start for `name`, itself last: what it depends on comes first, directly or not, and only what `dependsOn`
 * knows. Nodes that depend on each other come in the order they are met: a circle is no reason to run none of them.
 */
export function startOrder(
  name: string,
  dependsOn: (name: string) => readonly string[] | undefined,
): readonly string[] {
  const order: string[] = [];
  const met = new Set<string>();
  const visit = (current: string): void => {
    if (met.has(current)) return;
    met.add(current);
    const needed = dependsOn(current);
    if (needed === undefined) return;
    for (const other of needed) visit(other);
    order.push(current);
  };
  visit(name);
  return order;
}
