/** The first push of a campaign, and which process tries its message at a provider. */

import { FieldValue } from '@google-cloud/firestore';
import type { Trial } from '../../model/campaign.ts';
import type { Provider } from '../../model/provider/registry.ts';
import type { Store, TrialClaim } from '../../ports/ports.ts';
import { turnOf } from '../timeline.ts';
import { findCampaign, toCampaign } from './campaign-fields.ts';
import { unchanged } from './client.ts';
import type { Context } from './context.ts';

export const firestoreTrials = (context: Context) =>
  ({
    notePush: (campaignId, at, acceptedBy) => notePush(context, campaignId, at, acceptedBy),
    claimTrial: (trial) => claimTrial(context, trial),
  }) satisfies Partial<Store>;

async function notePush(
  { client, schema }: Context,
  campaignId: string,
  at: number,
  acceptedBy?: Provider,
) {
  const found = await findCampaign(client, schema, campaignId);
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
}

function claimTrial({ client, schema }: Context, claim: TrialClaim) {
  const { campaignId, provider, by, until, now } = claim;
  return client.write(async (writes) => {
    const found = await findCampaign(client, schema, campaignId);
    if (!found) return 'accepted';
    const turn = turnOf(toCampaign(found).trials?.[provider], by, now);
    if (turn === 'ours') {
      const trial: Trial = { by, until };
      writes.update(found.ref, { [`trials.${provider}`]: trial }, unchanged(found));
    }
    return turn;
  });
}
