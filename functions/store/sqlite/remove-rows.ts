/** Removes installations with everything beside them. */

import type { Database } from '../../sqlite/database.ts';
import type { Lookups } from './lookups.ts';
import { FINDABLE, type Found, KEY } from './row.ts';

export type Removal = ReturnType<typeof removal>;

/** `now`: ms since the epoch. */
export function removal({ sql }: Database, lookups: Lookups, now: () => number) {
  /**
   * Stores that the installation belonged to its user until now: their erasure has to find what was
   * sent to it.
   */
  const leave = (it: Found, isAnothers = true) => {
    if (it.userId === null) return;
    if (isAnothers) lookups.dropUser(it);
    sql(`INSERT OR REPLACE INTO former_users VALUES (?, ?, ?, ?, ?)`).run(
      it.userId,
      it.app,
      it.id,
      it.token,
      now(),
    );
  };

  /** Removes the installations that the condition describes, and returns how many there were. */
  const remove = (condition: string, ...values: (string | number)[]): number => {
    const removed = sql<Found>(
      `DELETE FROM installations WHERE ${condition} RETURNING ${FINDABLE}`,
    ).all(...values);
    for (const it of removed) {
      lookups.dropToken(it);
      leave(it);
      lookups.count(it, it.optedOut === 1, -1);
      sql(`DELETE FROM badges WHERE ${KEY}`).run(it.app, it.bucket, it.id);
      sql('INSERT OR REPLACE INTO removed VALUES (?, ?, ?, ?)').run(
        it.app,
        it.bucket,
        it.id,
        now(),
      );
    }
    return removed.length;
  };

  return { leave, remove };
}
