/** What it costs to find one device in a campaign to a million recipients. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bucketOf } from '../../../functions/model/bucket.ts';
import type { Campaign } from '../../../functions/model/campaign.ts';
import { NOW } from '../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../emulators.ts';
import { takeCosts, total } from './costs.ts';
import { openThroughProxy } from './emulated.ts';
import { FIRST, failAll, namesInShard, PAGE, retryOf, SHARD, sentToMillion } from './million.ts';

const skip = withoutEmulators('firestore');

test('a device is found among a million recipients by about 20 reads', { skip }, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const ids = namesInShard();
  assert.ok(ids.length > 60_000, `${ids.length}`);
  const nothing = { token: null, userId: null, listedBy: null };
  const lookUp = async (campaign: Campaign, installationId: string, names = {}) => {
    takeCosts(proxy);
    const found = await store.findRecipient(campaign, { installationId, ...nothing, ...names });
    return { found, reads: total(takeCosts(proxy).reads) };
  };
  const some = [0, 1, FIRST, PAGE, 3 * PAGE - 1, 20_011, 31_977, 44_444, ids.length - 1];
  const strangers = ids.slice(0, 4).map((it) => `${it}x`);
  const spent: number[] = [];

  const campaign = await sentToMillion(store, ids, { createdAt: NOW });
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
  const listed = await sentToMillion(store, devices, { createdAt: NOW, audience }, (last) => {
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

  // in the order of the failures that it repeats, which is another one
  const failed = await sentToMillion(store, ids, { createdAt: NOW }, undefined, failAll);
  const retry = await retryOf(store, failed);
  const ofRetry: number[] = [];
  for (const at of some) {
    const { found, reads } = await lookUp(retry, ids[at]!);
    assert.deepEqual(
      found.recipients.map((it) => [it.state, it.shard]),
      [['open', 0]],
      `${at}`,
    );
    ofRetry.push(reads);
  }
  t.diagnostic(`to a retry: ${ofRetry.join(' ')} reads`);
  // both campaigns are searched
  assert.ok(Math.max(...ofRetry) <= 30, ofRetry.join(' '));
});
