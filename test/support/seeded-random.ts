/** A generator of random numbers that gives the same ones for the same seed (mulberry32). */
export interface SeededRandom {
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  bytes(length: number): Uint8Array;
  pick<T>(list: readonly [T, ...T[]]): T;
}

export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
    pick: (list) => list[below(list.length)] ?? list[0],
  };
}

/** A copy with one to four bytes flipped, cut, doubled or put in. */
export function mutated(bytes: Uint8Array, random: SeededRandom): Uint8Array {
  let copy = Uint8Array.from(bytes);
  for (let count = 1 + random.below(4); count > 0; count -= 1) {
    const at = random.below(copy.length + 1);
    switch (random.below(5)) {
      case 0:
        if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8));
        break;
      case 1:
        if (at < copy.length) copy[at] = random.below(256);
        break;
      case 2:
        copy = copy.slice(0, at);
        break;
      case 3:
        copy = Uint8Array.from([...copy.subarray(0, at), ...random.bytes(1 + random.below(8)), ...copy.subarray(at)]);
        break;
      default: {
        const piece = copy.subarray(at, at + random.below(32));
        copy = Uint8Array.from([...copy.subarray(0, at), ...piece, ...copy.subarray(at)]);
      }
    }
  }
  return copy;
}
