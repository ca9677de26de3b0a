/** How shards close, and the campaign with its last shard. */

import { type DocumentSnapshot, FieldValue, type Transaction } from '@google-cloud/firestore';
import { type CampaignState, type Counts, SYSTEM } from '../../model/campaign.ts';
import { closedEvent } from '../../model/campaign-events.ts';
import { expiryOf, historyWith, toCampaign } from './campaign-fields.ts';
import { unchanged } from './client.ts';
import type { Context } from './context.ts';
import type { CampaignFields, ShardFields } from './schema.ts';
import { countsOf, toShard } from './shards.ts';

export type CloseShard = (
  campaignId: string,
  index: number,
  now: number,
) => Promise<{ closed: CampaignState | null; shard?: Counts }>;

/**
 * Closes a shard that is planned and all of whose chunks are done, and the campaign with its last
 * shard. Gives the state of a campaign that this call closed, and what is counted in the shard.
 *
 * It is called just after the last page is frozen or a chunk is done: were it in the same
 * transaction, each chunk would wait for the others of its shard. Hundreds of shards may close in
 * the same second: each adds 1 to its campaign without a condition, so none makes another one fail,
 * and looks whether it was the last one afterwards. It stays `due` until then: if its process dies
 * in between, the task that is delivered again or the sweep does the rest.
 */
export const firestoreClose =
  (context: Context): CloseShard =>
  async (campaignId, index, now) => {
    const counted = await countDone(context, { campaignId, index }, now);
    if (!counted) return { closed: null };
    const { shard, closed, isDue } = counted;
    return {
      shard,
      closed: isDue ? await endIfDone(context, { campaignId, index }, now) : closed,
    };
  };

interface ShardKey {
  campaignId: string;
  index: number;
}

/**
 * Counts a shard that is complete as done, once; with it ends its campaign if all others were counted
 * before. `isDue`: the campaign may have to be ended by `endIfDone`.
 */
function countDone(context: Context, { campaignId, index }: ShardKey, now: number) {
  const { client, schema } = context;
  return client.write(async (writes) => {
    const [found] = await client.get([schema.shard(campaignId, index)]);
    if (!found?.exists) return null;
    const shard = found.data() as ShardFields;
    const told = { shard: toShard(found).counts, closed: null, isDue: false };
    if (!shard.planned || shard.chunks !== shard.chunksDone) return told;
    if (shard.closed) return { ...told, isDue: shard.due !== undefined };
    const [campaign] = await client.get([schema.campaign(campaignId)]);
    if (!campaign?.exists) return told;
    const { shards, shardsDone } = campaign.data() as CampaignFields;
    if (shardsDone + 1 === shards) {
      const { closed, expires } = await end(context, writes, { campaign, index, now });
      const change = { closed: true, due: FieldValue.delete(), ...expires };
      writes.update(found.ref, change, unchanged(found));
      return { ...told, closed };
    }
    writes.update(found.ref, { closed: true }, unchanged(found));
    writes.update(campaign.ref, { shardsDone: FieldValue.increment(1) });
    return { ...told, isDue: true };
  });
}

/** Ends the campaign if all of its shards are counted; this one is not due any more. */
function endIfDone(context: Context, { campaignId, index }: ShardKey, now: number) {
  const { client, schema } = context;
  return client.write(async (writes) => {
    const [campaign] = await client.get([schema.campaign(campaignId)]);
    const {
      shards = 0,
      shardsDone = 0,
      closedAt = 0,
    } = (campaign?.data() ?? {}) as Partial<CampaignFields>;
    const isLast = campaign?.exists && shardsDone === shards && closedAt === null;
    const ended = isLast ? await end(context, writes, { campaign, index, now }) : null;
    const change = { due: FieldValue.delete(), ...ended?.expires };
    writes.update(schema.shard(campaignId, index), change);
    return ended?.closed ?? null;
  });
}

/**
 * Writes the end of a campaign all of whose shards are closed, under the condition that it has not
 * changed. Gives the state it ends in, and what that changes in its shards. `index`: the shard that the
 * caller writes.
 */
async function end(
  context: Context,
  writes: Transaction,
  { campaign, index, now }: { campaign: DocumentSnapshot; index: number; now: number },
) {
  const { schema, retentionDays, events } = context;
  const fields = campaign.data() as CampaignFields;
  const { state, shards } = fields;
  const closed: CampaignState = state === 'cancelling' ? 'cancelled' : 'completed';
  const change = { state: closed, reason: null, closedAt: now };
  // nothing counts in its shards any more
  const sum = await countsOf(context, campaign.id);
  const expires = expiryOf(fields, now, retentionDays);
  // not before: another one may be paused for months, and their sums are still asked for
  if ('expireAt' in expires)
    for (let other = 0; other < shards; other++)
      if (other !== index) writes.update(schema.shard(campaign.id, other), expires);
  writes.update(
    campaign.ref,
    {
      ...change,
      ...expires,
      shardsDone: shards,
      open: FieldValue.delete(),
      due: FieldValue.delete(),
      ...historyWith(fields, { at: now, by: SYSTEM, from: state, to: closed, reason: null }),
      ...events.append(writes, fields, (seq) =>
        closedEvent({ ...toCampaign(campaign), ...change }, sum, seq),
      ),
    },
    unchanged(campaign),
  );
  return { closed, expires };
}
