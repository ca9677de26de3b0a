/** The part of the store's contract that is about webhooks and their deliveries. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CampaignEvent } from '../../functions/model/event.ts';
import { LOST_AFTER_MS } from '../../functions/model/timing.ts';
import type { Webhook, WebhookDelivery } from '../../functions/model/webhook.ts';
import { allPages, type MakeStore, MINUTE, NOW } from './store-fixture.ts';

let made = 0;
export const webhookOf = (rest: Partial<Webhook> = {}): Webhook => ({
  id: `webhook${++made}`,
  app: null,
  campaignId: null,
  description: 'Zoë',
  format: 'standard',
  url: 'https://example.com/hook',
  types: ['campaign.completed'],
  origin: 'https://api',
  secrets: [{ secret: 'whsec_AAAA', until: null }],
  createdAt: NOW,
  disabled: null,
  failingSince: null,
  ...rest,
});

const event: CampaignEvent = {
  id: 'c-completed-3',
  type: 'campaign.completed',
  subject: 'c',
  app: 'default',
  at: NOW,
  data: { name: 'Zoë "✓"' },
};

export const deliveryOf = (
  webhookId: string,
  rest: Partial<WebhookDelivery> = {},
): WebhookDelivery => ({
  id: `delivery${++made}`,
  webhookId,
  event,
  state: 'pending',
  createdAt: NOW,
  begunAt: NOW,
  tries: 0,
  attempts: [],
  nextAt: NOW,
  ...rest,
});

export function webhookContract(name: string, makeStore: MakeStore) {
  test(`${name}: a webhook is found by its id, and by what it is for`, async (t) => {
    const store = await makeStore(t);
    const [all, app, other, one] = [
      webhookOf(),
      webhookOf({ app: 'news' }),
      webhookOf({ app: 'sport' }),
      webhookOf({ campaignId: 'c1' }),
    ];
    for (const it of [all, app, other, one]) assert.equal(await store.addWebhook(it, 9), 'added');
    assert.deepEqual(await store.getWebhook(app!.id), app);
    assert.equal(await store.getWebhook('nothing'), null);
    const ids = async (...of: [string | null, string]) =>
      (await store.webhooksFor(...of)).map((it) => it.id).toSorted();
    assert.deepEqual(await ids('news', 'c1'), [all.id, app!.id, one!.id].toSorted());
    assert.deepEqual(await ids('sport', 'c2'), [all.id, other!.id].toSorted());
    assert.deepEqual(await ids(null, 'c2'), [all.id]);
    await store.changeWebhook(all.id, (it) => ({
      webhook: { ...it, disabled: { reason: 'gone', at: NOW } },
    }));
    assert.deepEqual(await ids('sport', 'c2'), [other!.id]);
    assert.equal(await store.deleteWebhook(other!.id), true);
    assert.equal(await store.deleteWebhook(other!.id), false);
    assert.deepEqual(await ids('sport', 'c2'), []);
  });

  test(`${name}: a key has so many webhooks and no more`, async (t) => {
    const store = await makeStore(t);
    for (let i = 0; i < 2; i++)
      assert.equal(await store.addWebhook(webhookOf({ app: 'news' }), 2), 'added');
    const third = webhookOf({ app: 'news' });
    assert.equal(await store.addWebhook(third, 2), 'full');
    assert.equal(await store.getWebhook(third.id), null);
    assert.equal(await store.addWebhook(webhookOf(), 2), 'added');
  });

  test(`${name}: webhooks are listed newest first, in pages without gap or double`, async (t) => {
    const store = await makeStore(t);
    for (let i = 0; i < 7; i++)
      await store.addWebhook(webhookOf({ createdAt: NOW + Math.floor(i / 2) }), 99);
    for (const limit of [1, 3, 7, 8]) {
      const listed = await allPages((after) => store.listWebhooks(after, limit), limit);
      assert.equal(new Set(listed.map((it) => it.id)).size, 7);
      const times = listed.map((it) => it.createdAt);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
      );
    }
  });

  test(`${name}: of many changes of a webhook at the same time none is lost, and their events are stored`, async (t) => {
    const store = await makeStore(t);
    const webhook = webhookOf({ description: '' });
    const { id } = webhook;
    await store.addWebhook(webhook, 9);
    await Promise.all(
      Array.from({ length: 4 }, (_, n) =>
        store.changeWebhook(id, (it) => ({
          webhook: { ...it, description: `${it.description}${n}` },
          events: [{ ...event, id: `changed-${n}`, type: 'webhook.disabled', subject: id }],
        })),
      ),
    );
    const after = (await store.getWebhook(id))!;
    assert.deepEqual([...after.description].toSorted(), ['0', '1', '2', '3']);
    assert.equal((await store.unpublished(id)).length, 4);
    assert.deepEqual(await store.changeWebhook(id, () => null), after);
    assert.equal(await store.changeWebhook('nothing', (it) => ({ webhook: it })), null);
  });

  test(`${name}: a delivery is created once, and written by who knows how often it was tried`, async (t) => {
    const store = await makeStore(t);
    const webhook = webhookOf();
    await store.addWebhook(webhook, 9);
    const delivery = deliveryOf(webhook.id);
    await store.createDeliveries([delivery]);
    await store.createDeliveries([{ ...delivery, state: 'failed' }, deliveryOf(webhook.id)]);
    assert.deepEqual(await store.getDelivery(delivery.id), delivery);
    assert.equal(await store.getDelivery('nothing'), null);
    const attempt = { at: NOW, ms: 3, status: 200, error: null };
    const tried = { ...delivery, state: 'delivered' as const, tries: 1, attempts: [attempt] };
    const both = await Promise.all([store.putDelivery(tried, 0), store.putDelivery(tried, 0)]);
    assert.ok(both.includes(true));
    assert.equal(await store.putDelivery({ ...tried, tries: 2, state: 'failed' }, 0), false);
    assert.deepEqual(await store.getDelivery(delivery.id), tried);
    assert.equal(await store.putDelivery(deliveryOf('nothing'), 0), false);
  });

  test(`${name}: a pending delivery whose attempt is long overdue is found, once`, async (t) => {
    const store = await makeStore(t);
    const [lost, later, over] = [
      deliveryOf('w1'),
      deliveryOf('w1', { nextAt: NOW + 5 }),
      deliveryOf('w2', { state: 'delivered', nextAt: null }),
    ];
    await store.createDeliveries([lost, later, over]);
    const dueAt = NOW + LOST_AFTER_MS;
    const overdueOf = ({ id: deliveryId, webhookId, tries }: WebhookDelivery, at: number) => ({
      kind: 'delivery',
      deliveryId,
      webhookId,
      tries,
      dueAt: at,
      task: null,
    });
    assert.deepEqual(await store.takeOverdue(dueAt - 1, dueAt + MINUTE, 9), []);
    const next = dueAt + MINUTE;
    assert.deepEqual(await store.takeOverdue(dueAt, next, 9), [overdueOf(lost, dueAt)]);
    const tried = { ...later, tries: 1, nextAt: NOW + 10 };
    assert.equal(await store.putDelivery(tried, 0), true);
    const twice = await Promise.all(
      [1, 2].map(() => store.takeOverdue(dueAt + 10, dueAt + 10 + MINUTE, 9)),
    );
    assert.deepEqual(twice.flat(), [overdueOf(tried, dueAt + 10)]);
    // nothing that has ended is found, and what is still lost is found again
    assert.equal(
      await store.putDelivery({ ...tried, state: 'delivered', tries: 2, nextAt: null }, 1),
      true,
    );
    assert.deepEqual(await store.takeOverdue(next, next + MINUTE, 9), [overdueOf(lost, next)]);
    assert.deepEqual(await store.getDelivery(lost.id), lost);
  });

  test(`${name}: why a delivery is queued again is kept until it is tried`, async (t) => {
    const store = await makeStore(t);
    const lost = deliveryOf('w1');
    await store.createDeliveries([lost]);
    await store.noteTasks([
      { kind: 'delivery', deliveryId: lost.id, task: 'sweep-1' },
      { kind: 'delivery', deliveryId: 'nothing', task: 'sweep-1' },
    ]);
    assert.deepEqual(await store.getDelivery(lost.id), { ...lost, task: 'sweep-1' });
    const dueAt = NOW + LOST_AFTER_MS;
    const [overdue] = await store.takeOverdue(dueAt, dueAt + MINUTE, 9);
    assert.ok(overdue?.kind === 'delivery' && overdue.task === 'sweep-1');
    const tried = { ...lost, tries: 1, nextAt: NOW + 5 };
    assert.equal(await store.putDelivery({ ...tried, task: 'sweep-1' }, 0), true);
    assert.deepEqual(await store.getDelivery(lost.id), tried);
  });

  test(`${name}: a webhook's deliveries are listed newest first, without those of others`, async (t) => {
    const store = await makeStore(t);
    const mine = Array.from({ length: 7 }, (_, i) =>
      deliveryOf('w1', { createdAt: NOW + Math.floor(i / 2) }),
    );
    await store.createDeliveries([...mine, deliveryOf('w0'), deliveryOf('w2')]);
    for (const limit of [1, 3, 7, 8]) {
      const listed = await allPages((after) => store.listDeliveries('w1', after, limit), limit);
      assert.deepEqual(listed.map((it) => it.id).toSorted(), mine.map((it) => it.id).toSorted());
      const times = listed.map((it) => it.createdAt);
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a),
      );
    }
    assert.deepEqual(await store.listDeliveries('w', null, 9), { items: [], next: null });
  });
}
