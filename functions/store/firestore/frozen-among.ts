/** Which of some installations a campaign has frozen: by the ids of chunks, and without their tokens. */

import { each } from '../../lib/concurrency.ts';
import type { Store } from '../../ports/ports.ts';
import { idsIn } from '../recipients.ts';
import { hasNamedShards } from '../traces.ts';
import { findCampaign, toCampaign } from './campaign-fields.ts';
import type { Context } from './context.ts';
import { type Place, partsWith } from './page-search.ts';
import type { ShardFields } from './schema.ts';
import { shardsOf } from './shards.ts';
import { SHARDS_AT_ONCE, shardsWith } from './user-chunks.ts';

export const firestoreFrozenAmong = (context: Pick<Context, 'client' | 'schema'>) =>
  ({
    async frozenAmong(campaignId, ids) {
      const { client, schema } = context;
      const found = ids.length > 0 && (await findCampaign(client, schema, campaignId));
      const campaign = found ? toCampaign(found) : null;
      if (!campaign || campaign.shards === 0) return new Set();
      // those of a list lie where its names do
      const isOrdered = !hasNamedShards(campaign) && campaign.retryOf === undefined;
      const shards = isOrdered
        ? await shardsWith(context, campaign, [...new Set(ids)])
        : (await shardsOf(context, campaignId)).map((it) => ({
            shard: it.data() as ShardFields,
            within: ids,
          }));
      const place = (within: string[]): Place =>
        isOrdered ? { in: 'the order of ids', ids: within } : { in: 'any page' };
      const frozen = await each(shards, SHARDS_AT_ONCE, async ({ shard, within }) => {
        const wanted = new Set(within);
        const parts = await partsWith(context, shard, place(within), ['ids']);
        return parts.flatMap(({ packed }) => idsIn(packed.ids).filter((it) => wanted.has(it)));
      });
      return new Set(frozen.flat());
    },
  }) satisfies Partial<Store>;
