import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NewKey } from '../../functions/http/keys.ts';
import type { MeView } from '../../functions/http/me.ts';
import { createFixture, jsonOf } from './fixture.ts';

test('every key may ask who it is, a registration key too', async (t) => {
  const { ask } = await createFixture(t);
  const { key } = await jsonOf<NewKey>(
    await ask('POST', '/v1/keys', { name: 'in the shop', scopes: ['register'], app: 'shop' }),
  );
  const asked = await ask('GET', '/v1/me', undefined, { Authorization: `Bearer ${key}` });
  assert.deepEqual(await jsonOf<MeView>(asked), {
    name: 'key "in the shop"',
    scopes: ['register'],
    app: 'shop',
    simulated: false,
  });
  const stranger = await ask('GET', '/v1/me', undefined, { Authorization: 'Bearer volley_x' });
  assert.equal(stranger.status, 401);
});
