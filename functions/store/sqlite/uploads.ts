/** Audiences that came as a file. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { BUCKETS, bucketOf } from '../../model/bucket.ts';
import type { Upload, UploadKind } from '../../model/upload.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';

/** Buckets whose names are deleted in one statement. */
const STEP = BUCKETS / 64;

/** Names outlive their upload, in ms, so that a reader that has begun reads all of them. */
const KEPT_LONGER_MS = 24 * 60 * 60 * 1000;

interface Row {
  id: string;
  app: string;
  kind: UploadKind;
  size: number | null;
  created_at: number;
  expires_at: number;
}

export function sqliteUploads({ sql, transaction, durably }: Database, now: () => number) {
  /** Runs when an upload begins, in small steps: no other moment comes as surely. */
  async function dropExpired(at: number) {
    const before = at - KEPT_LONGER_MS;
    const expired = sql<{ id: string }>('SELECT id FROM uploads WHERE expires_at <= ?');
    for (const { id } of expired.all(before)) {
      for (let bucket = 0; bucket <= BUCKETS; bucket += STEP) {
        sql('DELETE FROM upload_names WHERE upload_id = ? AND bucket < ?').run(id, bucket);
        await nextTurn();
      }
      sql('DELETE FROM uploads WHERE id = ?').run(id);
    }
  }

  return {
    async putUpload(it: Upload) {
      if (it.size === null) await dropExpired(it.createdAt);
      durably(() => {
        sql('INSERT OR REPLACE INTO uploads VALUES (?,?,?,?,?,?)').run(
          it.id,
          it.app,
          it.of,
          it.size,
          it.createdAt,
          it.expiresAt,
        );
      });
    },

    async getUpload(id) {
      const row = sql<Row>('SELECT * FROM uploads WHERE id = ?').get(id);
      if (!row || row.expires_at <= now()) return null;
      return {
        id,
        app: row.app,
        of: row.kind,
        size: row.size,
        createdAt: row.created_at,
        expiresAt: row.expires_at,
      };
    },

    addToUpload: async ({ id }, names) =>
      transaction(() => {
        const add = sql('INSERT OR IGNORE INTO upload_names VALUES (?,?,?)');
        const inOrder = names.map((name) => ({ name, bucket: bucketOf(name) }));
        for (const { name, bucket } of inOrder.sort((a, b) => a.bucket - b.bucket))
          add.run(id, bucket, name);
      }),

    async *readUpload(id, range, after, size) {
      let cursor = after ?? { bucket: range.from, id: '' };
      for (;;) {
        const rows = sql<{ bucket: number; name: string }>(
          `SELECT bucket, name FROM upload_names
           WHERE upload_id = ? AND (bucket, name) > (?, ?) AND bucket < ?
           ORDER BY bucket, name LIMIT ?`,
        ).all(id, cursor.bucket, cursor.id, range.to, size);
        const last = rows.at(-1);
        if (!last) return;
        yield rows.map((row) => row.name);
        cursor = { bucket: last.bucket, id: last.name };
        await nextTurn();
      }
    },
  } satisfies Partial<Store>;
}
