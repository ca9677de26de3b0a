/** A campaign to a million recipients, of which one shard is frozen and sent: all that one device costs. */

import { BUCKETS, bucketOf } from '../../../functions/model/bucket.ts';
import type { Campaign } from '../../../functions/model/campaign.ts';
import type { Recipient } from '../../../functions/model/chunk.ts';
import { shardsFor } from '../../../functions/model/sizes.ts';
import type { FrozenPage, Store } from '../../../functions/ports/ports.ts';
import { finish, pageOf, running } from '../../contracts/store-fixture.ts';

const MILLION = 1_000_000;
/** Recipients of a page, and of its first chunk; the second one is of another provider. */
export const [PAGE, FIRST] = [2_000, 1_300];
/** The one that is filled; the others of the campaign are there, and empty. */
export const SHARD = 5;

/** Names that lie in the shard, in the order of their buckets: as many as it has of a million. */
export function namesInShard(): string[] {
  const shards = shardsFor(MILLION);
  const all = Array.from({ length: MILLION }, (_, i) => `device-${i}`);
  return all
    .map((id) => ({ id, bucket: bucketOf(id) }))
    .filter(({ bucket }) => Math.floor((bucket * shards) / BUCKETS) === SHARD)
    .sort((a, b) => a.bucket - b.bucket)
    .map(({ id }) => id);
}

/** The campaign, sent to `ids` in their order. `cursorOf`: the end of a page, by the place of its last. */
export async function sentToMillion(
  store: Store,
  ids: string[],
  rest: Partial<Campaign>,
  cursorOf = (last: number): FrozenPage['cursor'] => ({
    bucket: bucketOf(ids[last]!),
    id: ids[last]!,
  }),
): Promise<Campaign> {
  const campaignId = await running(store, shardsFor(MILLION), rest);
  for (let page = 0; page * PAGE < ids.length; page++) {
    const here = ids.slice(page * PAGE, (page + 1) * PAGE);
    const last = (page + 1) * PAGE >= ids.length;
    const cursor = cursorOf(page * PAGE + here.length - 1);
    const frozen = pageOf(campaignId, [1, 1], { shard: SHARD, page, last, cursor });
    const parts = [here.slice(0, FIRST), here.slice(FIRST)];
    for (const [i, chunk] of frozen.chunks.entries())
      chunk.recipients = parts[i]!.map(
        (installationId): Recipient => ({ installationId, token: `token of ${installationId}` }),
      );
    frozen.chunks = frozen.chunks.filter((it) => it.recipients.length > 0);
    await store.freezePage(frozen);
    for (const chunk of frozen.chunks) await finish(store, chunk.id);
  }
  return (await store.getCampaign(campaignId))!;
}
