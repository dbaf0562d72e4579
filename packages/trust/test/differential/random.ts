/** Numbers that look random and come again with the same seed, so that a failure can be had again. */

export interface Random {
  /** A whole number from 0 to `limit - 1`. */
  below(limit: number): number;
  /** True `percent` times in a hundred. */
  chance(percent: number): boolean;
  /** One of these. Throws RangeError where there is none. */
  pick<T>(from: readonly T[]): T;
  /** The same in another order. */
  shuffle<T>(items: readonly T[]): T[];
  bytes(count: number): Uint8Array;
}

/** xorshift32. */
export function createRandom(seed: number): Random {
  let state = seed | 0 || 1;
  const below = (limit: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
  const pick = <T>(from: readonly T[]): T => {
    for (const one of from.slice(below(from.length))) return one;
    throw new RangeError('nothing to pick from');
  };
  return {
    below,
    chance: (percent) => below(100) < percent,
    pick,
    shuffle: (items) =>
      items
        .map((item) => ({ item, place: below(1 << 30) }))
        .sort((a, b) => a.place - b.place)
        .map(({ item }) => item),
    bytes: (count) => Uint8Array.from({ length: count }, () => below(256)),
  };
}
