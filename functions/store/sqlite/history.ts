/** Who changed the state of a campaign; and which apps are switched off. */

import { type AppPause, type Change, MAX_HISTORY } from '../../model/campaign.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';

/** Open campaigns read in one query. */
const OPEN_PAGE = 500;

export type SqliteHistory = ReturnType<typeof sqliteHistory>;

export function sqliteHistory({ sql, durably }: Database) {
  const verbs = {
    history: async (id) =>
      sql<{ change: string }>('SELECT change FROM history WHERE campaign_id = ? ORDER BY seq')
        .all(id)
        .map((row): Change => JSON.parse(row.change)),

    async *openCampaigns(app) {
      for (let after = ''; ; ) {
        const rows = sql<{ id: string }>(
          `SELECT id FROM campaigns WHERE app = ? AND closed_at IS NULL AND id > ?
           ORDER BY id LIMIT ?`,
        ).all(app, after, OPEN_PAGE);
        if (rows.length === 0) return;
        const ids = rows.map((row) => row.id);
        yield ids;
        after = ids.at(-1)!;
      }
    },

    async getAppPause(app): Promise<AppPause | null> {
      const row = sql<{ record: string }>('SELECT record FROM switches WHERE app = ?').get(app);
      return row ? JSON.parse(row.record) : null;
    },

    putAppPause: async (app, it) =>
      durably(() => {
        if (it === null) sql('DELETE FROM switches WHERE app = ?').run(app);
        else sql('INSERT OR REPLACE INTO switches VALUES (?, ?)').run(app, JSON.stringify(it));
      }),
  } satisfies Partial<Store>;

  return {
    ...verbs,
    /** In the transaction that makes it true. */
    note(campaignId: string, change: Change) {
      const last = sql<{ seq: number | null; kept: number }>(
        'SELECT MAX(seq) AS seq, COUNT(*) AS kept FROM history WHERE campaign_id = ?',
      ).get(campaignId)!;
      const seq = (last.seq ?? 0) + 1;
      sql('INSERT INTO history VALUES (?, ?, ?)').run(campaignId, seq, JSON.stringify(change));
      if (last.kept >= MAX_HISTORY)
        sql('DELETE FROM history WHERE campaign_id = ? AND seq > 1 AND seq <= ?').run(
          campaignId,
          seq - MAX_HISTORY + 1,
        );
    },
  };
}
