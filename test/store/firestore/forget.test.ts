/** Dead tokens of a chunk: what is kept of whose they were, and what must not hold the commit up. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { UserRecord } from '../../../functions/ports/ports.ts';
import { digest } from '../../../functions/store/firestore/schema.ts';
import {
  claimed,
  commitOf,
  EVERYBODY,
  leaseOf,
  lonelyChunk,
  MINUTE,
  NOW,
  person,
} from '../../contracts/store-fixture.ts';
import { withoutEmulators } from '../../emulators.ts';
import { takeCosts } from './costs.ts';
import { emulator } from './emulated.ts';
import { idIn } from './marked.ts';
import { DAY, fill, openPaged, type Paged } from './pages/paged.ts';
import { startProxy } from './proxy.ts';

const skip = withoutEmulators('firestore');

/** Registers `count` people, and sends a campaign to them, in which all tokens are dead. */
async function forgetAll(t: TestContext, count: number, { token = 'token', host = emulator } = {}) {
  const paged = openPaged(t, {}, host);
  const { store } = paged;
  // all in one page
  const people = Array.from({ length: count }, (_, n) =>
    person(idIn('0', `device-${n}`), { userId: `user-${n}`, token: `${token}-${n}` }),
  );
  await fill(paged.db, people);
  const { chunkId, campaignId } = await lonelyChunk(store, count, {
    recipients: people.map((it) => ({ installationId: it.id, token: it.token })),
  });
  claimed(await store.claimChunk(chunkId, leaseOf('mine'), NOW));
  const forget = people.map((it) => ({
    installationId: it.id,
    token: it.token,
    since: NOW + MINUTE,
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
  const { id } = it.people[0]!;
  const device = digest(`default\n${id}`);
  const fields = { app: 'default', id, token: 'token-0', device, until: NOW + MINUTE };
  await it.db.doc(`formerUsers/${digest('user-0')}~${device}`).set(fields);
  assert.deepEqual(await kinds(it, 'user-0'), ['recipient']);
  assert.equal((await it.store.eraseUser('user-0', NOW)).recipients, 1);
  assert.deepEqual(await former(it), []);
});

test('long tokens of a chunk are left in several documents', { skip }, async (t) => {
  const it = await forgetAll(t, 400, { token: 'x'.repeat(4_000) });
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
        await writes.get(it.schema.installation('default', it.people[1]!.id));
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
  assert.ok(await it.store.getInstallation('default', it.people[1]!.id));
});

/** Builds the pages of the app, some days after all have registered. */
async function buildPages(it: Paged, days: number) {
  await it.layout('default');
  it.clock.ahead = days * DAY;
  const read = { app: 'default', audience: {}, range: EVERYBODY, after: null, size: 100 };
  for await (const _ of it.other.streamAudience(read));
}

test('with pages, dead tokens are forgotten without a read of each', { skip }, async (t) => {
  const proxy = await startProxy(emulator, t);
  const it = await forgetAll(t, 30, { host: proxy.host });
  await buildPages(it, 8);
  takeCosts(proxy);
  await it.commit();
  const { reads, writes, deletes } = takeCosts(proxy);
  // one, for the time of the marker
  assert.deepEqual([reads.installations, reads.layouts, reads.pages], [1, 1, 1]);
  assert.deepEqual([writes.formerUsers, writes.gone], [1, 1]);
  assert.deepEqual([deletes.installations, deletes.tokens, deletes.badges], [30, 30, undefined]);
  const [gone] = (await it.db.collection('gone').get()).docs;
  assert.deepEqual(gone!.get('ids').toSorted(), it.people.map((one) => one.id).toSorted());
  for (const user of ['user-0', 'user-29']) assert.deepEqual(await kinds(it, user), ['recipient']);
  // and no campaign finds them
  const read = { app: 'default', audience: {}, range: EVERYBODY, after: null, size: 100 };
  for await (const { installations } of it.store.streamAudience(read))
    assert.deepEqual(installations, []);
});

test('what has changed since its page was written is as it is now', { skip }, async (t) => {
  const it = await forgetAll(t, 8);
  await buildPages(it, 8);
  const [, other, later, same] = it.people;
  const registered = NOW + 2 * MINUTE;
  await it.other.putInstallations([
    { ...other!, token: 'another token' },
    { ...later!, refreshedAt: registered },
    { ...same!, language: 'de' },
  ]);
  const committed = await it.commit();
  assert.equal(committed.kind, 'committed');
  const left = (await it.db.collection('installations').get()).docs.map((one) => one.get('token'));
  assert.deepEqual(left.toSorted(), ['another token', later!.token].toSorted());
  // a change that says nothing of the token does not keep it
  assert.equal(await it.store.getInstallation('default', same!.id), null);
});

test('a date in a page does not say that a device was not seen since', { skip }, async (t) => {
  const proxy = await startProxy(emulator, t);
  const it = await forgetAll(t, 8, { host: proxy.host });
  // registered on the day of the page, and again on the next, without a marker
  const now = Date.now();
  await it.other.putInstallations(it.people.map((one) => ({ ...one, refreshedAt: now })));
  await buildPages(it, 0);
  takeCosts(proxy);
  await it.commit();
  assert.equal(takeCosts(proxy).reads.installations, 8);
  assert.equal((await it.db.collection('installations').count().get()).data().count, 8);
});
