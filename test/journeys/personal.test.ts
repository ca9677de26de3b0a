import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { Uploaded } from '../../functions/http/audiences.ts';
import type { ReportView } from '../../functions/http/campaigns/report-view.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { WhyView } from '../../functions/http/campaigns/why-view.ts';
import { sampleToken } from '../../functions/simulators/shared/tokens.ts';
import { until } from '../until.ts';
import { startWorld, type World } from '../world/world.ts';

async function send(world: World, audience: object, message: object) {
  const body = { name: 'personal', audience, message };
  const { id } = await world.client().post<CampaignView>('/v1/campaigns', body);
  await watchCampaign(world.client(), id, null);
  return world.client().get<ReportView>(`/v1/campaigns/${id}/report`);
}

const bytes = async function* (text: string) {
  yield new TextEncoder().encode(text);
};

test('a message shows the name that FCM gave its push, and a campaign does not', async (t) => {
  const world = await startWorld({ installations: 0 });
  t.after(world.close);
  const api = world.client();
  const token = sampleToken('fcm', 'phone');
  await api.put('/v1/installations/phone', { platform: 'android', token, userId: 'me' });
  const message = { title: 'Hallo' };
  // more than once where the machine stands still for longer than a call may wait
  const sent = await until(async () => {
    const it = await api.post<CampaignView>('/v1/messages?wait=20', { userIds: ['me'], message });
    if (it.state === 'completed') return it;
    await watchCampaign(api, it.id, null);
    return null;
  });
  assert.equal(sent.counts.accepted, 1);
  const { name } = JSON.parse((await world.simulated.fcm.lastAccepted())!.answer);
  const why = await api.get<WhyView>(`/v1/campaigns/${sent.id}/recipients/phone`);
  assert.deepEqual(why.delivery?.pushId, { header: 'name', value: name });
  const texts = (it: WhyView) => it.timeline.map(({ kind, text }) => `${kind}: ${text}`);
  assert.ok(
    texts(why).includes(`accepted: FCM accepts the push, name ${name}.`),
    texts(why).join(),
  );
  const { campaign } = await send(world, { userIds: ['me'] }, message);
  const other = await api.get<WhyView>(`/v1/campaigns/${campaign.id}/recipients/phone`);
  assert.deepEqual([other.state, other.delivery?.pushId], ['accepted', null]);
  assert.ok(texts(other).includes('accepted: FCM accepts the push.'), texts(other).join());
});

test('from an upload and a segment to a phone: its language, its words, its badge', async (t) => {
  const world = await startWorld({ installations: 3_000 });
  t.after(world.close);
  const api = world.client();
  const token = sampleToken('apns', 'phone');
  await api.put('/v1/installations/phone', {
    platform: 'ios',
    token,
    userId: 'me',
    language: 'pt-BR',
    tags: ['vip'],
    appVersion: '2.1',
    attributes: { name: 'مرحبا "\u{1F514}"', visits: 12 },
  });
  await api.put('/v1/installations/long', {
    platform: 'ios',
    token: sampleToken('apns', 'long'),
    userId: 'you',
    tags: ['vip'],
    attributes: { name: '\u{1F514}'.repeat(128), visits: 99 },
  });
  await api.put('/v1/segments/vip', {
    audience: { tags: 'vip', attributes: { visits: { '>': 10 } } },
  });

  const message = {
    title: 'Hi {{name|there}}',
    body: 'x'.repeat(3_700),
    badge: '+2',
    localized: { pt: { title: 'Olá {{name}} {{city}}', body: 'y' } },
  };
  await send(world, { segment: 'vip', appVersion: '>=2' }, message);
  const upload = await api.upload<Uploaded>(
    '/v1/audiences?of=userIds',
    'text/plain',
    bytes('me\nnobody\n'),
  );
  const { campaign, missing } = await send(world, { upload: upload.id }, message);
  assert.deepEqual([campaign.state, campaign.counts.accepted], ['completed', 1]);
  assert.deepEqual(missing, { city: 1 });
  const taken = (await world.simulated.apns.lastAccepted())!;
  const { delivery } = await api.get<WhyView>(`/v1/campaigns/${campaign.id}/recipients/phone`);
  assert.deepEqual(
    [delivery?.pushId?.value, delivery?.outcome],
    [taken.headers['apns-id'], 'accepted'],
    'the id that APNs got is the one that is shown',
  );
  const { aps } = JSON.parse(taken.payload);
  assert.equal(aps.alert.title, 'Olá مرحبا "\u{1F514}" ');
  assert.equal(aps.alert.body, 'y');
  assert.equal(aps.badge, 4, 'counted up by both');

  const all = await send(world, { or: [{ segment: 'vip' }, { language: 'en' }] }, message);
  const { recipients, accepted, failed } = all.campaign.counts;
  assert.deepEqual([recipients, accepted, failed], [3_002, 3_001, 1]);
  assert.deepEqual(
    all.reasons.map(({ reason, count }) => [reason, count]),
    [['PayloadTooLarge', 1]],
  );
  assert.equal(all.ledgerClosed, true);
});
