import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EstimateView } from '../../functions/http/campaigns/estimate.ts';
import { person } from '../contracts/store-fixture.ts';
import { createFixture, jsonOf } from './fixture.ts';

test('?quick asks for a sample, and is refused if it is no yes or no', async (t) => {
  const { ask, store, ports } = await createFixture(t);
  await store.putInstallations([person('a'), person('b')]);
  let sampled = 0;
  ports.store = {
    ...store,
    async sampleAudience(read) {
      sampled++;
      return { ...(await store.sampleAudience(read)), asOf: Date.UTC(2026, 10, 21) };
    },
  };
  const body = { audience: { everybody: true } };
  for (const [query, quick] of [
    ['', false],
    ['?quick', true],
    ['?quick=true', true],
    ['?quick=false', false],
  ] as const) {
    sampled = 0;
    const response = await ask('POST', `/v1/audiences:estimate${query}`, body);
    assert.equal(response.status, 200, query);
    const found = await jsonOf<EstimateView>(response);
    assert.deepEqual([sampled, found.installations], [Number(quick), 2], query);
    assert.deepEqual(
      [found.exact, found.asOf],
      quick ? [false, '2026-11-21T00:00:00.000Z'] : [true, null],
      query,
    );
    assert.deepEqual(found.interval, { low: 2, high: 2 });
  }
  for (const query of ['?quick=maybe', '?quick&quick', '?fast'])
    assert.equal((await ask('POST', `/v1/audiences:estimate${query}`, body)).status, 400, query);
});
