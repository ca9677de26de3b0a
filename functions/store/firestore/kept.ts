/** Reads what is kept of a campaign's recipients. */

import { Expired } from '../../lib/errors.ts';
import { beginOf, DAY_MS } from '../../model/timing.ts';
import { pagesFrom } from '../bucket-search.ts';
import type { KeptSource } from '../kept.ts';
import { findCampaign, outcomeIn } from './campaign-fields.ts';
import type { Context } from './context.ts';
import { outcomesOf, packedOf } from './recipients.ts';
import type { CampaignFields, ChunkFields, ShardFields } from './schema.ts';
import { shardsOf } from './shards.ts';

type Reader = Pick<Context, 'client' | 'schema' | 'retentionDays'>;

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
        const { index, from, to, pages, chunks, parts = 0 } = it.data() as ShardFields;
        return { index, from, to, pages, chunks, parts };
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
        const { id, provider, environment } = chunk;
        return { id, provider, environment, ids, outcomes: outcomesOf(chunk) };
      });
    },

    async messageOf(campaignId) {
      const found = await findCampaign(client, schema, campaignId);
      return (found && outcomeIn(found.data() as CampaignFields))?.chunks ?? null;
    },
  };
};
