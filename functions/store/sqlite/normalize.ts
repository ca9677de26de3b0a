/**
 * Installations that an earlier version stored, brought into form. At the start of a file that such a
 * version wrote: a part at each transaction, with the place where the next one goes on, so a process
 * that is killed goes on there.
 */

import { bucketOf } from '../../model/bucket.ts';
import type { Installation } from '../../model/installation.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { formOf, settled } from '../normalize.ts';
import type { Row } from './row.ts';
import type { Rows } from './rows.ts';

/** Rows of a transaction: each may write most pages of the table that finds tokens. */
const PART = 10_000;

type Place = Pick<Row, 'app' | 'bucket' | 'id'>;
const BEGIN: Place = { app: '', bucket: -1, id: '' };

export function sqliteNormalize(
  { sql }: Database,
  rows: Rows,
  writing: <T>(work: () => T) => T,
): Pick<Store, 'normalizeInstallations'> & { normalizeAll(): void } {
  const READ = `app, bucket, id, provider, token, language, time_zone AS timeZone, country`;

  /** In a transaction. */
  function normalize({ app, bucket, id }: Place, limit: number) {
    const page = sql<Place & Parameters<typeof formOf>[0]>(
      `SELECT ${READ} FROM installations WHERE (app, bucket, id) > (?, ?, ?)
       ORDER BY app, bucket, id LIMIT ?`,
    ).all(app, bucket, id, limit);
    const changed = page.flatMap((it): Installation[] => {
      const form = formOf(it);
      return form === null ? [] : [{ ...rows.get(it.app, it.id)!, ...form }];
    });
    const holders = changed.flatMap((it) => rows.withToken(it.app, it.token));
    const { kept, lost } = settled(changed, holders);
    for (const it of lost)
      rows.remove('app = ? AND bucket = ? AND id = ?', it.app, it.bucket, it.id);
    rows.write(kept, 0, () => false);
    const last = page.at(-1) ?? null;
    return { read: page.length, changed: kept.length, removed: lost.length, last };
  }

  return {
    async normalizeInstallations(after, limit) {
      const from = after === null ? BEGIN : { ...after, bucket: bucketOf(after.id) };
      const { last, ...counts } = writing(() => normalize(from, limit));
      return { ...counts, next: last && { app: last.app, id: last.id } };
    },

    normalizeAll() {
      const place = () => sql<Place>('SELECT app, bucket, id FROM normalizing').get();
      for (let from = place(); from; from = place())
        writing(() => {
          const { last } = normalize(from, PART);
          sql('DELETE FROM normalizing').run();
          if (last)
            sql('INSERT INTO normalizing VALUES (?, ?, ?)').run(last.app, last.bucket, last.id);
        });
    },
  };
}
