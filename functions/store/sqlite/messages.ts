/** Campaigns of one page, created, started and frozen in one transaction. */

import { BUCKETS } from '../../model/bucket.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import type { SqliteCampaigns } from './campaigns.ts';
import type { Freeze } from './freeze.ts';

export function sqliteMessages(
  { together }: Database,
  { create, start, freeze }: Pick<SqliteCampaigns, 'create' | 'start'> & { freeze: Freeze },
) {
  return {
    createStarted: (campaign, idempotency, page, by) =>
      together(() => {
        const created = create(campaign, idempotency, page.dueAt, by);
        if (created.kind !== 'created') return created;
        const shards = [{ from: 0, to: BUCKETS }];
        start({ id: campaign.id, shards, dueAt: page.dueAt, at: page.now });
        freeze(page);
        return created;
      }, true),
  } satisfies Partial<Store>;
}
