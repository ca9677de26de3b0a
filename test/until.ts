/** Waits for what happens in other processes, behind sockets and on pages. */

import { setTimeout as wait } from 'node:timers/promises';

/** ms of patience: nothing that a test waits for takes as long, on a machine however busy. */
export const PATIENT_MS = 3 * 60_000;

/** Asks until the answer is true or another value, and gives it. Throws after three minutes. */
export async function until<T>(
  ask: () => T | Promise<T>,
  everyMs = 10,
): Promise<Exclude<T, null | undefined | false>> {
  for (const end = performance.now() + PATIENT_MS; ; await wait(everyMs)) {
    const answer = await ask();
    if (answer) return answer as Exclude<T, null | undefined | false>;
    if (performance.now() > end) throw new Error(`it did not come to that in 3 minutes: ${ask}`);
  }
}

/** Repeats assertions until they hold. Throws their last failure after three minutes. */
export async function holds(assertions: () => Promise<void>, everyMs = 50): Promise<void> {
  for (const end = performance.now() + PATIENT_MS; ; await wait(everyMs))
    try {
      return await assertions();
    } catch (error) {
      if (performance.now() > end) throw error;
    }
}
