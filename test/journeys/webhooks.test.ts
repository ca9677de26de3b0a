/** Events that reach real servers on the embedded engine, though the process that owes them is killed. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, type TestContext, test } from 'node:test';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { DeliveryView, WebhookView } from '../../functions/http/webhooks/view.ts';
import type { EventType } from '../../functions/model/event.ts';
import { until } from '../until.ts';
import { createReceiver, type Receiver, status, verified } from '../webhooks/receiver.ts';
import { startWorld, type World } from '../world/world.ts';

const request = {
  name: 'webhooks',
  audience: { everybody: true },
  message: { title: 'Hello', body: 'World' },
};
const types: EventType[] = ['campaign.accepted', 'campaign.started', 'campaign.completed'];
type WithSecret = WebhookView & { secret: string };

const INSTALLATIONS = 2_000;
/** One for all of them: its start takes longer than a journey. */
let world: World;
before(async () => {
  world = await startWorld({ installations: INSTALLATIONS });
});
after(() => world.close());

/** For as long as the test takes. */
async function hook(t: TestContext, { url }: Pick<Receiver, 'url'>, some = types) {
  const it = await world.client().post<WithSecret>('/v1/webhooks', { url, types: some });
  t.after(() => world.client().delete(`/v1/webhooks/${it.id}`));
  return it;
}

for (const dieAt of types)
  test(`killed between the write and the publish of ${dieAt}, it is told by the next`, async (t) => {
    const receiver = await createReceiver(t);
    await world.kill();
    await world.start(dieAt);
    const { secret } = await hook(t, receiver);
    // it may die before it answers: its caller asks again
    const headers = { 'Idempotency-Key': randomUUID() };
    const send = () => world.client().post<CampaignView>('/v1/campaigns', request, headers);
    await Promise.allSettled([send()]);
    await world.died();
    await world.start();
    const { id } = await send();
    const { state, counts } = await watchCampaign(world.client(), id, null, { pollMs: 50 });
    assert.deepEqual([state, counts.accepted], ['completed', INSTALLATIONS]);
    const told = () =>
      receiver.got.map((it) => verified(it, secret)).filter((it) => it.subject === id);
    await receiver.until(() => new Set(told().map((it) => it.type)).size === 3);
    assert.equal(new Set(told().map((it) => it.id)).size, 3, 'the same ids from every process');
    const completed = told().find((it) => it.type === 'campaign.completed')!;
    assert.equal(completed.subject, id);
    assert.deepEqual(completed.data.counts, counts);
  });

test('a dead webhook and a slow one leave a third unharmed; what failed is listed', async (t) => {
  const [well, slow] = [await createReceiver(t), await createReceiver(t)];
  slow.answer = () => {};
  const dead = await hook(t, { url: 'http://127.0.0.1:1/hook' });
  await hook(t, slow);
  const { secret } = await hook(t, well);
  for (let i = 0; i < 5; i++) await world.client().post<CampaignView>('/v1/campaigns', request);
  await well.until(() => well.got.length >= 15);
  assert.equal(new Set(well.got.map((it) => verified(it, secret).id)).size, 15);
  const path = `/v1/webhooks/${dead.id}/deliveries`;
  const tried = await until(async () => {
    const { items } = await world.client().get<{ items: DeliveryView[] }>(path);
    const some = items.filter((it) => it.attempts.length > 0);
    return some.length > 0 && some;
  });
  assert.ok(tried.every((it) => /ECONNREFUSED/.test(it.attempts[0]!.error ?? '')));
});

test('a webhook that answers 410 hears no more until it is turned on again', async (t) => {
  const [receiver, witness] = [await createReceiver(t), await createReceiver(t)];
  receiver.answer = status(410);
  const api = world.client();
  const { id, secret } = await hook(t, receiver, ['campaign.completed']);
  await hook(t, witness, ['campaign.completed']);
  const send = async () => {
    const { id } = await api.post<CampaignView>('/v1/campaigns', request);
    await watchCampaign(api, id, null, { pollMs: 20 });
    return id;
  };
  const first = await send();
  await receiver.until(() => receiver.got.length === 1);
  let webhook = await api.get<WebhookView>(`/v1/webhooks/${id}`);
  while (webhook.enabled) webhook = await api.get<WebhookView>(`/v1/webhooks/${id}`);
  assert.match(webhook.disabledReason!, /410/);
  await send();
  // the event of the second campaign is not on its way any more
  await witness.until(() => witness.got.length === 2);
  receiver.answer = status(200);
  await api.patch(`/v1/webhooks/${id}`, { enabled: true });
  const third = await send();
  await receiver.until(() => receiver.got.length > 1);
  assert.deepEqual(
    receiver.got.map((it) => verified(it, secret).subject),
    [first, third],
  );
});
