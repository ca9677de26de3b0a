/** The table `installations`: how its rows are read, written and removed. */

import { bucketOf } from '../../model/bucket.ts';
import type { Installation } from '../../model/installation.ts';
import type { Database } from '../../sqlite/database.ts';
import { hash48, type Lookups } from './lookups.ts';
import { removal } from './remove-rows.ts';
import { FIELDS, fromRow, KEY, type Row } from './row.ts';
import { createWrite } from './write-rows.ts';

export type Rows = ReturnType<typeof sqliteRows>;

/** All of these run inside a transaction that begins and ends with those of `lookups`. */
export function sqliteRows(db: Database, lookups: Lookups, now: () => number) {
  const { sql } = db;
  const removed = removal(db, lookups, now);

  const get = (app: string, id: string): Installation | null => {
    const row = sql<Row>(`SELECT ${FIELDS} FROM installations WHERE ${KEY}`).get(
      app,
      bucketOf(id),
      id,
    );
    return row ? fromRow(row) : null;
  };

  const withToken = (app: string, token: string): Installation[] =>
    lookups
      .tokenBuckets(hash48(app, token))
      .flatMap((bucket) =>
        sql<Row>(
          `SELECT ${FIELDS} FROM installations WHERE app = ? AND bucket = ? AND token = ?`,
        ).all(app, bucket, token),
      )
      .map(fromRow);

  return { write: createWrite(db, lookups, removed, now), remove: removed.remove, get, withToken };
}
