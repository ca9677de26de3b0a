import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '../../../functions/http/core/problems.ts';
import type { InstallationView } from '../../../functions/http/installations/view.ts';
import { Unavailable } from '../../../functions/lib/errors.ts';
import type { Page } from '../../../functions/ports/ports.ts';
import { createFixture, jsonOf } from '../fixture.ts';

type Found = Page<InstallationView>;

const IPHONE = 'a1b2'.repeat(16);
const ANDROID = 'fcm:Token-OF_ada';

async function withDevices(t: Parameters<typeof createFixture>[0]) {
  const fixture = await createFixture(t);
  const { ask } = fixture;
  const put = (id: string, body: object) => ask('PUT', `/v1/installations/${id}`, body);
  await put('iphone', { platform: 'ios', token: IPHONE.toUpperCase(), userId: 'ada' });
  await put('pixel', { platform: 'android', token: ANDROID, userId: 'ada', optedOut: true });
  await put('other', { app: 'shop', platform: 'android', token: ANDROID, userId: 'ada' });
  const ids = async (response: Promise<Response> | Response) =>
    (await jsonOf<Found>(await response)).items.map((it) => it.id).toSorted();
  const get = (query: string) => ids(ask('GET', `/v1/installations?${query}`));
  const post = (body: object) => ids(ask('POST', '/v1/installations:find', body));
  return { ...fixture, get, post };
}

test('installations are found by user, in one app', async (t) => {
  const { get, post, ask } = await withDevices(t);
  assert.deepEqual(await get('userId=ada'), ['iphone', 'pixel']);
  assert.deepEqual(await get('userId=ada&app=shop'), ['other']);
  assert.deepEqual(await post({ userId: 'ada' }), ['iphone', 'pixel']);
  for (const query of ['userId=Ada', 'userId=none', 'userId=ada&app=none'])
    assert.deepEqual(await get(query), []);
  const first = await jsonOf<Found>(await ask('GET', '/v1/installations?userId=ada&limit=1'));
  const rest = await get(`userId=ada&limit=1&after=${first.next}`);
  assert.deepEqual([first.items[0]!.id, ...rest].toSorted(), ['iphone', 'pixel']);
});

test('a token is found in every spelling that registration takes, and with spaces', async (t) => {
  const { get, post } = await withDevices(t);
  const spellings = [IPHONE, IPHONE.toUpperCase(), ` ${IPHONE.replace(/(.{8})/g, '$1 ')}\n`];
  for (const token of spellings) {
    assert.deepEqual(await get(`token=${encodeURIComponent(token)}`), ['iphone'], token);
    assert.deepEqual(await post({ token }), ['iphone'], token);
  }
  assert.deepEqual(await post({ token: ANDROID }), ['pixel']);
  assert.deepEqual(await post({ token: ANDROID, app: 'shop' }), ['other']);
  // capitals are part of a token of FCM
  assert.deepEqual(await post({ token: ANDROID.toLowerCase() }), []);
  assert.deepEqual(await post({ token: 'never' }), []);
});

test('a lookup names its faults', async (t) => {
  const { ask } = await createFixture(t);
  const told = async (response: Response | Promise<Response>) => {
    const { status, faults = [] } = await jsonOf<Problem>(await response);
    return [status, ...faults.map((it) => `${it.path}: ${it.message}`)];
  };
  const one = 'must have a userId or a token, and not both';
  for (const query of ['', '?userId=a&token=b'])
    assert.deepEqual(await told(ask('GET', `/v1/installations${query}`)), [400, `query: ${one}`]);
  assert.deepEqual(await told(ask('POST', '/v1/installations:find', {})), [400, `: ${one}`]);
  const bad = { token: 'täken', limit: 0, user: 'a' };
  assert.deepEqual(await told(ask('POST', '/v1/installations:find', bad)), [
    400,
    'token: must be printable ASCII',
    'limit: must be at least 1',
    'user: is unknown',
  ]);
});

test('a key without the scope finds nothing, and no log shows the token', async (t) => {
  const { ask, addKey, apiOver, logged } = await withDevices(t);
  for (const scope of ['campaigns', 'register', 'admin'] as const) {
    const headers = { Authorization: `Bearer ${await addKey(scope)}` };
    const paths = [`/v1/installations?token=${IPHONE}`, '/v1/installations?userId=ada'];
    for (const path of paths)
      assert.equal((await ask('GET', path, undefined, headers)).status, 403, scope);
  }
  const api = apiOver({
    installationsWithTokens: async () => {
      throw new Unavailable('the disk is full');
    },
  });
  const response = await ask('GET', `/v1/installations?token=${IPHONE}`, undefined, {}, api);
  assert.equal(response.status, 503);
  assert.match(logged.join(''), /the disk is full/);
  assert.ok(!logged.join('').includes('a1b2'));
});
