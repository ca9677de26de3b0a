/** Exports: every recipient and every receipt as a row, and an end that says that it is all. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CampaignView } from '../../../functions/http/campaigns/view.ts';
import { Expired } from '../../../functions/lib/errors.ts';
import type { CampaignEvent } from '../../../functions/model/event.ts';
import { receiptName } from '../../../functions/model/receipt.ts';
import type { EventData } from '../../../functions/model/schemas/events.ts';
import type { RecipientOutcome } from '../../../functions/ports/ports.ts';
import { person } from '../../contracts/store-fixture.ts';
import { campaign, createFixture, failAll, jsonOf, NOW } from '../fixture.ts';

async function exported(t: { after(done: () => Promise<void>): void }, tokens: string[]) {
  const fixture = await createFixture(t);
  const { id } = await jsonOf<CampaignView>(await fixture.ask('POST', '/v1/campaigns', campaign));
  await failAll(fixture.store, id, tokens);
  const path = `/v1/campaigns/${id}/export`;
  const rows = async (to = fixture.api) => fixture.ask('GET', path, undefined, {}, to);
  return { ...fixture, id, path, rows };
}

const linesOf = async (response: Response) =>
  (await response.text())
    .trimEnd()
    .split('\n')
    .map((it) => JSON.parse(it));

test('a row for each recipient and each receipt, and the end; no row has a token', async (t) => {
  const { rows, id, store } = await exported(t, ['secret-token-0', 'secret-token-1']);
  await store.putInstallations([person('device-0'), person('device-7')]);
  await store.addReceipts({
    campaign: (await store.getCampaign(id))!,
    receipts: [
      { installationId: 'device-0', kind: 'opened', at: NOW + 60_000 },
      { installationId: 'device-7', kind: 'dismissed', at: NOW + 61_000 },
    ],
    now: NOW + 61_000,
    isTold: false,
  });
  const response = await rows();
  assert.equal(response.headers.get('content-type'), 'application/x-ndjson');
  assert.equal(
    response.headers.get('content-disposition'),
    `attachment; filename="campaign-${id}.ndjson"`,
  );
  const text = await response.clone().text();
  assert.ok(!text.includes('secret-token'), 'tokens are in no row');
  const common = { schema: 1, campaignId: id };
  const failed = {
    ...common,
    kind: 'recipient',
    provider: 'fcm',
    outcome: 'rejected',
    reason: 'INVALID_ARGUMENT',
    attempts: 1,
    at: '2026-11-21T13:00:00.000Z',
  };
  const [first, second] = [0, 1].map((n) => ({
    ...failed,
    device: receiptName(`device-${n}`),
    installationId: `device-${n}`,
  }));
  assert.deepEqual(await linesOf(response), [
    first,
    second,
    {
      ...common,
      kind: 'receipt',
      device: first!.device,
      receipt: 'opened',
      at: '2026-11-21T13:01:00.000Z',
    },
    {
      ...common,
      kind: 'receipt',
      device: receiptName('device-7'),
      receipt: 'dismissed',
      at: '2026-11-21T13:01:01.000Z',
    },
    { ...common, kind: 'end', recipients: 2, receipts: 2 },
  ]);
});

test('a campaign that has not begun has an end, and one that is not there is not found', async (t) => {
  const { ask } = await createFixture(t);
  const { id } = await jsonOf<CampaignView>(await ask('POST', '/v1/campaigns', campaign));
  const response = await ask('GET', `/v1/campaigns/${id}/export`);
  assert.deepEqual(await linesOf(response), [
    { schema: 1, campaignId: id, kind: 'end', recipients: 0, receipts: 0 },
  ]);
  assert.equal((await ask('GET', '/v1/campaigns/none/export')).status, 404);
});

test('the key needs the scope read', async (t) => {
  const { addKey, path, api } = await exported(t, ['token-0']);
  for (const [scope, status] of [
    ['campaigns', 403],
    ['installations', 403],
    ['read', 200],
  ] as const) {
    const headers = { Authorization: `Bearer ${await addKey(scope)}` };
    const response = await api.request(path, { headers });
    assert.equal(response.status, status, scope);
    await response.text();
  }
});

test('after the retention it is refused, and what expires in the middle breaks the answer off', async (t) => {
  const { rows, apiOver, logged } = await exported(t, ['token-0']);
  const refused = await rows(apiOver({ isKept: async () => false }));
  assert.equal(refused.status, 409);
  assert.match((await jsonOf<{ detail: string }>(refused)).detail, /are deleted/);
  const one: RecipientOutcome = {
    installationId: 'a',
    provider: 'fcm',
    environment: 'production',
    state: 'accepted',
    at: null,
    failure: null,
  };
  const broken = apiOver({
    async *readOutcomes() {
      yield [one];
      throw new Expired('a chunk is deleted');
    },
  });
  const response = await rows(broken);
  assert.equal(response.status, 200);
  await assert.rejects(response.text());
  assert.match(logged.join(''), /a chunk is deleted/);
  let kept = true;
  const late = apiOver({
    isKept: async () => kept,
    async *readOutcomes() {
      yield [one];
      kept = false;
    },
  });
  await assert.rejects((await rows(late)).text(), 'receipts that are not read are not none');
});

test('the client sets the pace of an export', async (t) => {
  const { rows, apiOver } = await exported(t, ['token-0']);
  let parts = 0;
  let ended = false;
  const one: RecipientOutcome = {
    installationId: 'a',
    provider: 'apns',
    environment: 'production',
    state: 'accepted',
    at: NOW,
    failure: null,
  };
  const api = apiOver({
    async *readOutcomes() {
      try {
        for (;;) {
          parts += 1;
          yield Array(1_000).fill(one);
        }
      } finally {
        ended = true;
      }
    },
  });
  const reader = (await rows(api)).body!.getReader();
  for (let n = 0; n < 5; n++) await reader.read();
  assert.ok(parts <= 7, `${parts} parts were read for 5 that were taken`);
  await reader.cancel();
  assert.ok(ended, 'nothing is read for a client that has gone');
});

test('rows are published to a topic in events of 2,000, the end after all others', async (t) => {
  const tokens = Array.from({ length: 4_500 }, (_, n) => `token-${n}`);
  const { ask, path, id, ports, rows } = await exported(t, tokens);
  assert.equal((await ask('POST', path)).status, 409, 'there is no topic');
  const published: CampaignEvent[] = [];
  let underWay = 0;
  let most = 0;
  ports.events = {
    isTopic: true,
    async publish(event) {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setImmediate(resolve));
      underWay -= 1;
      published.push(event);
    },
  };
  const response = await ask('POST', path);
  assert.equal(response.status, 200);
  const run = '2026-11-21T13:00:00.000Z';
  assert.deepEqual(await response.json(), { run, events: 4, recipients: 4_500, receipts: 0 });
  assert.ok(most <= 4);
  const data = published.map((it) => it.data as EventData['warehouse.rows']);
  assert.deepEqual(
    data.map((it) => it.rows.length),
    [2_000, 2_000, 500, 1],
  );
  assert.deepEqual(
    data.flatMap((it) => it.rows),
    await linesOf(await rows()),
  );
  for (const [part, it] of published.entries()) {
    assert.deepEqual([it.type, it.subject], ['warehouse.rows', id]);
    assert.deepEqual([data[part]!.schema, data[part]!.run, data[part]!.part], [1, run, part]);
    assert.ok(JSON.stringify(it).length < 1_000_000);
  }
  assert.equal(new Set(published.map((it) => it.id)).size, 4);

  published.length = 0;
  ports.events = {
    isTopic: true,
    async publish(event) {
      if (published.push(event) === 2) throw new Error('Pub/Sub does not answer');
    },
  };
  assert.equal((await ask('POST', path)).status, 500);
  assert.ok(!JSON.stringify(published).includes('"end"'), 'what is not whole has no end');
});

test('rows that expire while they are published are said to be deleted', async (t) => {
  const { ask, path, ports, apiOver } = await exported(t, ['token-0']);
  ports.events = { isTopic: true, publish: async () => {} };
  const api = apiOver({
    async *readOutcomes() {
      yield [];
      throw new Expired('2 chunks are missing');
    },
  });
  assert.equal((await ask('POST', path, undefined, {}, api)).status, 409);
});

test('no webhook can ask for rows: they are larger than a webhook is', async (t) => {
  const { ask } = await createFixture(t);
  const body = { url: 'https://example.com/hook', types: ['warehouse.rows'] };
  assert.equal((await ask('POST', '/v1/webhooks', body)).status, 400);
});
