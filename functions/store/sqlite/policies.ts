/** What holds for all campaigns of an app. */

import type { AppPolicy } from '../../model/app-policy.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';

export const sqlitePolicies = ({ sql, durably }: Database) =>
  ({
    async getAppPolicy(app): Promise<Partial<AppPolicy> | null> {
      const row = sql<{ record: string }>('SELECT record FROM policies WHERE app = ?').get(app);
      return row ? JSON.parse(row.record) : null;
    },

    putAppPolicy: async (app, policy) =>
      durably(() => {
        sql('INSERT OR REPLACE INTO policies VALUES (?, ?)').run(app, JSON.stringify(policy));
      }),
  }) satisfies Partial<Store>;
