import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FailureView } from '../../../functions/http/campaigns/report-view.ts';
import type { CampaignView } from '../../../functions/http/campaigns/view.ts';
import type { Failure } from '../../../functions/model/chunk.ts';
import type { Page } from '../../../functions/ports/ports.ts';
import { campaign, createFixture, failAll, jsonOf, NOW } from '../fixture.ts';

async function failed(t: { after(done: () => Promise<void>): void }, tokens: string[]) {
  const fixture = await createFixture(t);
  const { id } = await jsonOf<CampaignView>(await fixture.ask('POST', '/v1/campaigns', campaign));
  await failAll(fixture.store, id, tokens);
  const failures = (type: string, query = '', to = fixture.api) =>
    fixture.ask('GET', `/v1/campaigns/${id}/failures${query}`, undefined, { Accept: type }, to);
  return { ...fixture, id, failures };
}

test('failures come page by page, with whole tokens', async (t) => {
  const { failures } = await failed(t, ['token-0', 'token-1', 'token-2']);
  const seen: FailureView[] = [];
  let query = '?limit=2';
  for (let pages = 0; pages < 3; pages++) {
    const page = await jsonOf<Page<FailureView>>(await failures('application/json', query));
    assert.ok(page.items.length <= 2);
    seen.push(...page.items);
    if (page.next === null) break;
    query = `?limit=2&after=${encodeURIComponent(page.next)}`;
  }
  assert.deepEqual(seen.map((it) => it.token).sort(), ['token-0', 'token-1', 'token-2']);
  assert.deepEqual(seen[0], {
    installationId: 'device-0',
    token: 'token-0',
    provider: 'fcm',
    outcome: 'rejected',
    reason: 'INVALID_ARGUMENT',
    attempts: 1,
    at: '2026-11-21T13:00:00.000Z',
    pruned: false,
    detail: '',
  });
});

test('all of them come as NDJSON and as CSV in one stream', async (t) => {
  const tokens = Array.from({ length: 2500 }, (_, n) => `token-${n}`);
  const { failures, id } = await failed(t, tokens);
  const ndjson = await failures('application/x-ndjson');
  assert.equal(ndjson.headers.get('content-type'), 'application/x-ndjson');
  const items = (await ndjson.text()).trim().split('\n');
  assert.deepEqual(items.map((it) => JSON.parse(it).token).sort(), tokens.toSorted());

  const csv = await failures('text/csv');
  assert.equal(csv.headers.get('content-type'), 'text/csv; charset=utf-8');
  assert.match(csv.headers.get('content-disposition')!, new RegExp(`failures-${id}.csv`));
  const lines = (await csv.text()).trim().split('\n');
  assert.equal(lines.length, 2501);
  assert.equal(lines[0], 'installationId,token,provider,outcome,reason,attempts,at,pruned,detail');
});

test('a spreadsheet takes no cell for a formula', async (t) => {
  const { failures } = await failed(t, ['=HYPERLINK("x")', '+1', '-1', '@a', 'a,b', 'plain']);
  const lines = (await (await failures('text/csv')).text()).trim().split('\n').slice(1);
  const cells = lines.map((it) => it.replace(/^device-\d,/, '').replace(/,fcm,.*$/, ''));
  assert.deepEqual(cells, [`"'=HYPERLINK(""x"")"`, "'+1", "'-1", "'@a", '"a,b"', 'plain']);
});

test('a campaign without failures has an empty page, and a CSV of only its header', async (t) => {
  const { ask } = await createFixture(t);
  const { id } = await jsonOf<CampaignView>(await ask('POST', '/v1/campaigns', campaign));
  const path = `/v1/campaigns/${id}/failures`;
  assert.deepEqual(await (await ask('GET', path)).json(), { items: [], next: null });
  const csv = await ask('GET', path, undefined, { Accept: 'text/csv' });
  assert.equal((await csv.text()).trim().split('\n').length, 1);
  const ndjson = await ask('GET', path, undefined, { Accept: 'application/x-ndjson' });
  assert.equal(await ndjson.text(), '');
});

test('the client sets the pace of a stream', async (t) => {
  const { failures, apiOver, id } = await failed(t, ['token-0']);
  let pages = 0;
  const failure: Failure = {
    campaignId: id,
    chunkId: 'c',
    index: 0,
    provider: 'fcm',
    outcome: 'rejected',
    reason: 'x',
    attempts: 1,
    at: NOW,
    installationId: 'i',
    token: 't',
  };
  const api = apiOver({
    listFailures: async () => ({ items: Array(1000).fill(failure), next: String(++pages) }),
  });
  const response = await failures('text/csv', '', api);
  const reader = response.body!.getReader();
  for (let n = 0; n < 5; n++) await reader.read();
  assert.ok(pages <= 7, `${pages} pages were read for 5 that were taken`);
  await reader.cancel();
});

test('a stream that breaks is cut off, not ended', async (t) => {
  const { failures, apiOver, logged } = await failed(t, ['token-0']);
  let pages = 0;
  const api = apiOver({
    listFailures: async () => {
      if (++pages === 3) throw new Error('the disk is gone');
      return { items: [], next: String(pages) };
    },
  });
  const response = await failures('text/csv', '', api);
  assert.equal(response.status, 200);
  await assert.rejects(response.text());
  assert.match(logged.join(''), /the disk is gone/);
});
