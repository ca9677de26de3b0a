/** An import: what is there already, just so, is not written; what its source has not, is found. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { BUCKETS } from '../../model/bucket.ts';
import type { ImportedInstallation, Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { partBelow } from '../cursor.ts';
import { mayPrune } from '../import-run.ts';
import type { Rows } from './rows.ts';
import type { Known } from './write-rows.ts';

/** One call of `pruneInstallations` looks through this share of the buckets, */
const PRUNE_PART = BUCKETS / 32;
/** and does so in steps, such that others wait for some 20 ms. */
const PRUNE_STEP = PRUNE_PART / 32;

export function sqliteImport(
  db: Database,
  rows: Rows,
  writing: <T>(work: () => T) => T,
  now: () => number,
): Pick<Store, 'importInstallations' | 'pruneInstallations'> {
  const { sql } = db;
  const count = sql<{ size: number }>;
  const beganAt = (run: string) =>
    sql<{ began_at: number }>('SELECT began_at FROM import_runs WHERE run = ?').get(run)
      ?.began_at ?? null;

  /** Merely to have been seen again changes nothing, unless it says when. */
  const unchanged = (it: ImportedInstallation, digest: number, known: Known) =>
    known.digest === digest &&
    (it.optedOut === undefined || it.optedOut === (known.opted_out === 1)) &&
    (it.optedOutOf === undefined ||
      JSON.stringify(it.optedOutOf) === (known.opted_out_of ?? '[]')) &&
    (it.refreshedAt === null || it.refreshedAt <= known.refreshed_at);

  return {
    importInstallations: async (batch, { run, now }) =>
      writing(() => {
        const { rows: kept, ...counts } = rows.write(batch, now, unchanged);
        if (run !== null) {
          sql('INSERT OR IGNORE INTO import_runs (run, began_at) VALUES (?, ?)').run(run, now);
          const mark = sql('INSERT OR IGNORE INTO import_marks VALUES (?, ?, ?, ?)');
          if (mayPrune({ beganAt: beganAt(run)! }, now))
            for (const it of kept) mark.run(run, it.app, it.bucket, it.id);
        }
        return counts;
      }),

    async pruneInstallations(app, run, after, dryRun) {
      const since = beganAt(run);
      if (since === null || !mayPrune({ beganAt: since }, now())) return null;
      const from = after === null ? 0 : partBelow(BUCKETS, after);
      const to = Math.min(from + PRUNE_PART, BUCKETS);
      const unseen = `app = ? AND bucket >= ? AND bucket < ? AND refreshed_at < ? AND opted_out = 0
        AND ifnull(opted_out_of, '[]') = '[]'
        AND NOT EXISTS (SELECT 1 FROM import_marks AS m WHERE m.run = ? AND m.app = installations.app
          AND m.bucket = installations.bucket AND m.id = installations.id)`;
      let found = 0;
      for (let at = from; at < to; at += PRUNE_STEP) {
        const values = [app, at, Math.min(at + PRUNE_STEP, to), since, run] as const;
        found += dryRun
          ? count(`SELECT count(*) AS size FROM installations WHERE ${unseen}`).get(...values)!.size
          : writing(() => rows.remove(unseen, ...values));
        await nextTurn();
      }
      return { found, next: to === BUCKETS ? null : String(to) };
    },
  };
}
