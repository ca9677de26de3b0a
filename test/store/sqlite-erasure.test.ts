/** What an erasure and an export read of the embedded store: what one device was sent, whatever else is stored. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync, StatementSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { BUCKETS, bucketOf } from '../../functions/model/bucket.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { createSqliteStore } from '../../functions/store/sqlite.ts';
import { atNow, campaignOf, finish, NOW, pageOf, person } from '../contracts/store-fixture.ts';
import { makeFolder } from './folder.ts';

const COPIES = 20_000;
const PAGES = 4;
const DAY = 24 * 60 * 60_000;

const inOrder = (ids: string[]) => ids.toSorted((a, b) => bucketOf(a) - bucketOf(b));
const devices = Array.from({ length: 5 * PAGES }, (_, i) => `device-${i}`);

/** A campaign of four pages to these devices. */
async function sentTo(store: Store, ids: string[], audience = {}) {
  const campaign = campaignOf({ audience });
  await store.createCampaign(campaign, null, NOW);
  const shards = [{ from: 0, to: BUCKETS }];
  await store.startCampaign({ id: campaign.id, shards, dueAt: NOW, at: NOW });
  const size = Math.ceil(ids.length / PAGES);
  for (let page = 0; page < PAGES; page++) {
    const some = inOrder(ids).slice(page * size, (page + 1) * size);
    const frozen = pageOf(campaign.id, [some.length], { page, last: page === PAGES - 1 });
    frozen.chunks[0]!.recipients = some.map((id) => ({
      installationId: id,
      token: `token-of-${id}`,
    }));
    await store.freezePage(frozen);
    await finish(store, frozen.chunks[0]!.id, NOW);
  }
  return campaign.id;
}

/** Copies a campaign's rows: only the names of campaign and chunks differ. */
function copy(path: string, id: string) {
  const copied = `copy-of-${id}-`;
  const db = new DatabaseSync(path);
  db.exec('BEGIN');
  const of = (table: string, key: string) => {
    const columns = (db.prepare(`PRAGMA table_info(${table})`).all() as { name: string }[]).map(
      ({ name }) =>
        ['id', 'campaign_id', 'chunk_id'].includes(name)
          ? `replace(${name}, '${id}', '${copied}' || n)`
          : name,
    );
    db.exec(
      `WITH RECURSIVE copies(n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM copies WHERE n < ${COPIES})
       INSERT INTO ${table} SELECT ${columns.join(', ')} FROM ${table}, copies
       WHERE ${key} = '${id}' OR ${key} LIKE '${id}.%'`,
    );
  };
  for (const table of ['shards', 'chunks', 'campaign_names']) of(table, 'campaign_id');
  of('campaigns', 'id');
  of('chunk_recipients', 'chunk_id');
  db.exec('COMMIT');
  db.close();
}

type Values = Parameters<StatementSync['all']>;

/** Counts the rows that are read from now on. */
function countRows(t: TestContext) {
  const counts = { lists: 0, campaigns: 0 };
  const count = (row: object | undefined) => {
    if (row && 'packed' in row) counts.lists += 1;
    if (row && 'request' in row) counts.campaigns += 1;
  };
  const { all, get } = StatementSync.prototype;
  t.mock.method(StatementSync.prototype, 'all', function (this: StatementSync, ...values: Values) {
    const rows = all.apply(this, values);
    for (const it of rows) count(it);
    return rows;
  });
  t.mock.method(StatementSync.prototype, 'get', function (this: StatementSync, ...values: Values) {
    const row = get.apply(this, values);
    count(row);
    return row;
  });
  return counts;
}

test('of 20,000 campaigns an erasure reads a few pages each, and of pushes to others nothing', async (t) => {
  const path = join(makeFolder(t), 'store.db');
  const store = createSqliteStore({ path, now: atNow });
  t.after(() => store.close());
  await store.putInstallations([person('device-0', { userId: 'ada' })]);
  // to everybody but this device, and to another one by its name
  copy(path, await sentTo(store, devices.slice(1)));
  copy(path, await sentTo(store, ['device-1'], { installationIds: ['device-1'] }));
  const theirs = await sentTo(store, devices);
  const counts = countRows(t);
  const begun = process.cpuUsage();
  const records = (await Array.fromAsync(store.readUser('ada'))).flat();
  const { user, system } = process.cpuUsage(begun);
  assert.deepEqual(
    records.flatMap((it) => (it.kind === 'recipient' ? [it.campaignId] : [])),
    [theirs],
  );
  assert.ok(counts.campaigns <= COPIES + 10, `${counts.campaigns} campaigns`);
  // pages of five: the device lies between two of them
  assert.ok(counts.lists <= 3 * COPIES + 10, `${counts.lists} of ${PAGES * COPIES} pages`);
  t.diagnostic(
    `${counts.campaigns} campaigns, ${counts.lists} of ${PAGES * COPIES} pages, ` +
      `${Math.round((user + system) / 1_000)} ms of CPU time`,
  );
  const erased = await store.eraseUser('ada', NOW);
  assert.deepEqual([erased.installations, erased.recipients], [1, 1]);
  assert.deepEqual(await Array.fromAsync(store.readUser('ada')), []);
});

test('campaigns whose recipients have expired cost nothing', async (t) => {
  const path = join(makeFolder(t), 'store.db');
  const store = createSqliteStore({ path, now: atNow });
  t.after(() => store.close());
  await store.putInstallations([person('device-0', { userId: 'ada' })]);
  for (let i = 0; i < 5; i++) await sentTo(store, devices);
  await sentTo(store, ['device-0'], { userIds: ['ada'] });
  while (await store.expire(NOW + DAY, NOW + DAY));
  const counts = countRows(t);
  const records = (await Array.fromAsync(store.readUser('ada'))).flat();
  assert.deepEqual(
    records.map((it) => it.kind),
    ['installation'],
  );
  assert.deepEqual(counts, { lists: 0, campaigns: 0 });
});
