/** Campaigns of one page, created, started and frozen in one transaction. */

import { BUCKETS } from '../../model/bucket.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import type { sqliteCampaigns } from './campaigns.ts';
import type { sqliteChunks } from './chunks.ts';

export function sqliteMessages(
  { together }: Database,
  { create, start }: Pick<ReturnType<typeof sqliteCampaigns>, 'create' | 'start'>,
  freeze: ReturnType<typeof sqliteChunks>['freeze'],
) {
  return {
    createStarted: (campaign, idempotency, page, by) =>
      together(() => {
        const created = create(campaign, idempotency, page.dueAt, by);
        if (created.kind !== 'created') return created;
        start(campaign.id, [{ from: 0, to: BUCKETS }], page.dueAt, page.now);
        freeze(page);
        return created;
      }, true),
  } satisfies Partial<Store>;
}
