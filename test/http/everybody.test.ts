/** Everybody is said, whatever is asked; what was stored before that was so keeps its meaning. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { Problem } from '../../functions/http/core/problems.ts';
import type { ScheduleView } from '../../functions/http/schedules/view.ts';
import { ping } from '../../functions/pipeline/inbound/ping.ts';
import { startDue } from '../../functions/pipeline/schedules/recur.ts';
import { createFixture, jsonOf } from './fixture.ts';

const message = { title: 'Hi' };
const proof = { kind: 'github', secret: '0123456789abcdef' };
const cron = { name: 'Morning', cron: '0 9 * * *' };

test('every call that takes an audience refuses an empty one, at its path, and stores nothing', async (t) => {
  const { ask, store, tasks } = await createFixture(t);
  const calls: [string, string, (audience: object) => object, string][] = [
    ['POST', '/v1/campaigns', (audience) => ({ name: 'x', audience, message }), 'audience'],
    ['POST', '/v1/campaigns:test', (audience) => ({ name: 'x', audience, message }), 'audience'],
    ['POST', '/v1/audiences:estimate', (audience) => ({ audience }), 'audience'],
    ['PUT', '/v1/segments/all', (audience) => ({ audience }), 'audience'],
    ['PUT', '/v1/triggers/all', (audience) => ({ proof, audience, message }), 'audience'],
    [
      ...(['POST', '/v1/schedules'] as const),
      (audience) => ({ ...cron, campaign: { name: 'x', audience, message } }),
      'campaign.audience',
    ],
  ];
  for (const [method, path, body, at] of calls)
    for (const [audience, inner] of [
      [{}, ''],
      [{ lastSeen: {} }, '.lastSeen'],
      [{ or: [{ not: {} }, { tags: 'x' }] }, '.or[0].not'],
    ] as const) {
      const response = await ask(method, path, body(audience));
      assert.equal(response.status, 400, `${path} ${JSON.stringify(audience)}`);
      const { faults } = await jsonOf<Problem>(response);
      assert.deepEqual(
        faults!.map((it) => it.path),
        [`${at}${inner}`],
        path,
      );
      assert.match(faults![0]!.message, /set "everybody" to true/);
    }
  assert.deepEqual((await store.listCampaigns(null, 10)).items, []);
  assert.deepEqual((await store.listSchedules(null, 10)).items, []);
  assert.deepEqual((await store.listSegments('default', null, 10)).items, []);
  assert.deepEqual((await store.listTriggers(null, 10)).items, []);
  assert.deepEqual(tasks, []);
});

test('`everybody` is stored as an audience without conditions, and shown as it was sent', async (t) => {
  const { ask, store } = await createFixture(t);
  const audience = { everybody: true };
  const request = { name: 'x', audience, message };
  const view = await jsonOf<CampaignView>(await ask('POST', '/v1/campaigns', request));
  assert.deepEqual(view.audience, audience);
  assert.deepEqual((await store.getCampaign(view.id))!.audience, {});
  const report = await ask('GET', `/v1/campaigns/${view.id}/report`, undefined, {
    Accept: 'text/plain',
  });
  assert.match(await report.text(), /^Audience +everybody$/m);
  const estimate = await ask('POST', '/v1/audiences:estimate', { audience });
  assert.equal(estimate.status, 200);
  for (const [path, body] of [
    ['/v1/segments/all', { audience }],
    ['/v1/triggers/all', { proof, audience, message }],
  ] as const) {
    const saved = await jsonOf<{ audience: object }>(await ask('PUT', path, body));
    assert.deepEqual(saved.audience, audience);
  }
});

test('a stored campaign, segment, schedule or trigger without conditions still means everybody', async (t) => {
  const { ask, store, ports, clock } = await createFixture(t);
  const everybody = { everybody: true };
  await store.putSegment({ app: 'default', name: 'all', audience: {}, updatedAt: clock.now });
  const { audience } = await jsonOf<{ audience: object }>(await ask('GET', '/v1/segments/all'));
  assert.deepEqual(audience, everybody);

  const made = await ask('POST', '/v1/schedules', {
    ...cron,
    campaign: { name: 'x', audience: everybody, message },
  });
  const { id } = await jsonOf<ScheduleView>(made);
  const schedule = (await store.getSchedule(id))!;
  const old = { ...schedule.campaign, audience: { lastSeen: {}, not: { not: {} } } };
  await store.putSchedule({ ...schedule, campaign: old }, schedule.version);
  clock.now = schedule.nextAt!;
  assert.equal(await startDue(ports), 1);
  const shown = await jsonOf<ScheduleView>(await ask('GET', `/v1/schedules/${id}`));
  assert.deepEqual(shown.campaign.audience, { not: { not: everybody } });
  const run = (await store.getCampaign(shown.lastCampaignId!))!;
  assert.deepEqual(run.audience, old.audience);
  // what is shown can be put back, as `volley schedule change` does
  const { name, cron: times, campaign } = shown;
  const put = await ask('PUT', `/v1/schedules/${id}`, { name, cron: times, campaign });
  assert.equal(put.status, 200);
  assert.equal((await ask('POST', `/v1/schedules/${id}/run`)).status, 202);

  await ask('PUT', '/v1/triggers/all', { proof, audience: everybody, message });
  const trigger = (await store.getTrigger('all'))!;
  for (const [n, stored] of [{}, { lastSeen: {} }, { everybody: true }].entries()) {
    await store.putTrigger({ ...trigger, audience: stored as never });
    await ping(ports, { trigger: 'all', id: `${n}`, at: clock.now, body: btoa('{}') });
  }
  assert.deepEqual((await store.listFailedPings('all', null, 10)).items, []);
  const campaigns = (await store.listCampaigns(null, 10)).items;
  const pinged = campaigns.filter((it) => it.name === 'ping of all');
  assert.deepEqual(
    pinged.map((it) => it.audience),
    [{}, {}, {}],
  );
});
