/** A campaign to a million recipients, of which one shard is frozen and sent: all that one device costs. */

import { BUCKETS, bucketOf } from '../../../functions/model/bucket.ts';
import type { Campaign } from '../../../functions/model/campaign.ts';
import type { Recipient } from '../../../functions/model/chunk.ts';
import { shardsFor } from '../../../functions/model/sizes.ts';
import type { FrozenPage, Store } from '../../../functions/ports/ports.ts';
import {
  claimed,
  commitOf,
  finish,
  leaseOf,
  NOW,
  pageOf,
  running,
} from '../../contracts/store-fixture.ts';

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

/** The campaign, sent to `ids` in their order. `cursorOf`: the end of a page, by the place of its last. `settle` ends a chunk. */
export async function sentToMillion(
  store: Store,
  ids: string[],
  rest: Partial<Campaign>,
  cursorOf = (last: number): FrozenPage['cursor'] => ({
    bucket: bucketOf(ids[last]!),
    id: ids[last]!,
  }),
  settle: (store: Store, chunkId: string) => Promise<unknown> = finish,
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
    for (const chunk of frozen.chunks) await settle(store, chunk.id);
  }
  return (await store.getCampaign(campaignId))!;
}

/** For `settle`: all recipients of the chunk fail. */
export async function failAll(store: Store, chunkId: string) {
  const { recipients } = claimed(await store.claimChunk(chunkId, leaseOf(chunkId), NOW)).chunk;
  const failed = [...recipients.keys()];
  const commit = commitOf(chunkId, chunkId, { failed, open: [] });
  for (const it of commit.failures) Object.assign(it, recipients[it.index]);
  await store.commitChunk(commit);
}

/** The retry of a campaign, planned as planners do, and not sent. */
export async function retryOf(store: Store, { id, createdAt }: Campaign): Promise<Campaign> {
  const campaignId = await running(store, 1, { createdAt, retryOf: id });
  let after: string | null = null;
  let page = 0;
  do {
    const { items, next }: Awaited<ReturnType<Store['listFailures']>> = await store.listFailures(
      id,
      after,
      PAGE,
    );
    const cursor = next === null ? { bucket: 1, id: '' } : { bucket: 0, id: next };
    const frozen = pageOf(campaignId, [1], { page, cursor, last: next === null });
    frozen.chunks[0]!.recipients = items.map(({ installationId }) => ({
      installationId,
      token: `new token of ${installationId}`,
    }));
    await store.freezePage(frozen);
    after = next;
    page += 1;
  } while (after !== null);
  return (await store.getCampaign(campaignId))!;
}
