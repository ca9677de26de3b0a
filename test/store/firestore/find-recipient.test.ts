/** What it costs to find one device in a campaign to a million recipients. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUCKETS, bucketOf } from '../../../functions/model/bucket.ts';
import type { Campaign } from '../../../functions/model/campaign.ts';
import type { Recipient } from '../../../functions/model/chunk.ts';
import { shardsFor } from '../../../functions/model/sizes.ts';
import type { FrozenPage, Store } from '../../../functions/ports/ports.ts';
import { finish, NOW, pageOf, running } from '../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../emulators.ts';
import { takeCosts, total } from './costs.ts';
import { openThroughProxy } from './emulated.ts';

const skip = withoutEmulators('firestore');

const MILLION = 1_000_000;
/** Recipients of a page and of its first chunk; the second one is of another provider. */
const [PAGE, FIRST] = [2_000, 1_300];
/** The one that is filled; the others of the campaign are there, and empty. */
const SHARD = 5;

/** Names in this shard, in the order of their buckets: as many as it has of a million. */
function namesIn(shards: number): string[] {
  const names = Array.from({ length: MILLION }, (_, i) => `device-${i}`);
  const here = names
    .map((id) => ({ id, bucket: bucketOf(id) }))
    .filter(({ bucket }) => Math.floor((bucket * shards) / BUCKETS) === SHARD);
  return here.sort((a, b) => a.bucket - b.bucket).map(({ id }) => id);
}

/** A campaign to a million, of which one shard is frozen and sent to `ids`. */
async function sentTo(
  store: Store,
  ids: string[],
  rest: Partial<Campaign>,
  cursorOf: (last: number) => FrozenPage['cursor'],
) {
  const shards = shardsFor(MILLION);
  const campaignId = await running(store, shards, rest);
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

test('a device is found among a million recipients by about 20 reads', { skip }, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const ids = namesIn(shardsFor(MILLION));
  assert.ok(ids.length > 60_000, `${ids.length}`);
  const nothing = { token: null, userId: null, listedBy: null };
  const lookUp = async (campaign: Campaign, installationId: string, names = {}) => {
    takeCosts(proxy);
    const found = await store.findRecipient(campaign, { installationId, ...nothing, ...names });
    return { found, reads: total(takeCosts(proxy).reads) };
  };
  const some = [0, 1, FIRST, PAGE, 3 * PAGE - 1, 20_011, 31_977, 44_444, ids.length - 1];
  const strangers = namesIn(shardsFor(MILLION))
    .slice(0, 4)
    .map((it) => `${it}x`);
  const spent: number[] = [];

  const campaign = await sentTo(store, ids, { createdAt: NOW }, (last) => ({
    bucket: bucketOf(ids[last]!),
    id: ids[last]!,
  }));
  for (const at of some) {
    const { found, reads } = await lookUp(campaign, ids[at]!);
    assert.deepEqual(
      found.recipients.map((it) => [it.state, it.shard]),
      [['accepted', SHARD]],
      `${at}`,
    );
    spent.push(reads);
  }
  for (const id of strangers) {
    const { found, reads } = await lookUp(campaign, id);
    assert.deepEqual(found.recipients, [], id);
    spent.push(reads);
  }
  t.diagnostic(`to an audience: ${spent.join(' ')} reads`);
  assert.ok(Math.max(...spent) <= 20, spent.join(' '));

  // devices of an upload of user ids are in the order of those
  const devices = ids.map((_, i) => `of-user-${i}`);
  const audience = { upload: 'f'.repeat(20) };
  const listed = await sentTo(store, devices, { createdAt: NOW, audience }, (last) => {
    const name = ids[last]!;
    // a page ends within the batch that follows a name, or with a name
    const isWithin = Math.floor(last / PAGE) % 3 !== 0;
    const before = ids[Math.max(0, last - 40)]!;
    return isWithin
      ? { bucket: bucketOf(before), id: `17:device=${before}` }
      : { bucket: bucketOf(name), id: `=${name}` };
  });
  const ofUpload: number[] = [];
  for (const at of some) {
    const names = { userId: ids[at]!, listedBy: 'userIds' as const };
    const { found, reads } = await lookUp(listed, devices[at]!, names);
    assert.equal(found.recipients.length, 1, `${at}`);
    ofUpload.push(reads);
  }
  t.diagnostic(`to an upload: ${ofUpload.join(' ')} reads`);
  assert.ok(Math.max(...ofUpload) <= 20, ofUpload.join(' '));
});
