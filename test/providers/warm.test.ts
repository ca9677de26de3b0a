/** A sender that was asked to get ready has its connection and its token before the first push. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPool } from '../../functions/http2/pool/pool.ts';
import { createFcmSender } from '../../functions/providers/fcm/sender.ts';
import { createFcmToken } from '../../functions/providers/fcm/token.ts';
import { batch, start } from './fixture.ts';

for (const provider of ['apns', 'fcm'] as const)
  test(`${provider}: one connection, opened ahead, carries the first push`, async (t) => {
    const { simulator, sender } = await start(t, provider);
    await sender.warm();
    await sender.warm();
    assert.equal((await simulator.stats()).connections, 1);
    assert.equal((await simulator.stats()).requests, 0);
    const { it, outcomes } = batch(provider, 1);
    await sender.send(it);
    assert.deepEqual(outcomes.get(0), [{ kind: 'accepted' }]);
    assert.equal((await simulator.stats()).connections, 1);
  });

test('fcm: an access token is fetched ahead, and a refused one is no failure yet', async (t) => {
  const { simulator } = await start(t, 'fcm');
  const pool = createPool({ origin: simulator.origin, ca: simulator.ca, maxConnections: 1 });
  t.after(() => pool.close());
  let fetched = 0;
  const tokens = [
    () => Promise.reject(new Error('invalid_grant')),
    () => Promise.resolve({ access_token: 'a token', expires_in: 3600 }),
  ];
  const credential = { getAccessToken: () => tokens[fetched++]!() };
  const token = createFcmToken({ kind: 'application-default' }, { credential });
  const sender = createFcmSender({ pool, token, projectId: 'example' });
  await sender.warm();
  await sender.warm();
  assert.equal(await token.current(), 'a token');
  assert.equal(fetched, 2);
});
