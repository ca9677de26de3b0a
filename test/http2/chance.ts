/** Random numbers that are the same for the same seed. */

export interface Chance {
  /** Returns a whole number, 0 <= number < below. */
  upTo(below: number): number;
  /** Returns an element; undefined if there are none. */
  pick<T>(from: readonly T[]): T;
  /** Returns `length` characters with codes from `first` to `last`. */
  text(length: number, first: number, last: number): string;
}

/** The generator is mulberry32. */
export function chance(seed: number): Chance {
  let state = seed;
  const upTo = (below: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
  return {
    upTo,
    pick: (from) => from[upTo(from.length)]!,
    text: (length, first, last) =>
      Array.from({ length }, () => String.fromCharCode(first + upTo(last - first + 1))).join(''),
  };
}
