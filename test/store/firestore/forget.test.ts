/** Dead tokens of a chunk: what is kept of whose they were, and what must not hold the commit up. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { UserRecord } from '../../../functions/ports/ports.ts';
import { digest } from '../../../functions/store/firestore/schema.ts';
import {
  claimed,
  commitOf,
  leaseOf,
  lonelyChunk,
  MINUTE,
  NOW,
  person,
} from '../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../emulators.ts';
import { fill, openPaged, type Paged } from './pages/paged.ts';

const skip = withoutEmulators('firestore');

/** Registers `count` people, and sends a campaign to them, in which all tokens are dead. */
async function forgetAll(t: TestContext, count: number, token = 'token') {
  const paged = openPaged(t);
  const { store } = paged;
  const people = Array.from({ length: count }, (_, n) =>
    person(`device-${n}`, { userId: `user-${n}`, token: `${token}-${n}` }),
  );
  await fill(paged.db, people);
  const { chunkId, campaignId } = await lonelyChunk(store, count, {
    recipients: people.map((it) => ({ installationId: it.id, token: it.token })),
  });
  claimed(await store.claimChunk(chunkId, leaseOf('mine'), NOW));
  const forget = people.map((it) => ({
    ...{ installationId: it.id, token: it.token, since: NOW + MINUTE },
  }));
  const commit = () =>
    store.commitChunk(commitOf(chunkId, 'mine', { accepted: count, open: [], forget }));
  return { ...paged, people, commit, campaignId };
}

const former = async ({ db }: Pick<Paged, 'db'>) => (await db.collection('formerUsers').get()).docs;

async function kinds({ store }: Pick<Paged, 'store'>, userId: string) {
  const found: UserRecord[] = [];
  for await (const some of store.readUser(userId)) found.push(...some);
  return found.map((it) => it.kind);
}

test('what many dead tokens leave is one document, from which each user can be erased', {
  skip,
}, async (t) => {
  const it = await forgetAll(t, 12);
  await it.commit();
  assert.equal((await it.db.collection('installations').count().get()).data().count, 0);
  const [only, ...others] = await former(it);
  assert.deepEqual([only!.get('users').length, others.length], [12, 0]);
  assert.deepEqual(await kinds(it, 'user-3'), ['recipient']);
  assert.deepEqual(await kinds(it, 'user-99'), []);
  assert.equal((await it.store.eraseUser('user-3', NOW)).recipients, 1);
  assert.deepEqual(await kinds(it, 'user-3'), []);
  const [left] = await former(it);
  assert.ok(!JSON.stringify(left!.data()).includes(digest('user-3')));
  assert.equal(left!.get('users').length, 11);
  assert.deepEqual(await kinds(it, 'user-4'), ['recipient'], 'others are still found');
  // several at once, in the same document
  await Promise.all(it.people.slice(0, 11).map(({ userId }) => it.store.eraseUser(userId!, NOW)));
  assert.deepEqual(
    (await former(it)).flatMap((one) => one.get('users')),
    [digest('user-11')],
  );
  await it.store.eraseUser('user-11', NOW);
  assert.deepEqual(await former(it), []);
});

test('a document of an earlier version tells whose a device was', { skip }, async (t) => {
  const it = await forgetAll(t, 2);
  await it.commit();
  for (const { ref } of await former(it)) await ref.delete();
  const device = digest('default\ndevice-0');
  const fields = { app: 'default', id: 'device-0', token: 'token-0', device, until: NOW + MINUTE };
  await it.db.doc(`formerUsers/${digest('user-0')}~${device}`).set(fields);
  assert.deepEqual(await kinds(it, 'user-0'), ['recipient']);
  assert.equal((await it.store.eraseUser('user-0', NOW)).recipients, 1);
  assert.deepEqual(await former(it), []);
});

test('long tokens of a chunk are left in several documents', { skip }, async (t) => {
  const it = await forgetAll(t, 400, 'x'.repeat(4_000));
  await it.commit();
  assert.equal((await former(it)).length, 3);
  assert.deepEqual(await kinds(it, 'user-399'), ['recipient']);
});

test('a process that died while it changed a device does not hold up a commit that finds it dead', {
  skip,
}, async (t) => {
  const it = await forgetAll(t, 3);
  const died = Promise.withResolvers<void>();
  const has = Promise.withResolvers<void>();
  const held = it.db
    .runTransaction(
      async (writes) => {
        await writes.get(it.schema.installation('default', 'device-1'));
        has.resolve();
        await died.promise;
      },
      { maxAttempts: 1 },
    )
    .catch(() => {});
  await has.promise;
  const committed = await it.commit();
  assert.equal(committed.kind, 'committed');
  assert.equal((await it.store.counts(it.campaignId)).accepted, 3);
  died.resolve();
  await held;
  // they are found dead again
  assert.ok(await it.store.getInstallation('default', 'device-1'));
});
