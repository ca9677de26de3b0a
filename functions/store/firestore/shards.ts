/** Shards: what is counted in them, and how they close, the last one with its campaign. */

import { type DocumentSnapshot, FieldValue } from '@google-cloud/firestore';
import { type CampaignState, type Counts, noCounts, SYSTEM } from '../../pipeline/campaign.ts';
import { closedEvent } from '../../pipeline/events.ts';
import type { Shard, Store } from '../../ports.ts';
import { addCounts } from '../counts.ts';
import { expiryOf, historyWith, toCampaign } from './campaigns.ts';
import { type Client, unchanged } from './client.ts';
import type { EventWriter } from './events.ts';
import {
  BY_NAME,
  byReason,
  type CampaignFields,
  END,
  isId,
  type Schema,
  type ShardFields,
} from './schema.ts';

export function firestoreShards(
  client: Client,
  schema: Schema,
  retentionDays: number,
  events: EventWriter,
) {
  async function shardsOf(campaignId: string): Promise<Shard[]> {
    if (!isId(campaignId)) return [];
    const query = schema.shards
      .orderBy(BY_NAME)
      .startAt(`${campaignId}${END}`)
      .endBefore(`${campaignId}${END}${END}`);
    return (await client.read(() => query.get())).docs.map(toShard);
  }

  async function counts(campaignId: string): Promise<Counts> {
    const shards = await shardsOf(campaignId);
    return shards.map((it) => it.counts).reduce(addCounts, noCounts());
  }

  return {
    counts,

    async getShard(campaignId, index) {
      const [found] = isId(campaignId) ? await client.get([schema.shard(campaignId, index)]) : [];
      return found?.exists ? toShard(found) : null;
    },

    async openShards(campaignId) {
      return (await shardsOf(campaignId)).filter((it) => !it.planned);
    },

    /**
     * Closes a shard that is planned and all of whose chunks are done, and the campaign with its
     * last shard; gives the state of a campaign that this call closed, and what is counted in the
     * shard. It is called by whoever
     * freezes the last page or finishes a chunk, just after that: were it in the same transaction,
     * each chunk would wait for the others of its shard. Who dies in between is made up for by who
     * gets that task again, or by the sweep.
     */
    closeShard: (
      campaignId: string,
      index: number,
      now: number,
    ): Promise<{ closed: CampaignState | null; shard?: Counts }> =>
      client.write(async (writes) => {
        const [shard] = await client.get([schema.shard(campaignId, index)]);
        if (!shard?.exists) return { closed: null };
        const counted = { closed: null, shard: toShard(shard).counts };
        if (!isComplete(shard)) return counted;
        const [campaign] = await client.get([schema.campaign(campaignId)]);
        if (!campaign?.exists) return counted;
        const fields = campaign.data() as CampaignFields;
        const { shards, shardsDone, state } = fields;
        const closed = state === 'cancelling' ? 'cancelled' : 'completed';
        const isLast = shardsDone + 1 === shards;
        const end = { state: closed, reason: null, closedAt: now } as const;
        // nothing counts in its shards any more
        const sum = isLast && (await counts(campaignId));
        const expires = expiryOf(fields, now, retentionDays);
        writes.update(
          shard.ref,
          { closed: true, due: FieldValue.delete(), ...(isLast && expires) },
          unchanged(shard),
        );
        // not before: another one may be paused for months, and their sums are still asked for
        if (isLast && 'expireAt' in expires)
          for (let other = 0; other < shards; other++)
            if (other !== index) writes.update(schema.shard(campaignId, other), expires);
        writes.update(
          campaign.ref,
          {
            shardsDone: shardsDone + 1,
            ...(sum && {
              ...end,
              ...expires,
              ...{ open: FieldValue.delete(), due: FieldValue.delete() },
              ...historyWith(fields, {
                ...{ at: now, by: SYSTEM, from: state, to: closed, reason: null },
              }),
              ...events.append(writes, fields, (seq) =>
                closedEvent({ ...toCampaign(campaign), ...end }, sum, seq),
              ),
            }),
          },
          unchanged(campaign),
        );
        return { ...counted, closed: isLast ? closed : null };
      }),
  } satisfies Partial<Store> & Record<string, unknown>;
}

function isComplete(shard: DocumentSnapshot): boolean {
  const { planned, closed, chunks, chunksDone } = shard.data() as ShardFields;
  return planned && !closed && chunks === chunksDone;
}

function toShard(found: DocumentSnapshot): Shard {
  const it = found.data() as ShardFields;
  const counts: Counts = {
    ...{ recipients: it.recipients, accepted: it.accepted, failed: it.failed, skipped: it.skipped },
    reasons: byReason(it.reasons),
    ...(it.missing && { missing: byReason(it.missing) }),
    ...(it.pruned && { pruned: byReason(it.pruned) }),
  };
  return {
    ...{ campaignId: it.campaignId, index: it.index, from: it.from, to: it.to },
    pages: it.pages,
    cursor: it.cursorBucket === null ? null : { bucket: it.cursorBucket, id: it.cursorId ?? '' },
    ...{ planned: it.planned, chunks: it.chunks, chunksDone: it.chunksDone, counts },
  };
}
