import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstallationCountsView } from '../../../functions/http/installations/count.ts';
import { createFixture, jsonOf } from '../fixture.ts';

test('the devices of an app are counted by platform, language and permission', async (t) => {
  const { ask, addKey } = await createFixture(t);
  const put = (id: string, body: object) => ask('PUT', `/v1/installations/${id}`, body);
  await put('a', { platform: 'ios', token: '1'.repeat(64), language: 'de', permission: 'granted' });
  await put('b', { platform: 'android', token: 'b', language: 'de' });
  await put('c', { platform: 'web', token: 'c', permission: 'denied' });
  await put('d', { platform: 'web', token: 'd', optedOut: true });
  await put('e', { app: 'shop', platform: 'web', token: 'e' });
  const count = async (query: string) =>
    jsonOf<InstallationCountsView>(await ask('GET', `/v1/installations:count${query}`));
  assert.deepEqual(await count(''), {
    app: 'default',
    installations: 3,
    exact: true,
    interval: { low: 3, high: 3 },
    asOf: null,
    counted: 3,
    platforms: { ios: 1, android: 1, web: 1 },
    languages: { de: 2, '': 1 },
    permissions: { granted: 1, unknown: 1, denied: 1 },
    optedOut: 1,
  });
  const { installations, optedOut } = await count('?app=shop');
  assert.deepEqual([installations, optedOut], [1, 0]);
  assert.equal((await count('?app=nowhere')).installations, 0);
  const headers = { Authorization: `Bearer ${await addKey('campaigns')}` };
  const refused = await ask('GET', '/v1/installations:count', undefined, headers);
  assert.equal(refused.status, 403);
});
