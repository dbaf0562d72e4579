/** Chance that can be repeated: the same seed gives the same mailbox, byte for byte. */

/** A source of numbers. */
export interface Random {
  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number;
  /** One of the list, which must not be empty. */
  pick<T>(list: readonly T[]): T;
  /** True in `percent` of all cases. */
  chance(percent: number): boolean;
  /** So many lower-case hexadecimal digits. */
  hex(digits: number): string;
}

/** Makes a source of numbers: mulberry32, 32 bits of state. Not for secrets. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const integer = (least: number, most: number): number =>
    least + Math.floor(next() * (most - least + 1));
  return {
    integer,
    pick: <T>(list: readonly T[]): T => {
      if (list.length === 0) throw new TypeError('nothing to pick from');
      return list[integer(0, list.length - 1)] as T;
    },
    chance: (percent) => next() * 100 < percent,
    hex: (digits) => {
      let text = '';
      while (text.length < digits) {
        text += Math.floor(next() * 4_294_967_296)
          .toString(16)
          .padStart(8, '0');
      }
      return text.slice(0, digits);
    },
  };
}
