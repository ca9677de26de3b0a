/** A user's devices, present and former. */

import { bucketOf } from '../../model/bucket.ts';
import type { Installation } from '../../model/installation.ts';
import type { Database } from '../../sqlite/database.ts';
import type { Device } from '../erasure.ts';
import { bucketsOf } from './lookups.ts';
import { FIELDS, fromRow, type Row } from './row.ts';

/** The user's installations, in all apps. */
export const installationsOf = (db: Database, userId: string): Installation[] =>
  db
    .sql<{ app: string }>('SELECT DISTINCT app FROM installation_counts')
    .all()
    .flatMap(({ app }) => {
      const buckets = JSON.stringify(bucketsOf(db, 'users', app, [userId]));
      return db
        .sql<Row>(
          `SELECT ${FIELDS} FROM installations
           WHERE app = ? AND bucket IN (SELECT value FROM json_each(?)) AND user_id = ?`,
        )
        .all(app, buckets, userId);
    })
    .map(fromRow);

/** The user's installations, and their earlier ones of which records may still be kept. */
export function devicesOf(db: Database, userId: string): Device[] {
  const former = db
    .sql<Device & { until: number }>(
      'SELECT app, id, token, at AS until FROM former_users WHERE user_id = ?',
    )
    .all(userId);
  const present = installationsOf(db, userId).map(({ app, id, token }) => ({ app, id, token }));
  return [...present, ...former];
}

/** Adds when the device last changed over from another user, if it did. */
export function since({ sql }: Database, userId: string, it: Device): Device {
  const left = sql<{ at: number | null }>(
    'SELECT MAX(at) AS at FROM former_users WHERE app = ? AND id = ? AND user_id <> ?',
  ).get(it.app, it.id, userId);
  return left?.at == null ? it : { ...it, since: left.at };
}

/** True if the installation is there: after an erasure it is another user's. */
export const isThere = ({ sql }: Database, { app, id }: Device) =>
  sql('SELECT 1 FROM installations WHERE app = ? AND bucket = ? AND id = ?').get(
    app,
    bucketOf(id),
    id,
  ) !== undefined;
