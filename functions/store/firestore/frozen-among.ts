/** Which of some installations a campaign has frozen: by the ids of chunks, and without their tokens. */

import type { DocumentSnapshot } from '@google-cloud/firestore';
import { each } from '../../lib/concurrency.ts';
import type { Store } from '../../ports/ports.ts';
import { idsIn } from '../recipients.ts';
import { findCampaign, toCampaign } from './campaign-fields.ts';
import type { Context } from './context.ts';
import { partsWith } from './page-search.ts';
import { remembering } from './remembering.ts';
import { SHARDS_AT_ONCE, shardsWith } from './user-chunks.ts';

/**
 * Documents that are kept, of 80 kB at most: a wave that is planned page by page reads those of the waves before
 * once. It has a shard and about one list of recipients of each of them, at a time.
 */
const MOST = 128;

export function firestoreFrozenAmong({ client, schema }: Pick<Context, 'client' | 'schema'>) {
  const lists = schema.recipients('any').parent.path;
  // a campaign that has begun, and a shard that is planned; only an erasure changes what is frozen in it. The
  // last page of a shard has no recipient
  const isFinal = (it: DocumentSnapshot) =>
    it.ref.parent.path === lists ||
    (it.exists && it.get('planned') !== false && it.get('shards') !== 0);
  const context = { client: remembering(client, { isFinal, most: MOST }), schema };
  return {
    async frozenAmong(campaignId, ids, waves) {
      const found = ids.length > 0 && (await findCampaign(context.client, schema, campaignId));
      const campaign = found ? toCampaign(found) : null;
      if (!campaign || campaign.shards === 0) return new Set();
      const shards = await shardsWith(context, campaign, [...new Set(ids)], waves);
      const frozen = await each(shards, SHARDS_AT_ONCE, async ({ shard, within }) => {
        const wanted = new Set(within);
        const place = { in: 'the order of ids', ids: within } as const;
        const parts = await partsWith(context, shard, place, ['ids']);
        return parts.flatMap(({ packed }) => idsIn(packed.ids).filter((it) => wanted.has(it)));
      });
      return new Set(frozen.flat());
    },
  } satisfies Partial<Store>;
}
