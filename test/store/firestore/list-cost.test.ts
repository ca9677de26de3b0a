/** What lists of campaigns and lookups of devices read. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { storedView } from '../../../functions/http/campaigns/view.ts';
import { countRegistry } from '../../../functions/pipeline/audience/registry.ts';
import type { CampaignFilter, Store } from '../../../functions/ports/ports.ts';
import { campaignOf, NOW, pageOf, person, running } from '../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../emulators.ts';
import { summary, takeCosts } from './costs.ts';
import { openThroughProxy } from './emulated.ts';

const skip = withoutEmulators('firestore');

/** A campaign of so many shards that is closed. */
async function closed(store: Store, shards: number, n: number) {
  const id = await running(store, shards, { createdAt: NOW + n });
  for (let shard = 0; shard < shards; shard++)
    await store.freezePage(pageOf(id, [], { shard, last: true, skipped: 1 }));
  return id;
}

/** A page as the API shows it. */
async function rows(store: Store, limit: number, filter: CampaignFilter = {}) {
  const { items } = await store.listCampaigns(null, limit, filter);
  return Promise.all(items.map((it) => storedView({ store }, it)));
}

test('a page of 50 closed campaigns reads these campaigns, whatever their shards', {
  skip,
}, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  for (let n = 0; n < 60; n++) await closed(store, n % 3 === 0 ? 4 : 1, n);
  takeCosts(proxy);
  const page = await rows(store, 50);
  const costs = takeCosts(proxy);
  assert.equal(page.length, 50);
  assert.deepEqual(
    page.map((it) => it.counts.recipients),
    page.map((_, i) => ((59 - i) % 3 === 0 ? 4 : 1)),
  );
  // none but campaigns; a few of each of four slots more than are shown
  assert.deepEqual(Object.keys(costs.reads), ['campaigns']);
  assert.ok(costs.reads.campaigns! <= 50 + 2 * 4 + 4, summary(costs));
  t.diagnostic(`a page of 50 rows: ${summary(costs)}`);
  // messages between them cost a list of campaigns nothing
  for (let n = 0; n < 60; n++)
    await store.createCampaign(campaignOf({ kind: 'message', createdAt: NOW + n }), null, NOW);
  takeCosts(proxy);
  assert.equal((await rows(store, 50, { kinds: ['campaign'] })).length, 50);
  const apart = takeCosts(proxy);
  assert.ok(apart.reads.campaigns! <= 50 + 2 * 4 + 4, summary(apart));
});

test('a running campaign costs its shards, and the open ones are found without the others', {
  skip,
}, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const open = campaignOf({ state: 'scheduled', createdAt: NOW - 1 });
  await store.createCampaign(open, null, NOW);
  await running(store, 3, { createdAt: NOW - 2 });
  for (let n = 0; n < 40; n++) await closed(store, 1, n);
  takeCosts(proxy);
  const page = await rows(store, 50, { states: ['scheduled', 'running'] });
  assert.equal(page.length, 2);
  // the empty answer about counters is billed as a read
  assert.deepEqual(takeCosts(proxy).reads, { '(count)': 1, campaigns: 2, shards: 3, counters: 1 });
});

test('a lookup reads what it finds, and a small app is counted by its devices', {
  skip,
}, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const devices = Array.from({ length: 40 }, (_, n) =>
    person(`device-${n}`, { userId: `user-${n % 20}` }),
  );
  await store.putInstallations(devices);
  takeCosts(proxy);
  await store.installationsWithTokens('default', [devices[7]!.token]);
  assert.deepEqual(takeCosts(proxy).reads, { tokens: 1, installations: 1 });
  await store.installationsOfUser('default', 'user-7', null, 20);
  // the empty answer that ends the list is billed as a read
  assert.deepEqual(takeCosts(proxy).reads, { installations: 3 });
  const { installations, exact } = await countRegistry({ store }, 'default');
  assert.deepEqual([installations, exact], [40, true]);
  const { reads } = takeCosts(proxy);
  // of four queries each ends with an empty answer
  assert.ok(reads.installations! <= 40 + 8, JSON.stringify(reads));
});
