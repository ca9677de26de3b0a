import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReportView } from '../../../functions/http/campaigns/report-view.ts';
import type { CampaignView } from '../../../functions/http/campaigns/view.ts';
import type { Problem } from '../../../functions/http/core/problems.ts';
import { Unavailable } from '../../../functions/lib/errors.ts';
import type { Page } from '../../../functions/ports/ports.ts';
import { apnsToken, campaign, createFixture, failAll, jsonOf } from '../fixture.ts';

const viewOf = jsonOf<CampaignView>;

test('a campaign is accepted with its place, and is found there', async (t) => {
  const { ask, tasks } = await createFixture(t);
  const response = await ask('POST', '/v1/campaigns', campaign);
  assert.equal(response.status, 202);
  const accepted = await viewOf(response);
  assert.equal(response.headers.get('location'), `/v1/campaigns/${accepted.id}`);
  assert.deepEqual(accepted, {
    id: accepted.id,
    kind: 'campaign',
    state: 'accepted',
    reason: null,
    counts: { recipients: 0, accepted: 0, failed: 0, skipped: 0, pending: 0 },
    createdAt: '2026-11-21T13:00:00.000Z',
    firstPushAt: null,
    closedAt: null,
    name: 'Autumn',
    app: 'default',
    audience: { language: ['de'] },
    message: { title: 'Hallo', body: 'Welt', ttlSeconds: 86400, priority: 'high' },
    dryRun: false,
  });
  assert.equal(tasks.length, 1);
  const found = await ask('GET', response.headers.get('location')!);
  const { receipts, ...others } = await viewOf(found);
  assert.deepEqual(others, accepted);
  const none = { opened: 0, delivered: 0, dismissed: 0 };
  assert.deepEqual(receipts, {
    ...none,
    estimated: { share: 0.02, delivered: 0, low: 0, high: 0 },
  });
  assert.equal(found.headers.get('cache-control'), 'no-store');
  assert.equal(found.headers.get('x-content-type-options'), 'nosniff');
});

test('the same Idempotency-Key gives the same campaign, but not for another body', async (t) => {
  const { ask, store } = await createFixture(t);
  const send = (name: string) =>
    ask('POST', '/v1/campaigns', { ...campaign, name }, { 'Idempotency-Key': 'autumn 2026' });
  const [first, second] = await Promise.all([send('A'), send('A')]);
  assert.deepEqual([first.status, second.status], [202, 202]);
  assert.equal((await viewOf(first)).id, (await viewOf(second)).id);
  const other = await send('B');
  assert.equal(other.status, 409);
  assert.match(await other.text(), /Idempotency-Key came with another body/);
  assert.equal((await store.listCampaigns(null, 10)).items.length, 1);
});

test('what could never be sent is refused when it is accepted, with its faults', async (t) => {
  const { ask, store, tasks } = await createFixture(t);
  const response = await ask('POST', '/v1/campaigns', {
    ...campaign,
    app: 'nobody',
    message: { analyticsLabel: 'x' },
  });
  assert.equal(response.status, 422);
  const { faults } = await jsonOf<Problem>(response);
  assert.deepEqual(faults!.map((it) => it.path).sort(), ['app', 'message']);
  assert.deepEqual((await store.listCampaigns(null, 10)).items, []);
  assert.deepEqual(tasks, []);
});

test('campaigns are listed page by page, the newest first', async (t) => {
  const { ask, clock } = await createFixture(t);
  for (const name of ['1', '2', '3']) {
    clock.now++;
    await ask('POST', '/v1/campaigns', { ...campaign, name });
  }
  const names: string[] = [];
  let after = '';
  for (let pages = 0; pages < 3; pages++) {
    const response = await ask('GET', `/v1/campaigns?limit=2${after}`);
    const page = await jsonOf<Page<CampaignView>>(response);
    names.push(...page.items.map((it) => it.name));
    if (page.next === null) break;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
  assert.deepEqual(names, ['3', '2', '1']);
});

test('counts are live, and the report comes as data or as text', async (t) => {
  const { ask, store } = await createFixture(t);
  const { id } = await viewOf(await ask('POST', '/v1/campaigns', campaign));
  await failAll(store, id, [apnsToken(1), apnsToken(2)]);
  const found = await viewOf(await ask('GET', `/v1/campaigns/${id}`));
  assert.deepEqual(found.counts, {
    recipients: 2,
    accepted: 0,
    failed: 2,
    skipped: 0,
    pending: 0,
  });
  assert.equal(found.state, 'completed');

  const report = (await (await ask('GET', `/v1/campaigns/${id}/report`)).json()) as ReportView;
  assert.equal(report.ledgerClosed, true);
  assert.deepEqual(report.reasons, [
    {
      reason: 'INVALID_ARGUMENT',
      count: 2,
      meaning: 'The token is malformed, or the message is at fault.',
      next: 'Let the app register again: it then sends the token that it has now.',
    },
  ]);
  assert.ok(report.costUsd > 0 && report.costUsd < 0.001);
  assert.equal(report.examples[0]!.token, '000000…0001');
  const text = await ask('GET', `/v1/campaigns/${id}/report`, undefined, { Accept: 'text/plain' });
  assert.match(text.headers.get('content-type')!, /^text\/plain/);
  assert.match(await text.text(), /INVALID_ARGUMENT/);
});

test('a campaign can be cancelled while it is open, and resumed only when it is paused', async (t) => {
  const { ask, store } = await createFixture(t);
  const { id } = await viewOf(await ask('POST', '/v1/campaigns', campaign));
  assert.equal((await ask('POST', `/v1/campaigns/${id}/resume`)).status, 409);
  await store.startCampaign({ id, shards: [{ from: 0, to: 2 ** 32 }], dueAt: 0 });
  await store.moveCampaign({ id, from: ['running'], to: 'paused', reason: 'InvalidProviderToken' });
  const paused = await viewOf(await ask('GET', `/v1/campaigns/${id}`));
  assert.equal(paused.reason, 'InvalidProviderToken');
  const resumed = await ask('POST', `/v1/campaigns/${id}/resume`);
  assert.equal((await viewOf(resumed)).state, 'running');
  const cancelled = await ask('POST', `/v1/campaigns/${id}/cancel`);
  assert.equal(cancelled.status, 200);
  assert.equal((await viewOf(cancelled)).state, 'cancelling');

  const closed = await viewOf(await ask('POST', '/v1/campaigns', campaign));
  await failAll(store, closed.id, [apnsToken(1)]);
  const late = await ask('POST', `/v1/campaigns/${closed.id}/cancel`);
  assert.equal(late.status, 409);
  assert.match(await late.text(), /A completed campaign cannot be cancelled/);
});

test('a campaign that is not there is not found by any call', async (t) => {
  const { ask } = await createFixture(t);
  for (const [method, path] of [
    ['GET', ''],
    ['GET', '/report'],
    ['GET', '/failures'],
    ['POST', '/cancel'],
    ['POST', '/resume'],
  ] as const) {
    const response = await ask(method, `/v1/campaigns/nothing${path}`);
    assert.equal(response.status, 404, path);
    assert.match(await response.text(), /There is no campaign \\"nothing\\"/);
  }
});

test('an unavailable store is answered with 503', async (t) => {
  const { ask, apiOver, logged } = await createFixture(t);
  const api = apiOver({
    createCampaign: async () => {
      throw new Unavailable('the database /secret/path cannot be used: the disk is full');
    },
  });
  const response = await ask('POST', '/v1/campaigns', campaign, {}, api);
  assert.equal(response.status, 503);
  assert.doesNotMatch(await response.text(), /secret/);
  assert.match(logged.join(''), /the disk is full/);
});
