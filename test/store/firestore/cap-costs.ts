/** What caps cost on Firestore: campaigns to the recipients of a shard, and what a million takes by that. */

import assert from 'node:assert/strict';
import type { Cap } from '../../../functions/model/app-policy.ts';
import type { Store } from '../../../functions/ports/ports.ts';
import { chunkOf, NOW, pageOf, running } from '../../contracts/store-fixture.ts';
import type { Costs } from './costs.ts';

/** A million has as many shards. */
const SHARDS = 16;

export const pageTo = (
  campaignId: string,
  page: number,
  ids: string[],
  caps: Cap[],
  now = NOW,
) => ({
  ...pageOf(campaignId, [], { page, caps, now }),
  chunks: [
    {
      ...chunkOf(campaignId, [0, page, 0], 0),
      recipients: ids.map((id) => ({ installationId: id, token: `token of ${id}` })),
    },
  ],
});

/** A campaign to these, in pages of so many. */
export async function sendTo(
  store: Store,
  ids: string[],
  { size, caps, now = NOW }: { size: number; caps: Cap[]; now?: number },
) {
  const id = await running(store);
  for (let page = 0; page * size < ids.length; page++) {
    const some = ids.slice(page * size, (page + 1) * size);
    assert.equal((await store.freezePage(pageTo(id, page, some, caps, now))).kind, 'frozen');
  }
  return store.counts(id);
}

/** Reads and writes for caps of a million, by those of a shard. */
export const aMillion = ({ reads, writes }: Costs) => {
  const of = (counts: Record<string, number>) =>
    SHARDS * ((counts.caps ?? 0) + (counts.capStarts ?? 0));
  return { reads: of(reads), writes: of(writes) };
};
