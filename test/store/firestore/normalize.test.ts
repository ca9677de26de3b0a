import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Installation } from '../../../functions/model/installation.ts';
import type { Audience } from '../../../functions/model/schemas/audience.ts';
import type { Store } from '../../../functions/ports/ports.ts';
import { createClient } from '../../../functions/store/firestore/client.ts';
import { createSchema } from '../../../functions/store/firestore/schema.ts';
import { EVERYBODY, NOW, person } from '../../contracts/store-fixture.ts';
import { freshProject, withoutEmulators } from '../../emulators.ts';
import { emulator, openStore } from './emulated.ts';

const skip = withoutEmulators('firestore');

async function idsIn(store: Store, audience: Audience) {
  const ids: string[] = [];
  for await (const page of store.streamAudience({
    app: 'default',
    audience,
    range: EVERYBODY,
    after: null,
    size: 100,
  }))
    ids.push(...page.installations.map((it) => it.id));
  return ids.sort();
}

async function normalize(store: Store, limit: number) {
  let next: Awaited<ReturnType<Store['normalizeInstallations']>>['next'] = null;
  let changed = 0;
  do {
    const part = await store.normalizeInstallations(next, limit);
    changed += part.changed;
    next = part.next;
  } while (next !== null);
  return changed;
}

test('languages are found as they are read today, whatever an earlier version wrote', {
  skip,
}, async (t) => {
  const project = freshProject();
  const store = openStore(t, emulator, { project });
  await store.putInstallations([
    person('mexican', { language: 'es-MX', userId: 'u' }),
    person('taiwanese', { language: 'zh-Hant-TW' }),
    person('german', { language: 'de' }),
    person('nobody', {}),
  ]);
  const { db, close } = createClient({ project, emulator });
  t.after(close);
  const schema = createSchema(db);
  const spoken = (id: string, words: string[]) =>
    schema.installation('default', id).update({ spoken: words });
  await spoken('mexican', ['es', 'es-MX', 'android/es', 'android/es-MX']);
  await spoken('taiwanese', ['zh', 'zh-Hant', 'zh-Hant-TW', 'android/zh']);
  assert.equal(await normalize(store, 3), 2);
  assert.deepEqual(await idsIn(store, { language: ['es-419'] }), ['mexican']);
  assert.deepEqual(await idsIn(store, { language: ['zh-TW'] }), ['taiwanese']);
  assert.deepEqual(await idsIn(store, { language: ['zh-Hant'], platform: ['android'] }), [
    'taiwanese',
  ]);
  assert.equal(await store.estimateAudience('default', { language: ['zh'] }), 0);
  assert.deepEqual(await idsIn(store, { userIds: ['u'] }), ['mexican']);
  assert.equal(await normalize(store, 3), 0);
});

test('while two bring them into form, and apps register, each token has one device', {
  skip,
}, async (t) => {
  const store = openStore(t);
  const token = (n: number) => `${n}`.padStart(4, '0').concat('AB'.repeat(30));
  const ids = Array.from({ length: 20 }, (_, n) => n);
  const old = (n: number, id: string, written: string): Installation => ({
    ...person(`${id}-${n}`, { platform: 'ios' }, NOW + (n % 2)),
    token: written,
  });
  await store.putInstallations(
    ids.flatMap((n) => [old(n, 'a', token(n)), old(n, 'b', token(n).replace('AB', 'Ab'))]),
  );
  const apps = async () => {
    for (const n of ids.slice(0, 7))
      await store.putInstallations([
        person(`c-${n}`, { platform: 'ios', token: token(n) }, NOW + 10),
      ]);
  };
  await Promise.all([normalize(store, 15), normalize(store, 12), apps()]);
  await normalize(store, 100);
  const left = await idsIn(store, {});
  assert.equal(left.length, ids.length);
  for (const n of ids) {
    const own = left.filter((it) => it.endsWith(`-${n}`));
    assert.equal(own.length, 1);
    if (n < 7) assert.equal(own[0], `c-${n}`);
    assert.deepEqual(await idsIn(store, { tokens: [token(n).toLowerCase()] }), own);
    assert.deepEqual(await idsIn(store, { tokens: [token(n)] }), []);
  }
});
