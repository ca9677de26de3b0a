import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { apnsToken, campaign, createFixture, failAll, jsonOf } from './fixture.ts';

const device = (n: number, userId: string) => ({ platform: 'ios', token: apnsToken(n), userId });

/** A user with two installations, to one of which a push has failed. */
async function known(t: { after(done: () => Promise<void>): void }) {
  const fixture = await createFixture(t);
  const { ask, store } = fixture;
  await ask('PUT', '/v1/installations/device-0', device(0, 'ada/1'));
  await ask('PUT', '/v1/installations/device-1', device(1, 'bob'));
  await ask('PUT', '/v1/installations/tablet', { ...device(2, 'ada/1'), app: 'shop' });
  const { id } = await jsonOf<CampaignView>(await ask('POST', '/v1/campaigns', campaign));
  await failAll(store, id, [apnsToken(0), apnsToken(1)]);
  return { ...fixture, id };
}

test('the data about a user is exported, as JSON or line by line', async (t) => {
  const { ask } = await known(t);
  const response = await ask('GET', '/v1/users/ada%2F1/export');
  assert.equal(response.status, 200);
  const { userId, items } = await jsonOf<{ userId: string; items: Record<string, unknown>[] }>(
    response,
  );
  assert.equal(userId, 'ada/1');
  assert.deepEqual(items.map((it) => it.kind).sort(), [
    ...['failure', 'installation', 'installation', 'recipient'],
  ]);
  const [recipient, others] = [
    items.filter((it) => it.kind === 'recipient'),
    items.filter((it) => it.kind !== 'recipient'),
  ];
  assert.ok(others.every((it) => it.token === apnsToken(0) || it.token === apnsToken(2)));
  // its chunk is done
  assert.deepEqual(recipient[0]?.token, undefined);
  assert.equal(recipient[0]?.outcome, others.find((it) => it.kind === 'failure')?.outcome);
  assert.ok(!JSON.stringify(items).includes('bob'));
  assert.ok(!JSON.stringify(items).includes('bucket'));
  const lines = await ask('GET', '/v1/users/ada%2F1/export', undefined, {
    Accept: 'application/x-ndjson',
  });
  const read = (await lines.text()).trimEnd().split('\n');
  assert.deepEqual(
    read.map((it) => JSON.parse(it)),
    items,
  );
  const unknown = await ask('GET', '/v1/users/nobody/export');
  assert.deepEqual(await unknown.json(), { userId: 'nobody', items: [] });
});

test('a user is erased, and what a campaign counted stays', async (t) => {
  const { ask, id } = await known(t);
  const before = await jsonOf<CampaignView>(await ask('GET', `/v1/campaigns/${id}`));
  const erased = await ask('DELETE', '/v1/users/ada%2F1');
  assert.deepEqual(await erased.json(), { installations: 2, recipients: 1, failures: 1 });
  assert.equal((await ask('GET', '/v1/installations/device-0')).status, 404);
  assert.equal((await ask('GET', '/v1/installations/tablet?app=shop')).status, 404);
  assert.equal((await ask('GET', '/v1/installations/device-1')).status, 200);
  const failures = await (await ask('GET', `/v1/campaigns/${id}/failures`)).text();
  assert.ok(!failures.includes('device-0') && failures.includes('device-1'));
  assert.deepEqual(await jsonOf<CampaignView>(await ask('GET', `/v1/campaigns/${id}`)), before);
  const again = await ask('DELETE', '/v1/users/ada%2F1');
  assert.deepEqual(await again.json(), { installations: 0, recipients: 0, failures: 0 });
});

test('a campaign that ends because its last recipient was erased is announced', async (t) => {
  const { ask, store, ports } = await createFixture(t);
  await ask('PUT', '/v1/installations/device-0', device(0, 'ada'));
  const told: string[] = [];
  ports.events.publish = async ({ type, subject }) => void told.push(`${type} ${subject}`);
  const { id } = await jsonOf<CampaignView>(await ask('POST', '/v1/campaigns', campaign));
  await store.startCampaign({ id, shards: [{ from: 0, to: 2 ** 32 }], dueAt: 0 });
  await store.freezePage({
    campaignId: id,
    shard: 0,
    page: 0,
    skipped: 0,
    cursor: null,
    last: true,
    dueAt: 0,
    now: 0,
    chunks: [
      {
        id: `${id}.0.0.0`,
        campaignId: id,
        shard: 0,
        app: 'default',
        provider: 'apns',
        environment: 'production',
        notBefore: 0,
        expiresAt: 1,
        dueAt: 1,
        recipients: [{ installationId: 'device-0', token: apnsToken(0) }],
      },
    ],
  });
  await ask('DELETE', '/v1/users/ada');
  assert.equal(told.at(-1), `campaign.completed ${id}`);
  const { state, counts } = await jsonOf<CampaignView>(await ask('GET', `/v1/campaigns/${id}`));
  assert.deepEqual([state, counts.skipped, counts.pending], ['completed', 1, 0]);
});
