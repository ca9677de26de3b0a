import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ControlledAppView } from '../../../functions/http/apps.ts';
import type { HistoryView } from '../../../functions/http/campaigns/control.ts';
import type { CampaignView } from '../../../functions/http/campaigns/view.ts';
import type { Problem } from '../../../functions/http/core/problems.ts';
import { campaign, createFixture, failAll, jsonOf, NOW } from '../fixture.ts';

const at = (ms: number) => new Date(ms).toISOString();
const HOUR = 3_600_000;

async function send(ask: Awaited<ReturnType<typeof createFixture>>['ask'], more: object = {}) {
  const response = await ask('POST', '/v1/campaigns', { ...campaign, ...more });
  assert.equal(response.status, 202);
  return jsonOf<CampaignView>(response);
}

test('a campaign is scheduled, moved and cancelled, and its history names the callers', async (t) => {
  const { ask, tasks } = await createFixture(t);
  const made = await send(ask, { schedule: { at: '2026-11-21T15:00:00+01:00' } });
  assert.deepEqual([made.state, made.schedule], ['scheduled', { at: at(NOW + HOUR) }]);
  assert.equal(tasks.at(-1)?.at, NOW + HOUR);
  const path = `/v1/campaigns/${made.id}`;
  const moved = await ask('PUT', `${path}/schedule`, { at: at(NOW + 2 * HOUR) });
  assert.deepEqual((await jsonOf<CampaignView>(moved)).schedule, { at: at(NOW + 2 * HOUR) });
  assert.equal(tasks.at(-1)?.at, NOW + 2 * HOUR);
  assert.equal(
    (await jsonOf<CampaignView>(await ask('POST', `${path}/cancel`))).state,
    'cancelled',
  );
  const { items } = await jsonOf<HistoryView>(await ask('GET', `${path}/history`));
  const by = 'key "campaigns+installations+read+admin"';
  assert.deepEqual(items, [
    { at: at(NOW), by, from: null, to: 'scheduled', reason: null },
    ...[
      { from: 'scheduled', to: 'scheduled', reason: `begins at ${at(NOW + 2 * HOUR)}` },
      { from: 'scheduled', to: 'cancelled', reason: null },
    ].map((it) => ({ at: at(NOW), by, ...it })),
  ]);
});

test('impossible, past and malformed times are refused with their place, and nothing is stored', async (t) => {
  const { ask, store } = await createFixture(t);
  const held = await send(ask, { schedule: { at: at(NOW + HOUR) } });
  for (const [bad, status] of [
    ['2026-02-30T10:00:00Z', 400],
    ['2027-13-01T10:00:00Z', 400],
    ['2027-01-01T25:00:00Z', 400],
    ['2027-01-01', 400],
    ['2027-01-01T10:00:00', 400],
    ['tomorrow', 400],
    [1_900_000_000_000, 400],
    [at(NOW), 422],
    ['2020-01-01T00:00:00Z', 422],
  ] as const) {
    const refused = await ask('POST', '/v1/campaigns', { ...campaign, schedule: { at: bad } });
    assert.equal(refused.status, status, `${bad}`);
    assert.equal((await jsonOf<Problem>(refused)).faults?.[0]?.path, 'schedule.at');
    const put = await ask('PUT', `/v1/campaigns/${held.id}/schedule`, { at: bad });
    assert.equal(put.status, status);
    assert.equal((await jsonOf<Problem>(put)).faults?.[0]?.path, 'at');
  }
  assert.equal((await store.listCampaigns(null, 10)).items.length, 1);
  for (const canary of [{ percent: 0 }, { percent: 60 }, { percent: 5, maxFailureRate: 2 }, {}])
    assert.equal((await ask('POST', '/v1/campaigns', { ...campaign, canary })).status, 400);
});

test('a repeated request with its key gives the same campaign, even if it would be refused now', async (t) => {
  const { ask, clock, store, tasks } = await createFixture(t);
  await store.putSegment({
    app: 'default',
    name: 'readers',
    audience: { language: ['de'] },
    updatedAt: NOW,
  });
  const soon = { ...campaign, audience: { segment: 'readers' }, schedule: { at: at(NOW + 1000) } };
  const key = { 'Idempotency-Key': 'christmas' };
  const post = (body: object, headers: Record<string, string> = key) =>
    ask('POST', '/v1/campaigns', body, headers);
  const { id } = await jsonOf<CampaignView>(await post(soon));
  clock.now = NOW + HOUR;
  tasks.length = 0;
  const again = await post(soon);
  assert.equal(again.status, 202);
  assert.equal(again.headers.get('Location'), `/v1/campaigns/${id}`);
  assert.equal((await jsonOf<CampaignView>(again)).id, id);
  assert.equal(tasks.length, 1, 'the process that took it may have died before it was queued');
  assert.equal((await post({ ...soon, name: 'another' })).status, 409);
  assert.equal((await post(soon, {})).status, 422, 'without its key it is a new one');
  assert.equal((await post(soon, { 'Idempotency-Key': 'new' })).status, 422);
  await store.deleteSegment('default', 'readers');
  assert.equal((await jsonOf<CampaignView>(await post(soon))).id, id, 'nor is the segment missed');
  assert.equal((await store.listCampaigns(null, 10)).items.length, 1);
});

test('an illegal verb answers 409 with the state and the allowed verbs', async (t) => {
  const { ask, store } = await createFixture(t);
  const scheduled = await send(ask, { schedule: { at: at(NOW + HOUR) } });
  const fresh = await send(ask);
  const closed = await send(ask, { schedule: { at: at(NOW + HOUR) } });
  await store.moveCampaign({
    id: closed.id,
    from: ['scheduled'],
    to: 'cancelled',
    reason: null,
    at: NOW,
  });
  const body = { at: at(NOW + HOUR) };
  for (const [id, method, verb, allowed, given] of [
    [scheduled.id, 'POST', 'pause', 'cancel, schedule'],
    [scheduled.id, 'POST', 'resume', 'cancel, schedule'],
    [scheduled.id, 'POST', 'retry-failures', 'cancel, schedule'],
    [fresh.id, 'PUT', 'schedule', 'pause, cancel', body],
    [fresh.id, 'POST', 'resume', 'pause, cancel'],
    [closed.id, 'POST', 'cancel', 'retry-failures'],
    [closed.id, 'POST', 'pause', 'retry-failures'],
  ] as const) {
    const response = await ask(method, `/v1/campaigns/${id}/${verb}`, given);
    assert.equal(response.status, 409, verb);
    const { detail, next } = await jsonOf<Problem>(response);
    const state = (await store.getCampaign(id))!.state;
    assert.ok(detail.includes(`${state} campaign`), detail);
    assert.equal(next, `Allowed now: ${allowed}.`);
  }
  for (const verb of ['pause', 'resume', 'cancel', 'retry-failures'])
    assert.equal((await ask('POST', `/v1/campaigns/nothing/${verb}`)).status, 404);
  assert.equal((await ask('PUT', '/v1/campaigns/nothing/schedule', body)).status, 404);
  assert.equal((await ask('GET', '/v1/campaigns/nothing/history')).status, 404);
});

test('in each state an illegal verb answers 409, and changes nothing', async (t) => {
  const { ask, store } = await createFixture(t);
  const all = [{ from: 0, to: 2 ** 32 }];
  const begun = async () => {
    const { id } = await send(ask);
    await store.startCampaign({ id, shards: all, dueAt: NOW, at: NOW });
    return id;
  };
  const [running, paused, cancelling] = [await begun(), await begun(), await begun()];
  await store.moveCampaign({ id: paused, from: ['running'], to: 'paused', reason: 'why' });
  await store.moveCampaign({ id: cancelling, from: ['running'], to: 'cancelling', reason: null });
  const completed = (await send(ask)).id;
  await failAll(store, completed, ['token']);
  for (const [id, state, illegal, next] of [
    [running, 'running', ['schedule', 'retry-failures'], 'Allowed now: pause, cancel.'],
    [paused, 'paused', ['schedule', 'retry-failures'], 'Allowed now: resume, cancel.'],
    [
      ...[cancelling, 'cancelling', ['pause', 'resume', 'schedule', 'retry-failures']],
      'Wait for its end.',
    ],
    [
      completed,
      'completed',
      ['pause', 'resume', 'cancel', 'schedule'],
      'Allowed now: retry-failures.',
    ],
  ] as [string, string, string[], string][])
    for (const verb of illegal) {
      const put = verb === 'schedule';
      const refused = await ask(
        ...([put ? 'PUT' : 'POST', `/v1/campaigns/${id}/${verb}`] as const),
        put ? { at: at(NOW + HOUR) } : undefined,
      );
      assert.equal(refused.status, 409, `${verb} of ${state}`);
      const problem = await jsonOf<Problem>(refused);
      assert.match(problem.detail, new RegExp(`^A ${state} campaign cannot be \\w+( again)?\\.$`));
      assert.equal(problem.next, next);
      assert.equal((await store.getCampaign(id))?.state, state);
    }
  assert.equal((await store.listCampaigns(null, 10)).items.length, 4);
});

test('a whole app is paused, resumed and cancelled', async (t) => {
  const { ask, store } = await createFixture(t);
  const { id } = await send(ask);
  const app = async (verb: string) =>
    jsonOf<ControlledAppView>(await ask('POST', `/v1/apps/default/${verb}`));
  const by = 'key "campaigns+installations+read+admin"';
  assert.deepEqual(await app('pause'), {
    app: 'default',
    paused: { at: at(NOW), by },
    campaigns: 1,
  });
  const state = await store.getCampaign(id);
  assert.deepEqual([state?.state, state?.reason], ['paused', `the app is switched off by ${by}`]);
  assert.ok((await jsonOf<ControlledAppView>(await ask('GET', '/v1/apps/default'))).paused);
  assert.deepEqual(await app('resume'), { app: 'default', paused: null, campaigns: 1 });
  assert.deepEqual(await app('cancel'), { app: 'default', paused: null, campaigns: 1 });
  assert.equal((await store.getCampaign(id))?.state, 'cancelling');
});
