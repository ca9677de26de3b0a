/** Whether reading an input takes time linear in its length, on a machine however busy. */

import assert from 'node:assert/strict';

/** An input is grown until reading it takes this long: the clock is exact enough then. */
const ENOUGH_MS = 8;
/** Linear is 4, quadratic 16. */
const MOST = 10;
/** What the clock and the engine add to anything. */
const NOTHING_MS = 1;
const [TRIES, ROUNDS] = [4, 3];
/** Nothing but the input's growth takes so long; the next size would take minutes. */
const HOPELESS_MS = 100;

/**
 * Grows an input by four until reading it takes a while, and compares the two that are largest then.
 * `inputOf` makes the hostile input of a size; nothing longer than `longest` is made.
 */
export async function assertLinear<T>(
  inputOf: (size: number) => T,
  read: (input: T) => unknown,
  longest = 256 * 1024,
) {
  const best = async (size: number, tries: number) => {
    const input = inputOf(size);
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < tries && best > NOTHING_MS; i++) {
      // CPU time: a busy machine takes away time. That of a thread alone has steps of 4 ms on Linux
      const from = process.cpuUsage();
      await read(input);
      const { user, system } = process.cpuUsage(from);
      best = Math.min(best, (user + system) / 1000);
    }
    return best;
  };
  const seen: string[] = [];
  for (let size = 64; size <= longest && !(await isSlow(size)); size *= 4);
  assert.deepEqual(seen, [], 'takes more than linear time');

  /** Whether it is time to stop, with a fault or without. */
  async function isSlow(size: number): Promise<boolean> {
    if ((await best(size, 1)) < ENOUGH_MS) return false;
    // what is quadratic is so each time and at each size; what a garbage collection adds is not
    for (let i = 0; i < ROUNDS; i++) {
      const [one, four] = [await best(size / 4, TRIES), await best(size, TRIES)];
      if (four < MOST * Math.max(NOTHING_MS, one)) {
        seen.length = 0;
        return true;
      }
      seen.push(`${size / 4}: ${one.toFixed(1)} ms, ${size}: ${four.toFixed(1)} ms`);
      if (four > HOPELESS_MS) return true;
    }
    return false;
  }
}
