/** Whether reading an input takes time linear in its length, on a machine however busy. */

import assert from 'node:assert/strict';

/** An input is grown until reading it takes this long, so that the clock is exact enough. */
const ENOUGH_MS = 8;
/** Linear is 4, quadratic 16. */
const MOST = 10;
/** What is quadratic is so at each size; what a garbage collection adds comes and goes. */
const SIZES = 3;

/**
 * Compares the reading of 4n with that of n. `inputOf` makes the hostile input of a size; nothing
 * longer than `longest` is made, for what has a bound.
 */
export async function assertLinear<T>(
  inputOf: (size: number) => T,
  read: (input: T) => unknown,
  longest = 4 * 1024 * 1024,
) {
  const best = async (size: number, tries: number) => {
    const input = inputOf(size);
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < tries; i++) {
      // of this thread alone: a busy machine takes away time, not CPU time
      const from = process.threadCpuUsage();
      await read(input);
      const { user, system } = process.threadCpuUsage(from);
      best = Math.min(best, (user + system) / 1000);
    }
    return best;
  };
  let size = 64;
  while (size * 8 <= longest && (await best(size, 2)) < ENOUGH_MS) size *= 2;
  const seen: string[] = [];
  for (let i = 0; i < SIZES && size * 4 <= longest; i++, size *= 2) {
    const [one, four] = [await best(size, 5), await best(4 * size, 5)];
    if (four < ENOUGH_MS || four < MOST * one) return;
    seen.push(`${size}: ${one.toFixed(1)} ms, ${4 * size}: ${four.toFixed(1)} ms`);
  }
  assert.equal(seen.length, 0, `takes more than linear time; ${seen.join('; ')}`);
}
