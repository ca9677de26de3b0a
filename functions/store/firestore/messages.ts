/** Campaigns of one page: written one after the other, since each is a promise of its own. */

import { BUCKETS } from '../../model/bucket.ts';
import type { Store } from '../../ports/ports.ts';

export const firestoreMessages = (
  verbs: Pick<Store, 'createCampaign' | 'startCampaign' | 'freezePage'>,
) =>
  ({
    async createStarted(campaign, idempotency, page, by) {
      const created = await verbs.createCampaign(campaign, idempotency, page.dueAt, by);
      if (created.kind !== 'created') return created;
      const shards = [{ from: 0, to: BUCKETS }];
      await verbs.startCampaign({ id: campaign.id, shards, dueAt: page.dueAt, at: page.now });
      await verbs.freezePage(page);
      return created;
    },
  }) satisfies Partial<Store>;
