import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CostsView } from '../../functions/http/costs.ts';
import { campaignUsd } from '../../functions/model/cost/estimate.ts';
import { apnsToken, campaign, createFixture, failAll, jsonOf, NOW } from './fixture.ts';

const at = (ms: number) => encodeURIComponent(new Date(ms).toISOString());
const DAY = 24 * 3_600_000;

test('the campaigns of some time are added up', async (t) => {
  const { ask, store } = await createFixture(t);
  const costs = async (from: number, to: number) =>
    jsonOf<CostsView>(await ask('GET', `/v1/costs?from=${at(from)}&to=${at(to)}`));
  const none = { campaigns: 0, recipients: 0, costUsd: 0, complete: true };
  assert.deepEqual(await costs(NOW - DAY, NOW + DAY), none);
  const { id } = await jsonOf<{ id: string }>(await ask('POST', '/v1/campaigns', campaign));
  await failAll(store, id, [apnsToken(0), apnsToken(1)]);
  await ask('POST', '/v1/campaigns', campaign);
  assert.deepEqual(await costs(NOW - DAY, NOW + DAY), {
    campaigns: 2,
    recipients: 2,
    costUsd: campaignUsd(2, 1),
    complete: true,
  });
  assert.deepEqual(await costs(NOW + 1, NOW + DAY), none);
});

test('a time that ends before it begins is refused', async (t) => {
  const { ask } = await createFixture(t);
  const response = await ask('GET', `/v1/costs?from=${at(NOW)}&to=${at(NOW)}`);
  assert.equal(response.status, 400);
  assert.match(await response.text(), /"query.to".*must be after/);
});
