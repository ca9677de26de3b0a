import assert from 'node:assert/strict';
import fs, { statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { bucketOf } from '../../functions/model/bucket.ts';
import { migrations } from '../../functions/store/sqlite/schema.ts';
import { createSqliteStore } from '../../functions/store/sqlite.ts';
import {
  allFailures,
  campaignOf,
  claimed,
  commitOf,
  leaseOf,
  lonelyChunk,
  MINUTE,
  NOW,
  pageOf,
  person,
  running,
} from '../contracts/store-fixture.ts';
import { makeFolder, openStore } from './folder.ts';

test('everything is still there after the store was closed and opened', async (t) => {
  const path = join(makeFolder(t), 'store.db');
  const first = openStore(t, path).store;
  await first.putInstallations([person('one', { language: 'de', tags: ['vip'] })]);
  const once = { key: 'k', requestHash: 'h' };
  const campaign = campaignOf();
  await first.createCampaign(campaign, once, NOW);
  const { chunkId, campaignId } = await lonelyChunk(first, 3);
  await first.claimChunk(chunkId, leaseOf('mine'), NOW);
  await first.commitChunk(
    commitOf(chunkId, 'mine', { accepted: 1, failed: [1], open: [2], inDoubt: [2] }),
  );
  const counts = await first.counts(campaignId);
  const failures = await allFailures(first, campaignId);
  await first.close();

  const second = openStore(t, path).store;
  assert.deepEqual(
    await second.getInstallation('default', 'one'),
    person('one', { language: 'de', tags: ['vip'] }),
  );
  assert.equal((await second.createCampaign(campaignOf(), once, NOW)).kind, 'exists');
  assert.deepEqual(await second.counts(campaignId), counts);
  assert.deepEqual(await allFailures(second, campaignId), failures);
  const { chunk } = claimed(await second.claimChunk(chunkId, leaseOf('next'), NOW));
  assert.deepEqual([chunk.open, chunk.inDoubt, chunk.attempt], [[2], [2], 1]);
  await second.close();
});

test('what was to be delivered in a file of an earlier version is swept, too', async (t) => {
  const path = join(makeFolder(t), 'store.db');
  const added = migrations.findIndex((it) => String(it).includes('deliveries ADD COLUMN due_at'));
  const old = new DatabaseSync(path);
  for (const it of migrations.slice(0, added)) typeof it === 'string' ? old.exec(it) : it(old);
  const insert = old.prepare('INSERT INTO deliveries VALUES (?,?,?,?,?)');
  for (const [id, state, nextAt] of [
    ['lost', 'pending', NOW],
    ['over', 'delivered', null],
  ] as const)
    insert.run(id, 'w', NOW, 2, JSON.stringify({ id, webhookId: 'w', state, nextAt, tries: 2 }));
  old.exec(`PRAGMA user_version = ${added}`);
  old.close();
  const { store } = openStore(t, path);
  // an hour, in the version that added it
  const dueAt = NOW + 60 * MINUTE;
  assert.deepEqual(await store.takeOverdue(dueAt - 1, dueAt, 9), []);
  assert.deepEqual(await store.takeOverdue(dueAt, dueAt + 1, 9), [
    { kind: 'delivery', deliveryId: 'lost', webhookId: 'w', tries: 2, dueAt, task: null },
  ]);
  await store.close();
});

test('a file of an earlier version is brought up to date, one of a later is left alone', async (t) => {
  const path = join(makeFolder(t), 'store.db');
  const old = new DatabaseSync(path);
  old.exec(migrations[0] as string);
  old.exec(`INSERT INTO installations VALUES
    ('default', ${bucketOf('one')}, 'one', 'android', 'fcm', 'production', 'token-of-one', 1, 'de',
     NULL, NULL, '["vip"]', '{}', ${NOW})`);
  old.close();

  const { store } = openStore(t, path);
  const one = person('one', { language: 'de', tags: ['vip'] });
  assert.deepEqual(await store.getInstallation('default', 'one'), one);
  await store.putInstallations([{ ...one, country: 'CH', appVersion: '1.2.3' }]);
  assert.equal((await store.getInstallation('default', 'one'))?.country, 'CH');
  await store.close();
  await openStore(t, path).store.close();

  const newer = new DatabaseSync(path);
  newer.exec('PRAGMA user_version = 9999');
  newer.close();
  assert.throws(() => createSqliteStore({ path }), /a newer Volley has changed it/);
});

test('the counts of a file of an earlier version are found, and count on', async (t) => {
  const path = join(makeFolder(t), 'store.db');
  const renamed = migrations.findIndex((it) =>
    String(it).includes('RENAME TO installation_counts'),
  );
  const old = new DatabaseSync(path);
  for (const it of migrations.slice(0, renamed)) typeof it === 'string' ? old.exec(it) : it(old);
  const insert = old.prepare(
    `INSERT INTO installations (app, bucket, id, platform, provider, environment, token, language, tags,
       attributes, refreshed_at, opted_out)
     VALUES ('default', ?, ?, ?, 'fcm', 'production', ?, ?, '[]', '{}', 0, ?)`,
  );
  for (let n = 0; n < 7; n++) insert.run(n, `i${n}`, 'ios', `i${n}`, 'de', 0);
  for (let n = 0; n < 3; n++) insert.run(n, `w${n}`, 'web', `w${n}`, null, n === 0 ? 1 : 0);
  old.exec(`DELETE FROM normalizing; PRAGMA user_version = ${renamed}`);
  old.close();

  const { store, connection } = openStore(t, path);
  assert.equal(await store.estimateAudience('default', { platform: ['ios'] }), 7);
  assert.equal(await store.estimateAudience('default', { language: ['de'] }), 7);
  await store.putInstallations([person('one', { language: 'de' })]);
  assert.equal(await store.estimateAudience('default', { language: ['de'] }), 8);
  assert.equal(await store.estimateAudience('default', {}), 10);
  const out = (await store.countKinds('default'))!.filter((it) => it.optedOut);
  assert.deepEqual(
    out.map((it) => [it.platform, it.size]),
    [['web', 1]],
  );
  const tables = connection.prepare(`SELECT name FROM sqlite_schema WHERE name = 'segments'`);
  assert.equal(tables.get(), undefined);
  await store.close();
});

test('campaigns of a file from before an index of their names are erased from, too', async (t) => {
  const path = join(makeFolder(t), 'store.db');
  const added = migrations.findIndex((it) => String(it).includes('CREATE TABLE campaign_names'));
  const old = new DatabaseSync(path);
  for (const it of migrations.slice(0, added)) typeof it === 'string' ? old.exec(it) : it(old);
  const insert = old.prepare(
    `INSERT INTO campaigns (id, app, request, state, created_at, closed_at, shards, shards_done, due_at)
     VALUES (?, 'default', ?, 'completed', ?, ?, 1, 1, NULL)`,
  );
  for (const [id, user] of [
    ['named', 'ada'],
    ['other', 'bob'],
  ] as const) {
    const { id: _, state: __, ...request } = campaignOf({ audience: { userIds: [user] } });
    insert.run(id, JSON.stringify(request), NOW, NOW);
  }
  old.exec(`PRAGMA user_version = ${added}`);
  old.close();
  const { store } = openStore(t, path);
  await store.eraseUser('ada', NOW);
  const [named, other] = await Promise.all([
    store.getCampaign('named'),
    store.getCampaign('other'),
  ]);
  assert.doesNotMatch(JSON.stringify(named?.audience), /ada/);
  assert.deepEqual(other?.audience, { userIds: ['bob'] });
  await store.close();
});

test('a process that is alone frees the leases of the one before it', async (t) => {
  const { store } = openStore(t, join(makeFolder(t), 'store.db'));
  const { chunkId } = await lonelyChunk(store, 1);
  await store.claimChunk(chunkId, leaseOf('dead'), NOW);
  store.dropLeases();
  const late = commitOf(chunkId, 'dead', { accepted: 1, open: [] });
  assert.deepEqual(await store.commitChunk(late), { kind: 'fenced' });
  assert.equal(claimed(await store.claimChunk(chunkId, leaseOf('new'), NOW)).chunk.attempt, 1);
  await store.close();
});

test('who is erased while a process lives, and who is after its death, are both taken out', async (t) => {
  const { store } = openStore(t, join(makeFolder(t), 'store.db'));
  const ids = ['a', 'b', 'c'];
  await store.putInstallations(ids.map((it) => person(it, { userId: `user ${it}` })));
  const campaignId = await running(store);
  const page = pageOf(campaignId, [3], { last: true });
  page.chunks[0]!.recipients = ids.map((id) => ({ installationId: id, token: `token-of-${id}` }));
  await store.freezePage(page);
  const chunkId = page.chunks[0]!.id;
  claimed(await store.claimChunk(chunkId, leaseOf('dead'), NOW));
  await store.eraseUser('user a', NOW);
  store.dropLeases();
  await store.eraseUser('user b', NOW);
  const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf('new'), NOW));
  assert.deepEqual(chunk.open, [2]);
  assert.doesNotMatch(JSON.stringify(chunk.recipients), /token-of-[ab]/);
  await store.commitChunk(commitOf(chunkId, 'new', { accepted: 1, open: [] }));
  const { recipients, accepted, skipped } = await store.counts(campaignId);
  assert.deepEqual([recipients, accepted, skipped], [3, 1, 2]);
  await store.close();
});

test('who is said to be erased is so on the disk', async (t) => {
  const path = join(makeFolder(t), 'store.db');
  const { store } = openStore(t, path);
  await store.putInstallations([person('a', { userId: 'ada' })]);
  const { chunkId } = await lonelyChunk(store, 1, {
    recipients: [{ installationId: 'a', token: 'token-of-a' }],
  });
  const logged = () => statSync(`${path}-wal`).size;
  let synced = 0;
  const { fdatasyncSync } = fs;
  t.mock.method(fs, 'fdatasyncSync', (file: number) => {
    synced = logged();
    fdatasyncSync(file);
  });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  });
  assert.equal((await store.eraseUser('ada', NOW)).recipients, 1);
  assert.equal(synced, logged());
  assert.deepEqual(await store.claimChunk(chunkId, leaseOf('x'), NOW), { kind: 'done' });
  await store.close();
});

test('chunks that an earlier version froze are sent, with who was settled before, and keep no token', async (t) => {
  const path = join(makeFolder(t), 'store.db');
  const { store, connection } = openStore(t, path);
  const { campaignId, chunkId } = await lonelyChunk(store, 4);
  const ids = [0, 1, 2, 3].map((n) => `${chunkId}:${n}`);
  // as they were stored: of one the values are its own, one is settled, one is in doubt
  const lines = ids.map((id, n) => `${id}\ttoken-of-${id}${n === 3 ? '\t{"badge":7}' : ''}\n`);
  connection
    .prepare('UPDATE chunk_recipients SET packed = ?, rest = NULL WHERE chunk_id = ?')
    .run(`\n${lines.join('')}`, chunkId);
  connection
    .prepare('UPDATE chunks SET open = ?, doubtful = ?, outcomes = NULL WHERE id = ?')
    .run('[1,2,3]', '[2]', chunkId);
  connection.prepare('UPDATE shards SET accepted = 1 WHERE campaign_id = ?').run(campaignId);
  const { chunk } = claimed(await store.claimChunk(chunkId, leaseOf('mine'), NOW));
  assert.deepEqual([chunk.open, chunk.inDoubt], [[1, 2, 3], [2]]);
  assert.deepEqual(chunk.recipients[0], { installationId: ids[0], token: `token-of-${ids[0]}` });
  assert.equal(chunk.recipients[3]?.badge, 7);
  const end = commitOf(chunkId, 'mine', { accepted: 2, failed: [1], open: [] });
  assert.equal((await store.commitChunk(end)).kind, 'committed');
  const counts = await store.counts(campaignId);
  assert.deepEqual([counts.accepted, counts.failed], [3, 1]);
  assert.equal((await store.getCampaign(campaignId))?.state, 'completed');
  const kept = connection.prepare('SELECT packed, rest FROM chunk_recipients').get();
  assert.deepEqual({ ...kept }, { packed: ids.map((it) => `${it}\n`).join(''), rest: null });
  await store.close();
});
