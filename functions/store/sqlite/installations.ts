/** Installations: put, get, change, delete. `import.ts` writes those of an import. */

import { bucketOf } from '../../model/bucket.ts';
import type { ChunkCommit } from '../../model/chunk.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { installationIn } from '../cursor.ts';
import { bucketsOf, type Lookups } from './lookups.ts';
import { FIELDS, fromRow, type Row } from './row.ts';
import type { Rows } from './rows.ts';

/** No row counts as unchanged: each is written. */
const writeAll = () => false;

export type SqliteInstallations = ReturnType<typeof sqliteInstallations>;

export function sqliteInstallations(db: Database, rows: Rows, lookups: Lookups) {
  const { sql, durably } = db;
  /** A durable transaction in which `rows` may be used. */
  const writing = <T>(work: () => T): T =>
    durably(() => {
      lookups.begin();
      const result = work();
      lookups.flush();
      return result;
    });

  const verbs = {
    async putInstallations(batch) {
      writing(() => rows.write(batch, 0, writeAll));
    },

    getInstallation: async (app, id) => rows.get(app, id),

    async installationsOfUser(app, userId, after, limit) {
      const id = after === null ? '' : installationIn(after);
      const found = sql<Row>(
        `SELECT ${FIELDS} FROM installations
         WHERE app = ? AND bucket IN (SELECT value FROM json_each(?)) AND user_id = ?
           AND (bucket, id) > (?, ?) ORDER BY bucket, id LIMIT ?`,
      ).all(
        app,
        JSON.stringify(bucketsOf(db, 'users', app, [userId])),
        userId,
        after === null ? -1 : bucketOf(id),
        id,
        limit + 1,
      );
      const items = found.slice(0, limit).map(fromRow);
      return { items, next: found.length > limit ? items.at(-1)!.id : null };
    },

    installationsWithTokens: async (app, tokens) => tokens.flatMap((it) => rows.withToken(app, it)),

    updateInstallation: async (app, id, change) =>
      writing(() => {
        const it = rows.get(app, id);
        if (!it) return null;
        const changed = change(it);
        const { optedOut = false, optedOutOf = [] } = changed;
        rows.write([{ ...changed, optedOut, optedOutOf }], 0, writeAll);
        return changed;
      }),

    async setBadge(app, id, count) {
      sql('INSERT OR REPLACE INTO badges VALUES (?,?,?,?)').run(app, bucketOf(id), id, count);
    },

    deleteInstallation: async (app, id) =>
      writing(() => rows.remove('app = ? AND bucket = ? AND id = ?', app, bucketOf(id), id) === 1),
  } satisfies Partial<Store>;

  /**
   * Removes the installation if it still has the token that a provider reported dead and has not
   * registered since. Returns whether it did. Runs in the transaction of a chunk's commit.
   */
  function forget(
    app: string,
    { installationId, token, since }: ChunkCommit['forget'][number],
  ): boolean {
    lookups.begin();
    const removed = rows.remove(
      'app = ? AND bucket = ? AND id = ? AND token = ? AND refreshed_at <= ?',
      app,
      bucketOf(installationId),
      installationId,
      token,
      since,
    );
    lookups.flush();
    return removed === 1;
  }

  return { ...verbs, forget, writing };
}
