/** Saved segments. */

import type { Segment } from '../../model/segment.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { partsOf } from '../cursor.ts';

interface Row {
  app: string;
  name: string;
  /** JSON */
  audience: string;
  updated_at: number;
}

export function sqliteSegments({ sql, durably }: Database) {
  return {
    putSegment: async ({ app, name, audience, updatedAt }) =>
      durably(() => {
        sql('INSERT OR REPLACE INTO saved_segments VALUES (?,?,?,?)').run(
          app,
          name,
          JSON.stringify(audience),
          updatedAt,
        );
      }),

    async getSegment(app, name) {
      const row = sql<Row>('SELECT * FROM saved_segments WHERE app = ? AND name = ?').get(
        app,
        name,
      );
      return row ? toSegment(row) : null;
    },

    async listSegments(app, after, limit) {
      const rows = sql<Row>(
        'SELECT * FROM saved_segments WHERE app = ? AND name > ? ORDER BY name LIMIT ?',
      ).all(app, after === null ? '' : partsOf(after, /^([\w.-]{1,64})$/)[0]!, limit + 1);
      const items = rows.slice(0, limit).map(toSegment);
      return { items, next: rows.length > limit ? (items.at(-1)?.name ?? null) : null };
    },

    deleteSegment: async (app, name) =>
      durably(
        () =>
          sql('DELETE FROM saved_segments WHERE app = ? AND name = ?').run(app, name).changes === 1,
      ),
  } satisfies Partial<Store>;
}

const toSegment = (row: Row): Segment => ({
  app: row.app,
  name: row.name,
  audience: JSON.parse(row.audience),
  updatedAt: row.updated_at,
});
