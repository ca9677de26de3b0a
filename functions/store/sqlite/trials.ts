/** The first push of a campaign, and which process tries its message at a provider. */

import type { Campaign, Trial, Trials } from '../../model/campaign.ts';
import type { Provider } from '../../model/provider/registry.ts';
import type { Store } from '../../ports/ports.ts';
import type { Database } from '../../sqlite/database.ts';
import { turnOf } from '../timeline.ts';
import { findCampaign } from './campaign-rows.ts';

export function sqliteTrials(db: Database) {
  const { sql, transaction, together } = db;

  function putTrial({ id, trials }: Campaign, provider: Provider, trial: Trial) {
    const changed: Trials = { ...trials, [provider]: trial };
    sql('UPDATE campaigns SET trials = ? WHERE id = ?').run(JSON.stringify(changed), id);
  }

  return {
    notePush: (campaignId, at, acceptedBy) =>
      together(() => {
        sql(
          `UPDATE campaigns SET first_push_at = ?
           WHERE id = ? AND (first_push_at IS NULL OR first_push_at > ?)`,
        ).run(at, campaignId, at);
        const campaign = acceptedBy && findCampaign(db, campaignId);
        if (campaign) putTrial(campaign, acceptedBy, { acceptedAt: at });
      }),

    claimTrial: async ({ campaignId, provider, by, until, now }) =>
      transaction(() => {
        const campaign = findCampaign(db, campaignId);
        const turn = turnOf(campaign?.trials?.[provider], by, now);
        if (campaign && turn === 'ours') putTrial(campaign, provider, { by, until });
        return campaign ? turn : 'accepted';
      }),
  } satisfies Partial<Store>;
}
