import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  allFailures,
  claimed,
  finish,
  leaseOf,
  lonelyChunk,
  MINUTE,
  NOW,
  pageOf,
  person,
  running,
} from '../contracts/store-fixture.ts';
import { failed, trigger } from '../contracts/store-triggers.ts';
import { deliveryOf, webhookOf } from '../contracts/store-webhooks.ts';
import { makeFolder, openStore } from './folder.ts';

const DAY = 24 * 60 * MINUTE;

test('what was kept long enough is removed in steps, the rest is not', async (t) => {
  const { store, connection } = openStore(t, join(makeFolder(t), 'store.db'));
  const rows = (table: string) =>
    connection.prepare(`SELECT count(*) AS n FROM ${table}`).get()!.n as number;
  const closed = async (at: number, audience = {}) => {
    const campaignId = await running(store, 1, { audience });
    await store.freezePage(pageOf(campaignId, [2], { last: true }));
    const chunkId = `${campaignId}.0.0.0`;
    await finish(store, chunkId, at, [0]);
    return { campaignId, chunkId };
  };
  const old = await Promise.all([closed(NOW - 40 * DAY), closed(NOW - 31 * DAY)]);
  const young = await closed(NOW - 29 * DAY);
  const [single, later] = [
    await closed(NOW - 31 * DAY, { userIds: ['u'] }),
    await closed(NOW - 29 * DAY, { userIds: ['u'] }),
  ];
  const open = await lonelyChunk(store, 3);
  await store.putInstallations([person('a', { userId: 'u' })]);
  await store.deleteInstallation('default', 'a');
  await store.importInstallations([person('b')], { run: 'long-ago', now: NOW - 9 * DAY });
  await store.importInstallations([person('b')], { run: 'lately', now: NOW });

  const webhook = webhookOf();
  await store.addWebhook(webhook, 9);
  await store.createDeliveries([
    deliveryOf(webhook.id, { createdAt: NOW - 31 * DAY, state: 'delivered', nextAt: null }),
    deliveryOf(webhook.id, { createdAt: NOW - 29 * DAY, state: 'delivered', nextAt: null }),
  ]);
  await store.putTrigger(trigger('orders'));
  await store.putFailedPing(failed('orders', 'old', NOW - 31 * DAY));
  await store.putFailedPing(failed('orders', 'young', NOW - 29 * DAY));

  let steps = 0;
  while (await store.expire(NOW - 30 * DAY, NOW)) assert.ok(++steps < 50);
  for (const { campaignId, chunkId } of old) {
    assert.deepEqual(await allFailures(store, campaignId), []);
    assert.deepEqual(await store.claimChunk(chunkId, leaseOf('x'), NOW), { kind: 'missing' });
    assert.equal((await store.counts(campaignId)).failed, 1, 'the report stays');
  }
  assert.equal((await allFailures(store, young.campaignId)).length, 1);
  claimed(await store.claimChunk(open.chunkId, leaseOf('x'), NOW));
  assert.equal(rows('chunk_recipients'), 3);
  assert.equal(await store.getCampaign(single.campaignId), null, 'it was to those it named');
  assert.deepEqual(await store.timeline(single.campaignId, 0), []);
  assert.ok(await store.getCampaign(later.campaignId));
  assert.equal(rows('import_marks'), 1);
  assert.equal(rows('deliveries'), 1);
  assert.equal(rows('failed_pings'), 1);
  assert.equal(await store.pruneInstallations('default', 'long-ago', null, true), null);
  assert.ok(await store.pruneInstallations('default', 'lately', null, true));

  assert.equal(rows('former_users'), 1);
  while (await store.expire(Number.MAX_SAFE_INTEGER, NOW)) assert.ok(++steps < 100);
  assert.equal(rows('former_users'), 0);
});

test('what is kept for caps goes when no cap counts it, whatever was skipped since', async (t) => {
  const { store, connection } = openStore(t, join(makeFolder(t), 'store.db'));
  const sets = () => connection.prepare('SELECT count(*) AS n FROM caps').get()!.n;
  const caps = [{ max: 1, per: '24h' }];
  for (const now of [NOW, NOW + DAY / 2]) {
    const page = pageOf(await running(store), [1], { last: true, caps, now });
    page.chunks[0]!.recipients = [{ installationId: 'a', token: '-' }];
    await store.freezePage(page);
  }
  while (await store.expire(0, NOW + DAY)) {}
  assert.equal(sets(), 1);
  while (await store.expire(0, NOW + DAY + 1)) {}
  assert.equal(sets(), 0);
});
