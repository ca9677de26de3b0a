import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { Unavailable } from '../../functions/lib/errors.ts';
import { defaultPolicy } from '../../functions/model/app-policy.ts';
import type { Store } from '../../functions/ports/ports.ts';
import {
  campaignOf,
  claimed,
  commitOf,
  EVERYBODY,
  leaseOf,
  lonelyChunk,
  NOW,
  pageOf,
  person,
  running,
} from '../contracts/store-fixture.ts';
import { created, messageOf, sentMessage } from '../contracts/store-messages.ts';
import { webhookOf } from '../contracts/store-webhooks.ts';
import { makeFolder, openStore } from './folder.ts';

/** A store with something for every verb that writes, and those verbs. */
async function everyWrite(store: Store) {
  await store.putInstallations([person('there')]);
  const accepted = campaignOf();
  await store.createCampaign(accepted, null, NOW);
  const planning = await running(store);
  const { chunkId: waiting } = await lonelyChunk(store, 2);
  const { campaignId, chunkId } = await lonelyChunk(store, 2);
  claimed(await store.claimChunk(chunkId, leaseOf('mine'), NOW));
  const forget = [{ installationId: 'there', token: 'token-of-there', since: NOW }];
  const rest = { failed: [0], accepted: 1, forget, open: [] };
  const webhook = webhookOf();
  const message = await created(store);
  await store.addWebhook(webhook, 9);
  const writes: Record<string, () => Promise<unknown>> = {
    putInstallations: () =>
      store.putInstallations([person('there', { token: 'new' }), person('b')]),
    deleteInstallation: () => store.deleteInstallation('default', 'there'),
    createCampaign: () => store.createCampaign(campaignOf(), { key: 'k', requestHash: 'h' }, NOW),
    createMessage: () => store.createMessage(messageOf(), { key: 'l', requestHash: 'h' }),
    closeMessage: () => store.closeMessage(sentMessage(message, [1])),
    startCampaign: () => store.startCampaign({ id: accepted.id, shards: [EVERYBODY], dueAt: NOW }),
    moveCampaign: () =>
      store.moveCampaign({ id: planning, from: ['running'], to: 'paused', reason: 'why' }),
    notePush: () => store.notePush(planning, NOW),
    published: async () => store.published(await store.unpublished(campaignId)),
    addWebhook: () => store.addWebhook(webhookOf(), 9),
    changeWebhook: () =>
      store.changeWebhook(webhook.id, (it) => ({ webhook: { ...it, url: 'x' } })),
    deleteWebhook: () => store.deleteWebhook(webhook.id),
    noteProgress: () => store.noteProgress(planning, NOW, 1),
    freezePage: () => store.freezePage(pageOf(planning, [1000, 1000], { last: true })),
    claimChunk: () => store.claimChunk(waiting, leaseOf('other'), NOW),
    commitChunk: () => store.commitChunk(commitOf(chunkId, 'mine', rest)),
    takeOverdue: () => store.takeOverdue(NOW + 1e9, NOW + 2e9, 100),
    putKey: () => store.putKey({ hash: 'h', name: 'n', scopes: ['read'] }),
    putAppPolicy: () => store.putAppPolicy('default', defaultPolicy),
  };
  return writes;
}

/** Every row there is. */
function dump(path: string) {
  const db = new DatabaseSync(path, { readOnly: true });
  const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).all();
  const rows = tables.map(({ name }) => {
    const all = db.prepare(`SELECT * FROM ${name}`);
    all.setReadBigInts(true);
    return { name, rows: all.all() };
  });
  db.close();
  return rows;
}

const unavailable = (cause: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Unavailable, `${error}`);
  assert.match(error.message, cause);
  return true;
};

async function opened(t: TestContext) {
  const path = join(makeFolder(t), 'store.db');
  const { store, connection } = openStore(t, path);
  const writes = await everyWrite(store);
  return { path, store, connection, writes };
}

test('while another process holds the lock every write is unavailable, then all go on', async (t) => {
  const { path, store, connection, writes } = await opened(t);
  connection.exec('PRAGMA busy_timeout = 0');
  const before = dump(path);
  const other = new DatabaseSync(path);
  t.after(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  for (const [name, write] of Object.entries(writes))
    await assert.rejects(write, unavailable(/lock/), name);
  assert.throws(() => store.dropLeases(), unavailable(/lock/));
  assert.equal((await store.getInstallation('default', 'there'))?.id, 'there', 'reading goes on');
  other.exec('ROLLBACK');
  assert.deepEqual(dump(path), before, 'nothing half-written');
  for (const write of Object.values(writes)) await write();
});

test('when nothing can be read either, reading is unavailable', async (t) => {
  const folder = makeFolder(t);
  const path = join(folder, 'store.db');
  const { store, connection } = openStore(t, path);
  connection.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE');
  const other = new DatabaseSync(path);
  t.after(() => other.close());
  other.exec('BEGIN EXCLUSIVE');
  const reads: Record<string, () => Promise<unknown>> = {
    getInstallation: () => store.getInstallation('default', 'there'),
    estimateAudience: () => store.estimateAudience('default', {}),
    streamAudience: () =>
      Array.fromAsync(
        store.streamAudience({
          app: 'default',
          audience: {},
          range: EVERYBODY,
          after: null,
          size: 9,
        }),
      ),
    getCampaign: () => store.getCampaign('c'),
    listCampaigns: () => store.listCampaigns(null, 9),
    counts: () => store.counts('c'),
    getShard: () => store.getShard('c', 0),
    openShards: () => store.openShards('c'),
    openChunks: () => Array.fromAsync(store.openChunks('c', null)),
    listFailures: () => store.listFailures('c', null, 9),
    findKey: () => store.findKey('h'),
    getAppPolicy: () => store.getAppPolicy('default'),
  };
  for (const [name, read] of Object.entries(reads))
    await assert.rejects(read, unavailable(/lock/), name);
  other.exec('ROLLBACK');
  for (const read of Object.values(reads)) await read();
});

test('on a full disk a write is unavailable, leaves nothing, and work goes on after', async (t) => {
  const { path, store, connection, writes } = await opened(t);
  const large = Array.from({ length: 500 }, (_, n) => person(`n${n}`, { tags: ['x'.repeat(99)] }));
  const planning = await running(store);
  const page = pageOf(planning, [1000, 1000, 1000], { last: true });
  const size = connection.prepare('PRAGMA page_count').get()!.page_count as number;
  // what a disk has left is never a round number of writes
  for (const room of [0, 1, 5, 20]) {
    connection.exec(`PRAGMA max_page_count = ${size + room}`);
    const before = dump(path);
    await assert.rejects(store.putInstallations(large), unavailable(/full/));
    await assert.rejects(store.freezePage(page), unavailable(/full/));
    assert.deepEqual(dump(path), before, `nothing half-written, with room for ${room} pages`);
  }
  connection.exec('PRAGMA max_page_count = 1000000');
  await store.putInstallations(large);
  assert.equal((await store.freezePage(page)).kind, 'frozen');
  for (const write of Object.values(writes)) await write();
  assert.equal((await store.counts(planning)).recipients, 3000);
});

test('a failure that does not fit takes its whole commit with it', async (t) => {
  const { path, store, connection } = await opened(t);
  const { campaignId, chunkId } = await lonelyChunk(store, 3000);
  await store.claimChunk(chunkId, leaseOf('mine'), NOW);
  const all = Array.from({ length: 3000 }, (_, i) => i);
  const commit = commitOf(chunkId, 'mine', { failed: all, open: [] });
  const size = connection.prepare('PRAGMA page_count').get()!.page_count as number;
  connection.exec(`PRAGMA max_page_count = ${size + 10}`);
  const before = dump(path);
  await assert.rejects(store.commitChunk(commit), unavailable(/full/));
  assert.deepEqual(dump(path), before);
  connection.exec('PRAGMA max_page_count = 1000000');
  assert.equal((await store.commitChunk(commit)).kind, 'committed', 'the lease is still ours');
  assert.equal((await store.counts(campaignId)).failed, 3000);
});

test('a database that cannot be opened is unavailable, and says which', async (t) => {
  const folder = makeFolder(t);
  assert.throws(() => openStore(t, folder), unavailable(/cannot be opened/));
});
