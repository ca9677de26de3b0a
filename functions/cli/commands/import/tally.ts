/** What a dry run of another system's export would import, by kind: to compare with that system's own numbers. */

import { count } from '../../format.ts';

type Row = Record<string, unknown>;

export function createTally() {
  const platforms = new Map<unknown, number>();
  let sandbox = 0;
  let optedOut = 0;
  return {
    add(row: Row) {
      platforms.set(row.platform, (platforms.get(row.platform) ?? 0) + 1);
      if (row.environment === 'sandbox') sandbox++;
      if (row.optedOut === true) optedOut++;
    },
    /** Such as `2 ios, 3 android; of these 1 opted out, 1 of a sandbox`. */
    text() {
      const all = Array.from(platforms, ([name, n]) => `${count(n)} ${String(name)}`).toSorted();
      return `${all.join(', ')}; of these ${count(optedOut)} opted out, ${count(sandbox)} of a sandbox`;
    },
    counts: () => ({ platforms: Object.fromEntries(platforms), optedOut, sandbox }),
  };
}
