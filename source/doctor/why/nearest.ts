/** Key expressions that were perhaps meant. Pure. */

const MAX_NEAR = 3;

/** Those that differ from `keyExpr` by capitals, `-` for `_`, one chunk, or one chunk more or less. */
export function nearest(keyExpr: string, others: readonly string[]): string[] {
  const near = [...new Set(others)]
    .filter((other) => other !== keyExpr)
    .map((other) => ({ other, distance: chunkDistance(keyExpr, other) }))
    .filter(({ other, distance }) => distance <= 1 && other.includes('/'))
    .sort((left, right) => left.distance - right.distance || (left.other < right.other ? -1 : 1));
  return near.slice(0, MAX_NEAR).map(({ other }) => other);
}

/** Chunks to change, add or take away (Levenshtein); a chunk that only looks different costs a tenth. */
function chunkDistance(left: string, right: string): number {
  const [from, to] = [left.split('/'), right.split('/')];
  let above = to.map((_chunk, index) => index + 1);
  for (const [i, chunk] of from.entries()) {
    const row: number[] = [];
    for (const [j, other] of to.entries()) {
      const diagonal = (j === 0 ? i : (above[j - 1] ?? 0)) + difference(chunk, other);
      const up = (above[j] ?? 0) + 1;
      const before = (j === 0 ? i + 1 : (row[j - 1] ?? 0)) + 1;
      row.push(Math.min(diagonal, up, before));
    }
    above = row;
  }
  return above.at(-1) ?? from.length;
}

function difference(left: string, right: string): number {
  if (left === right) return 0;
  return plain(left) === plain(right) ? 0.1 : 1;
}

function plain(chunk: string): string {
  return chunk.toLowerCase().replaceAll(/[-_.]/g, '');
}
