import assert from 'node:assert/strict';
import { test } from 'node:test';
import { installation } from '../../../functions/model/installation.ts';
import { apnsToken, jsonOf, NOW } from '../../http/fixture.ts';
import { cli } from '../fixture.ts';

/** As an earlier version stored it. */
const old = (id: string, token: string) => ({
  ...installation(
    id,
    {
      app: 'default',
      platform: 'ios',
      token: 'a',
      environment: 'production',
      tags: [],
      attributes: {},
      timeZone: 'Asia/Calcutta',
    },
    NOW,
  ),
  token,
});

test('installations are normalized on the command line, and a stopped run goes on', async (t) => {
  const { volley, volleyWith, store, addKey } = await cli(t);
  const ids = Array.from({ length: 4_500 }, (_, n) => `device-${n}`);
  await store.putInstallations(ids.map((id, n) => old(id, apnsToken(n).replace(/^00/, 'AB'))));
  const token = apnsToken(0).replace(/^00/, 'ab');
  await store.putInstallations([{ ...old('later', token), refreshedAt: NOW + 1 }]);

  const key = await addKey('installations', 'campaigns', 'read');
  const refused = await volleyWith({ VOLLEY_API_KEY: key }, 'installations', 'normalize');
  assert.match(refused.stderr, /lacks the scope admin/);

  const { normalizeInstallations } = store;
  let calls = 0;
  store.normalizeInstallations = async (...args) => {
    if (++calls === 2) throw new Error('cut off');
    return normalizeInstallations(...args);
  };
  const first = await volley('installations', 'normalize');
  assert.equal(first.code, 1);
  const [, cursor] = /^2,000 installations read.*--after (default\/[\w-]+)$/m.exec(first.stderr)!;
  const rest = await volley('installations', 'normalize', '--after', cursor!, '--json');
  assert.equal(rest.code, 0, rest.stderr);
  assert.equal(JSON.parse(rest.stdout).read, ids.length + 1 - 2_000);
  const again = await volley('installations', 'normalize');
  assert.equal(again.stdout, '4,500 installations read, 0 changed, 0 removed\n');
  assert.equal(await store.getInstallation('default', 'device-0'), null);
  const kept = await store.getInstallation('default', 'later');
  assert.deepEqual([kept?.token, kept?.timeZone], [token, 'Asia/Kolkata']);
});

test('a cursor that no call gave is refused', async (t) => {
  const { ask } = await cli(t);
  for (const after of ['abc', '', 'default/', '/a', 'a/b c', '%/a', 7]) {
    const response = await ask('POST', '/v1/installations:normalize', { after });
    const { faults } = await jsonOf<{ faults: { path: string }[] }>(response);
    assert.deepEqual([response.status, faults[0]?.path], [400, 'after'], String(after));
  }
  const past = await ask('POST', '/v1/installations:normalize', { after: 'z%C3%A9/a' });
  assert.deepEqual(await jsonOf(past), { read: 0, changed: 0, removed: 0, next: null });
});

test('an app is registered in any spelling, and answered in the stored one', async (t) => {
  const { ask, store } = await cli(t);
  const token = apnsToken(1).replace(/^00/, 'AB');
  const put = (id: string, body: object) =>
    ask('PUT', `/v1/installations/${id}`, { platform: 'ios', ...body });
  await put('a', { token: token.toLowerCase(), userId: 'former owner' });
  const response = await put('b', {
    token,
    language: 'zh_TW_#Hant',
    timeZone: 'asia/calcutta',
    country: 'uk',
  });
  const form = { language: 'zh-Hant-TW', timeZone: 'Asia/Kolkata', country: 'GB' };
  const view = await jsonOf<typeof form>(response);
  assert.deepEqual({ ...view, ...form }, view);
  assert.equal(await store.getInstallation('default', 'a'), null);
  const changed = await ask('PATCH', '/v1/installations/b', {
    token: `${token.slice(2)}FF`,
    language: 'iw',
    timeZone: 'US/Pacific',
  });
  assert.equal(changed.status, 200);
  const it = (await store.getInstallation('default', 'b'))!;
  assert.deepEqual(
    [it.token, it.language, it.timeZone],
    [`${token.slice(2)}FF`.toLowerCase(), 'he', 'America/Los_Angeles'],
  );
  assert.equal((await put('b', { token, timeZone: '+02:00' })).status, 400);
  assert.equal((await put('b', { token, language: 'english' })).status, 400);
});

test('an audience finds its installations in any spelling', async (t) => {
  const { ask, store } = await cli(t);
  const token = apnsToken(1).replace(/^00/, 'AB');
  await ask('PUT', '/v1/installations/a', {
    platform: 'ios',
    token,
    language: 'zh-TW',
    timeZone: 'Asia/Kolkata',
    country: 'GB',
  });
  const message = {
    title: 'Hi',
    localized: { 'zh-hant-tw': { title: '你好' }, zh: { title: '?' } },
  };
  const upload = await ask('POST', '/v1/audiences?of=tokens', `${token}\n`, {
    'Content-Type': 'text/plain',
  });
  const { id } = await jsonOf<{ id: string }>(upload);
  await store.putSegment({
    app: 'default',
    name: 'old',
    updatedAt: NOW,
    audience: { timeZone: ['Asia/Calcutta'] },
  });
  for (const audience of [
    { tokens: [token] },
    { upload: id },
    { segment: 'old' },
    { or: [{ timeZone: 'asia/calcutta' }, { country: 'FR' }] },
    { country: 'uk' },
    { language: 'zh_TW_#Hant' },
    { language: 'zh-Hant', not: { language: 'zh' } },
  ]) {
    const response = await ask('POST', '/v1/campaigns:test', {
      name: 'Hi',
      audience,
      message,
      dryRun: true,
    });
    const reached = await ask('POST', '/v1/audiences:estimate', { audience, message });
    const estimate = await jsonOf<{ installations?: number; languages: object }>(reached);
    const what = JSON.stringify(audience);
    assert.deepEqual(estimate.languages, { 'zh-TW': 1 }, what);
    if (!('tokens' in audience)) continue;
    assert.equal(response.status, 200, await response.clone().text());
    const { recipients } = await jsonOf<{ recipients: { language: string }[] }>(response);
    assert.deepEqual(
      recipients.map((it) => it.language),
      ['zh-Hant-TW'],
    );
  }
});
