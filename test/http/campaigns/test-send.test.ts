import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestedView } from '../../../functions/http/campaigns/test-send.ts';
import type { CampaignView } from '../../../functions/http/campaigns/view.ts';
import type { Problem } from '../../../functions/http/core/problems.ts';
import { createSenders } from '../../../functions/providers/senders.ts';
import { credentials } from '../../providers/fixture.ts';
import { apnsToken, createFixture, jsonOf } from '../fixture.ts';

const message = {
  title: 'Hi {{name|there}}',
  badge: '+1',
  localized: { pt: { title: 'Olá {{name|você}} \u{1F514}' } },
};

/** Real senders: nothing is sent, so they do not connect. */
async function withPeople(t: Parameters<typeof createFixture>[0]) {
  const fixture = await createFixture(t);
  const senders = createSenders({
    default: credentials('https://localhost:1', 'https://localhost:1'),
  });
  t.after(() => senders.close());
  fixture.ports.senders = senders;
  const put = (id: string, body: object) => fixture.ask('PUT', `/v1/installations/${id}`, body);
  await put('phone', {
    platform: 'ios',
    token: apnsToken(1),
    userId: 'me',
    language: 'pt-BR',
    attributes: { name: 'Zoë "✓"' },
  });
  await put('tablet', {
    platform: 'android',
    token: 'fcm-token-of-a-tablet',
    userId: 'me',
    language: 'de',
  });
  const ask = (body: object) =>
    fixture.ask('POST', '/v1/campaigns:test', {
      name: 'x',
      audience: { userIds: ['me'] },
      message,
      ...body,
    });
  return { ...fixture, test: ask };
}

test('a test shows the push of each recipient by its own provider alone, and is sent', async (t) => {
  const { test: send, ask, tasks, store } = await withPeople(t);
  const response = await send({});
  assert.equal(response.status, 202);
  const { campaign, recipients } = await jsonOf<TestedView>(response);
  const phone = recipients.find((it) => it.installationId === 'phone')!;
  const tablet = recipients.find((it) => it.installationId === 'tablet')!;
  assert.deepEqual([phone.provider, phone.language], ['apns', 'pt']);
  assert.deepEqual([tablet.provider, tablet.language], ['fcm', null]);
  const apnsOf = (it: typeof phone) =>
    it.apns!.payload as { aps: { alert: { title: string }; badge: number } };
  const fcmOf = (it: typeof phone) =>
    it.fcm!.payload.message as { token: string; notification: { title: string } };
  assert.equal(apnsOf(phone).aps.alert.title, 'Olá Zoë "✓" \u{1F514}');
  assert.equal(fcmOf(tablet).notification.title, 'Hi there');
  assert.deepEqual([phone.fcm, tablet.apns], [null, null]);
  assert.equal(apnsOf(phone).aps.badge, 1);
  assert.equal(phone.apns!.headers['apns-push-type'], 'alert');
  assert.equal(phone.apns!.bytes, Buffer.byteLength(JSON.stringify(phone.apns!.payload)));
  assert.equal(fcmOf(tablet).token, 'fcm-to…blet', 'no token is whole');
  assert.ok(!JSON.stringify(recipients).includes(apnsToken(1)));

  assert.equal(tasks.length, 1);
  assert.equal((await store.getCampaign(campaign!.id))!.test, true);
  const view = await jsonOf<CampaignView>(await ask('GET', `/v1/campaigns/${campaign!.id}`));
  assert.equal(view.test, true);
  const report = await ask('GET', `/v1/campaigns/${campaign!.id}/report`, undefined, {
    Accept: 'text/plain',
  });
  assert.match(await report.text(), /^Test +to the people named$/m);
});

test('a dry run of a test shows it and sends nothing', async (t) => {
  const { test: send, tasks, store } = await withPeople(t);
  const response = await send({ dryRun: true });
  assert.equal(response.status, 200);
  const { campaign, recipients } = await jsonOf<TestedView>(response);
  assert.deepEqual([campaign, recipients.length], [null, 2]);
  assert.deepEqual([tasks, (await store.listCampaigns(null, 10)).items], [[], []]);
});

test('a test needs named recipients that exist', async (t) => {
  const { test: send, ask, store } = await withPeople(t);
  const faults = async (body: object) => {
    const response = await send(body);
    assert.equal(response.status, 422);
    return (await jsonOf<Problem>(response)).faults!.map((it) => `${it.path}: ${it.message}`);
  };
  const everybody = { everybody: true };
  for (const audience of [
    ...[everybody, { language: 'de' }, { topic: 'news' }, { or: [{ userIds: ['me'] }] }],
  ])
    assert.match((await faults({ audience })).join(), /^audience: of a test names its people/);
  assert.deepEqual(await faults({ audience: { userIds: ['nobody'] } }), [
    'audience: has no recipients: the test would reach no device',
  ]);
  const long = { title: 'x'.repeat(1024), body: 'y'.repeat(4096) };
  assert.match((await faults({ message: long })).join(), /message: apns: the APNs payload is/);
  const body = { name: 'x', audience: { language: 'de' }, message, test: true };
  const marked = await ask('POST', '/v1/campaigns', body);
  assert.equal(marked.status, 400);
  assert.deepEqual(
    (await jsonOf<Problem>(marked)).faults!.map((it) => it.path),
    ['audience'],
  );
  assert.deepEqual((await store.listCampaigns(null, 10)).items, []);
  const named = await ask('POST', '/v1/campaigns', { ...body, audience: { userIds: ['me'] } });
  assert.equal(named.status, 202);
});

test('a test goes to a token without an installation, and shows what there are credentials for', async (t) => {
  const { test: send, ports } = await withPeople(t);
  const senders = createSenders({
    default: { ...credentials('https://localhost:1', 'https://localhost:1'), apns: null },
  });
  ports.senders = senders;
  const audience = { tokens: ['fcm-token-of-nobody'], unregistered: { platform: 'android' } };
  const { recipients } = await jsonOf<TestedView>(await send({ audience }));
  assert.equal(recipients.length, 1);
  assert.equal(recipients[0]!.apns, null);
  assert.ok(recipients[0]!.fcm);
  await senders.close();
});
