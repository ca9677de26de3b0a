/**
 * The part of the store's contract that is about canonical forms: a token in two spellings is one
 * device's, and what an earlier version stored is brought into form.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Installation } from '../../functions/model/installation.ts';
import type { Audience } from '../../functions/model/schemas/audience.ts';
import type { Registration } from '../../functions/model/schemas/registration.ts';
import type { InstallationName, Store } from '../../functions/ports/ports.ts';
import { EVERYBODY, type MakeStore, MINUTE, NOW, person } from './store-fixture.ts';

/** 64 hexadecimal digits, in lower case. */
const token = (n: number) => `${n.toString(16)}ab`.padStart(64, 'c');

const iphone = (id: string, rest: Partial<Registration> = {}, at = NOW) =>
  person(id, { platform: 'ios', ...rest }, at);

/** As an earlier version has stored it. */
const asItCame = (id: string, rest: Partial<Installation>, at = NOW): Installation => ({
  ...person(id, {}, at),
  ...rest,
});
const oldIphone = (id: string, rest: Partial<Installation>, at = NOW) =>
  asItCame(id, { platform: 'ios', provider: 'apns', ...rest }, at);

async function idsIn(store: Store, audience: Audience, app = 'default') {
  const ids: string[] = [];
  for await (const page of store.streamAudience({
    app,
    audience,
    range: EVERYBODY,
    after: null,
    size: 100,
  }))
    ids.push(...page.installations.map((it) => it.id));
  return ids.sort();
}

/** All of it, `limit` at a time; `stop` cuts it off after so many calls. */
async function normalize(
  store: Store,
  limit: number,
  from: InstallationName | null = null,
  stop = 1e6,
) {
  const total = { read: 0, changed: 0, removed: 0 };
  let next = from;
  for (let calls = 0; calls < stop; calls++) {
    const part = await store.normalizeInstallations(next, limit);
    assert.ok(part.read <= limit);
    for (const name of ['read', 'changed', 'removed'] as const) total[name] += part[name];
    next = part.next;
    if (next === null) break;
  }
  return { ...total, next };
}

export function formsContract(name: string, makeStore: MakeStore) {
  test(`${name}: a token of APNs in two spellings is one device, of FCM two`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations([
      iphone('old', { token: token(1).toUpperCase(), userId: 'former owner' }),
      person('one', { token: 'fcm:ABC' }),
    ]);
    await store.putInstallations([
      iphone('new', { token: token(1), userId: 'owner' }),
      person('other', { token: 'fcm:abc' }),
    ]);
    assert.equal(await store.getInstallation('default', 'old'), null);
    assert.deepEqual(await idsIn(store, { userIds: ['former owner'] }), []);
    assert.deepEqual(await idsIn(store, { tokens: [token(1)] }), ['new']);
    assert.deepEqual(await idsIn(store, { tokens: ['fcm:ABC', 'fcm:abc'] }), ['one', 'other']);
    const rows = [
      iphone('newest', { token: token(1).toUpperCase() }),
      person('o', { token: 'FCM:abc' }),
    ];
    await store.importInstallations(rows, { run: null, now: NOW });
    assert.deepEqual(await idsIn(store, {}), ['newest', 'o', 'one', 'other']);
  });

  test(`${name}: what an earlier version stored is brought into form, once`, async (t) => {
    const store = await makeStore(t);
    const [upper, fcm] = [token(1), token(2)].map((it) => it.toUpperCase()) as [string, string];
    await store.putInstallations([
      oldIphone('a', { token: upper, userId: 'u', tags: ['vip'], attributes: { plan: 'pro' } }),
      asItCame('b', { timeZone: 'Asia/Calcutta', country: 'UK', language: 'iw', optedOut: true }),
      asItCame('c', { token: fcm, timeZone: '+02:00', appVersion: '1.2' }),
      asItCame('d', { timeZone: 'Asia/Calcutta', app: 'shop' }),
      person('e', { timeZone: 'Asia/Kolkata', language: 'de' }),
    ]);
    const { next: _, ...told } = await normalize(store, 2);
    assert.deepEqual(told, { read: 5, changed: 3, removed: 0 });
    const get = (id: string, app = 'default') => store.getInstallation(app, id);
    assert.deepEqual(await get('a'), {
      ...iphone('a', { token: token(1), userId: 'u', tags: ['vip'], attributes: { plan: 'pro' } }),
    });
    const { timeZone, country, language, optedOut } = (await get('b'))!;
    assert.deepEqual([timeZone, country, language, optedOut], ['Asia/Kolkata', 'GB', 'he', true]);
    const kept = asItCame('c', { token: fcm, timeZone: '+02:00', appVersion: '1.2' });
    assert.deepEqual(await get('c'), kept, 'an FCM token, and a zone that is none, stay');
    assert.equal((await get('d', 'shop'))?.timeZone, 'Asia/Kolkata');
    assert.deepEqual(await idsIn(store, { tokens: [token(1)] }), ['a']);
    assert.deepEqual(
      await store.registeredTokens('default', [token(1), upper, fcm]).then((it) => it.sort()),
      [fcm, token(1)].sort(),
    );
    assert.deepEqual(await idsIn(store, { timeZone: ['Asia/Kolkata'] }), ['e']);
    assert.deepEqual(await idsIn(store, { language: ['de'] }), ['e']);
    const again = await normalize(store, 3);
    assert.deepEqual([again.read, again.changed, again.removed], [5, 0, 0]);
    // the token is its own, and comes with a new device as any does
    await store.putInstallations([iphone('z', { token: token(1) })]);
    assert.equal(await get('a'), null);
  });

  test(`${name}: of devices whose tokens become one, the one refreshed last keeps it`, async (t) => {
    for (const limit of [1, 2, 100]) {
      const store = await makeStore(t);
      const mixed = `A${token(1).slice(1)}`.replace(/b$/, 'B');
      const [capital, small] = [mixed.toUpperCase(), mixed.toLowerCase()];
      await store.putInstallations([
        // in capitals twice, and as it should be: in each place once the last
        oldIphone('a1', { token: capital, userId: 'u1' }, NOW + 2 * MINUTE),
        oldIphone('a2', { token: mixed, userId: 'u2' }, NOW + MINUTE),
        oldIphone('a3', { token: small, userId: 'u3' }, NOW),
        oldIphone('b1', { app: 'b', token: capital }, NOW),
        oldIphone('b2', { app: 'b', token: mixed }, NOW + MINUTE),
        oldIphone('b3', { app: 'b', token: small, language: 'iw' }, NOW + 2 * MINUTE),
        oldIphone('c1', { app: 'c', token: capital }, NOW),
        oldIphone('c2', { app: 'c', token: mixed }, NOW + 2 * MINUTE),
        oldIphone('c3', { app: 'c', token: small, country: 'UK' }, NOW + MINUTE),
        oldIphone('d1', { app: 'd', token: capital }, NOW),
        oldIphone('d3', { app: 'd', token: small }, NOW + MINUTE),
      ]);
      const { removed } = await normalize(store, limit);
      assert.equal(removed, 7, `${limit} at a time`);
      for (const [app, id] of [
        ['default', 'a1'],
        ['b', 'b3'],
        ['c', 'c2'],
        ['d', 'd3'],
      ] as const) {
        assert.deepEqual(await idsIn(store, {}, app), [id]);
        assert.deepEqual(await idsIn(store, { tokens: [small] }, app), [id]);
        assert.equal((await store.getInstallation(app, id))?.token, small);
      }
      assert.deepEqual(await idsIn(store, { userIds: ['u1', 'u2', 'u3'] }), ['a1']);
      const again = await normalize(store, limit);
      assert.deepEqual([again.read, again.changed, again.removed], [4, 0, 0]);
    }
  });

  test(`${name}: what is brought into form can be cut off, and goes on`, async (t) => {
    const store = await makeStore(t);
    const ids = Array.from({ length: 23 }, (_, n) => `device-${n}`);
    const olds = ids.map((id, n) =>
      oldIphone(id, { token: token(n).toUpperCase(), language: 'in', app: n < 9 ? 'x' : 'y' }),
    );
    await store.putInstallations(olds);
    const first = await normalize(store, 5, null, 2);
    assert.deepEqual([first.read, first.changed], [10, 10]);
    const rest = await normalize(store, 5, first.next);
    assert.deepEqual([rest.read, rest.changed, rest.next], [13, 13, null]);
    for (const it of olds) {
      const now = (await store.getInstallation(it.app, it.id))!;
      assert.deepEqual([now.token, now.language], [it.token.toLowerCase(), 'id']);
    }
    assert.equal((await idsIn(store, { language: ['id'] }, 'y')).length, 14);
    assert.ok((await store.estimateAudience('y', { language: ['id'] })) >= 14);
  });
}
