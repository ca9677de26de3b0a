/** Reads what is kept of a campaign's recipients. */

import { Expired } from '../../lib/errors.ts';
import type { Failure } from '../../model/chunk.ts';
import { beginOf, DAY_MS } from '../../model/timing.ts';
import { pagesFrom } from '../bucket-search.ts';
import type { KeptSource } from '../kept.ts';
import { findCampaign, outcomeIn } from './campaign-fields.ts';
import type { Context } from './context.ts';
import { outcomesOf, packedOf } from './recipients.ts';
import type { CampaignFields, ChunkFields, ShardFields } from './schema.ts';
import { pagesOf, shardsOf } from './shards.ts';
import { failuresOf } from './user-records.ts';

type Reader = Pick<Context, 'client' | 'schema' | 'retentionDays'>;

async function messageIn({ client, schema }: Reader, campaignId: string) {
  const found = await findCampaign(client, schema, campaignId);
  return found && outcomeIn(found.data() as CampaignFields);
}

export const firestoreKept = (context: Reader): KeptSource => {
  const { client, schema, retentionDays } = context;
  return {
    // a chunk is kept from when it is done, so at least so long from the beginning
    async checkKept(campaign) {
      if (client.now() < beginOf(campaign) + retentionDays * DAY_MS) return;
      throw new Expired(
        `the recipients of the campaign ${campaign.id} are deleted: its retention has ended`,
      );
    },

    async shardsOf(campaignId) {
      return (await shardsOf(context, campaignId)).map((it) => {
        const shard = it.data() as ShardFields;
        const { index, from, to, chunks, parts = 0 } = shard;
        return { index, from, to, pages: pagesOf(shard), chunks, parts };
      });
    },

    async pageOf(campaignId, { index, parts = 0 }, page) {
      const ids = pagesFrom(0, parts - 1).map((part) => `${campaignId}.${index}.${page}.${part}`);
      const [chunks, recipients] = await Promise.all([
        client.get(ids.map((it) => schema.chunk(it))),
        client.get(ids.map((it) => schema.recipients(it))),
      ]);
      return chunks.flatMap((found, i) => {
        if (!found.exists) return [];
        const chunk = found.data() as ChunkFields;
        // older versions have the recipients in the chunk
        if (!recipients[i]?.exists && chunk.recipients === undefined)
          throw new Expired(`the recipients of the chunk ${chunk.id} are deleted`);
        const { ids } = packedOf(chunk, recipients[i]);
        const { id, provider, environment, releasedAt = null } = chunk;
        return { id, provider, environment, releasedAt, ids, outcomes: outcomesOf(chunk) };
      });
    },

    async messageOf(campaignId) {
      const outcome = await messageIn(context, campaignId);
      return outcome?.chunks.map((it) => ({ ...it, releasedAt: outcome.startedAt })) ?? null;
    },

    async failuresOf(campaignId, id) {
      const found = await failuresOf(context, { chunk: { id, campaignId }, indices: null });
      const failures = found.flatMap((it) => it.all);
      if (found.length > 0)
        return failures.map((it): Failure => ({ campaignId, chunkId: id, ...it }));
      const outcome = await messageIn(context, campaignId);
      return outcome?.failures.filter((it) => it.chunkId === id) ?? [];
    },
  };
};
