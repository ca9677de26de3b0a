/** The first push of a campaign, and which process tries its message at a provider. */

import { FieldValue } from '@google-cloud/firestore';
import type { Trial } from '../../model/campaign.ts';
import type { Store } from '../../ports/ports.ts';
import { turnOf } from '../timeline.ts';
import { findCampaign, toCampaign } from './campaign-fields.ts';
import { type Client, unchanged } from './client.ts';
import type { Schema } from './schema.ts';

export function firestoreTrials(client: Client, schema: Schema) {
  const find = (id: string) => findCampaign(client, schema, id);

  return {
    async notePush(campaignId, at, acceptedBy) {
      const found = await find(campaignId);
      if (!found) return;
      const { firstPushAt, trials } = toCampaign(found);
      const isEarlier = firstPushAt === null || at < firstPushAt;
      const isNew = acceptedBy && turnOf(trials?.[acceptedBy], '', at) !== 'accepted';
      if (!isEarlier && !isNew) return;
      await client.write(async (writes) => {
        writes.update(found.ref, {
          ...(isEarlier && { firstPushAt: FieldValue.minimum(at) }),
          ...(isNew && { [`trials.${acceptedBy}`]: { acceptedAt: at } satisfies Trial }),
        });
      });
    },

    claimTrial: (campaignId, provider, by, until, now) =>
      client.write(async (writes) => {
        const found = await find(campaignId);
        if (!found) return 'accepted';
        const turn = turnOf(toCampaign(found).trials?.[provider], by, now);
        if (turn === 'ours')
          writes.update(
            found.ref,
            { [`trials.${provider}`]: { by, until } satisfies Trial },
            unchanged(found),
          );
        return turn;
      }),
  } satisfies Partial<Store>;
}
