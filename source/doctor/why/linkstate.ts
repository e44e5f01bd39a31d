/**
 * Links between routers as each of them knows them: `@/{zid}/router/linkstate/{region}`, GraphViz text with a node a router
 * (`0 [ label = "{zid}" ]`) and an edge a link (`1 -- 0 [ … ]`). It tells of routers that do not answer themselves, too.
 */
export function parseLinkState(text: string): (readonly [string, string])[] {
  const zids = new Map(
    [...text.matchAll(/^\s*(\d+) \[ label = "([0-9a-f]+)" \]/gm)].map(([, at, zid = '']) => [at, zid]),
  );
  return [...text.matchAll(/^\s*(\d+) -- (\d+)\b/gm)].flatMap(([, left, right]) => {
    const [from, to] = [zids.get(left), zids.get(right)];
    return from === undefined || to === undefined ? [] : [[from, to] as const];
  });
}
