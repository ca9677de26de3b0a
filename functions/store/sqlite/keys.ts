/** API keys. */

import type { ApiKey, Scope } from '../../model/key.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';

interface Row {
  hash: string;
  name: string;
  scopes: string;
  app: string | null;
  created_at: number | null;
}

export function sqliteKeys({ sql, durably }: Database) {
  return {
    async putKey(key) {
      durably(() =>
        sql(
          'INSERT OR REPLACE INTO keys (hash, name, scopes, app, created_at) VALUES (?,?,?,?,?)',
        ).run(key.hash, key.name, key.scopes.join(' '), key.app ?? null, key.createdAt ?? null),
      );
    },

    async findKey(hash) {
      const row = sql<Row>('SELECT * FROM keys WHERE hash = ?').get(hash);
      return row ? toKey(row) : null;
    },

    listKeys: async () => sql<Row>('SELECT * FROM keys ORDER BY hash').all().map(toKey),

    deleteKey: async (hash) =>
      durably(() => sql('DELETE FROM keys WHERE hash = ?').run(hash).changes === 1),
  } satisfies Partial<Store>;
}

const toKey = (row: Row): ApiKey => ({
  hash: row.hash,
  name: row.name,
  scopes: row.scopes.split(' ').filter(Boolean) as Scope[],
  ...(row.app !== null && { app: row.app }),
  ...(row.created_at !== null && { createdAt: row.created_at }),
});
