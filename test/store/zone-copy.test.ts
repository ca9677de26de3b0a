import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { matches } from '../../functions/model/audience/matches.ts';
import { BUCKETS, bucketOf } from '../../functions/model/bucket.ts';
import type { Carried, Installation } from '../../functions/model/installation.ts';
import type { Audience } from '../../functions/model/schemas/audience.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { migrations } from '../../functions/store/sqlite/schema.ts';
import { createSqliteStore } from '../../functions/store/sqlite.ts';
import { chance, EVERYBODY, NOW, person } from '../contracts/store-fixture.ts';
import { inOrder } from '../contracts/store-matching.ts';
import { makeFolder } from './folder.ts';

const DAY = 24 * 60 * 60 * 1000;
const zones = Array.from({ length: 12 }, (_, n) => `Zone/${n}`);
const carried: Carried[] = ['timeZone', 'movedAt'];

/** What a wave reads. */
async function* waveOf(store: Store, zone: string, audience: Audience = {}, range = EVERYBODY) {
  const both = { and: [audience, { timeZone: [zone] }] };
  const read = {
    app: 'default',
    audience: both,
    range,
    after: null,
    size: 100,
    carried,
    isOfWave: true,
  };
  for await (const page of store.streamAudience(read)) yield page.installations;
}

async function idsOf(pages: AsyncIterable<{ id: string }[]>) {
  const ids: string[] = [];
  for await (const page of pages) ids.push(...page.map((it) => it.id));
  return ids;
}

const someone = (id: string, { pick, below }: ReturnType<typeof chance>, rest = {}) =>
  person(id, {
    timeZone: pick([...zones, undefined]),
    tags: below(2) === 0 ? ['vip'] : [],
    attributes: { n: below(9) },
    ...(below(9) === 0 && { optedOut: true }),
    ...rest,
  });

/** A store in a file with so many people, and a second connection to look at it. */
async function filled(t: Parameters<typeof makeFolder>[0], people: Installation[]) {
  const clock = { at: NOW };
  const path = join(makeFolder(t), 'store.db');
  const open = () => createSqliteStore({ path, now: () => clock.at });
  const store = open();
  await store.putInstallations(people);
  const db = new DatabaseSync(path);
  t.after(() => db.close());
  const builtTo = () =>
    (db.prepare('SELECT built_to FROM zone_copies').get()?.built_to as number | undefined) ?? null;
  return { store, open, clock, db, builtTo };
}

const COLUMNS = `app, bucket, id, platform, provider, environment, token, language, time_zone, country,
  permission, opted_out, opted_out_of, app_version, moved_at, tags, attributes`;

/** The copy says the same as the table, as far as it is made. */
function assertSame(db: DatabaseSync, what: string) {
  const text = `SELECT ${COLUMNS} FROM zone_rows ORDER BY app, bucket, id`;
  const of = `SELECT ${COLUMNS} FROM installations AS i WHERE EXISTS (
    SELECT 1 FROM zone_copies WHERE app = i.app AND built_to > i.bucket) ORDER BY app, bucket, id`;
  assert.deepEqual(db.prepare(text).all(), db.prepare(of).all(), what);
}

test('what waves read is copied, and stays the same as what it is a copy of', async (t) => {
  const dice = chance(41);
  const { below, pick } = dice;
  const ids = Array.from({ length: 60 }, (_, n) => `device-${n}`);
  const { store, clock, db, builtTo } = await filled(
    t,
    ids.map((id) => someone(id, dice)),
  );
  assert.equal(builtTo(), null);
  await idsOf(waveOf(store, 'Zone/1'));
  assert.equal(builtTo(), BUCKETS);
  assertSame(db, 'new');
  for (let round = 0; round < 80; round++) {
    clock.at += 1_000;
    const some = () => someone(pick(ids), dice, { app: pick(['default', 'default', 'other']) });
    const [it, other] = [some(), some()];
    const taken = { ...it, token: other.token };
    const steps: [string, () => Promise<unknown>][] = [
      ['put', () => store.putInstallations([it, other])],
      ['take a token', () => store.putInstallations([taken])],
      ['import', () => store.importInstallations([it, other], { run: 'r', now: clock.at })],
      [
        'opt out',
        () => store.updateInstallation(it.app, it.id, (old) => ({ ...old, optedOut: true })),
      ],
      ['tags', () => store.updateInstallation(it.app, it.id, (old) => ({ ...old, tags: ['new'] }))],
      ['delete', () => store.deleteInstallation(it.app, it.id)],
      ['normalize', () => store.normalizeInstallations(null, 100)],
      ['prune', () => store.pruneInstallations('default', 'r', null, false)],
      ['erase', () => store.eraseUser(`user-${below(5)}`, clock.at, null)],
      ['owned', () => store.putInstallations([{ ...it, userId: `user-${below(5)}` }])],
    ];
    const [what, step] = pick(steps);
    await step();
    assertSame(db, `${round} ${what}`);
  }
  await store.close();
});

test('a copy is made as far as waves have read it, and a new process goes on there', async (t) => {
  const dice = chance(43);
  const people = Array.from({ length: 13_000 }, (_, n) => someone(`device-${n}`, dice));
  const { store, open, db, builtTo } = await filled(t, people);
  await idsOf(waveOf(store, 'Zone/1', {}, { from: 0, to: BUCKETS / 3 }));
  const partly = builtTo()!;
  assert.ok(partly > 0 && partly < BUCKETS, String(partly));
  assertSame(db, 'partly');
  await store.close();

  const second = open();
  const now = new Map(people.map((it) => [it.id, it]));
  const change = async (it: Installation) => {
    await second.putInstallations([it]);
    now.set(it.id, (await second.getInstallation('default', it.id))!);
  };
  // on both sides of where it ends
  for (const it of people.slice(0, 200)) await change({ ...it, timeZone: dice.pick(zones) });
  for (let n = 0; n < 50; n++) await change(someone(`new-${n}`, dice));
  for (const it of people.slice(200, 260)) {
    await second.deleteInstallation('default', it.id);
    now.delete(it.id);
  }
  assertSame(db, 'changed');
  const all = [...now.values()].sort(inOrder);
  for (const audience of [
    ...[{}, { tags: { any: ['vip'] } }, { attributes: { n: { '>': 4 } } }],
    { lastSeen: { after: new Date(NOW - 1).toISOString() } },
  ] as Audience[])
    for (const zone of ['Zone/1', 'Zone/2']) {
      const both = { and: [audience, { timeZone: [zone] }] };
      const expected = all.filter((it) => matches(both, it)).map((it) => it.id);
      assert.deepEqual(await idsOf(waveOf(second, zone, audience)), expected, JSON.stringify(both));
    }
  assert.equal(builtTo(), BUCKETS);
  assertSame(db, 'whole');
  await second.close();
});

test('two waves that are read at the same time make one copy', async (t) => {
  const dice = chance(44);
  const people = Array.from({ length: 9_000 }, (_, n) => someone(`device-${n}`, dice));
  const { store, db } = await filled(t, people);
  const read = await Promise.all(
    ['Zone/3', 'Zone/4', 'Zone/5'].map((it) => idsOf(waveOf(store, it))),
  );
  for (const [n, zone] of ['Zone/3', 'Zone/4', 'Zone/5'].entries()) {
    const expected = people.filter((it) => it.timeZone === zone && !it.optedOut).sort(inOrder);
    assert.deepEqual(
      read[n],
      expected.map((it) => it.id),
    );
  }
  assertSame(db, 'whole');
  await store.close();
});

test('a copy that no wave has read for a week is deleted, a part at a time, and made again', async (t) => {
  const dice = chance(45);
  const people = Array.from({ length: 9_000 }, (_, n) => someone(`device-${n}`, dice));
  const { store, clock, db, builtTo } = await filled(t, people);
  const expected = people
    .filter((it) => it.timeZone === 'Zone/7' && !it.optedOut)
    .sort(inOrder)
    .map((it) => it.id);
  assert.deepEqual(await idsOf(waveOf(store, 'Zone/7')), expected);
  const expireAll = async () => {
    while (await store.expire(0, clock.at)) {}
  };
  clock.at += 6 * DAY;
  await expireAll();
  assert.equal(builtTo(), BUCKETS);
  assert.deepEqual(await idsOf(waveOf(store, 'Zone/7')), expected);
  clock.at += 6 * DAY;
  await expireAll();
  assert.equal(builtTo(), BUCKETS, 'it was used six days ago');
  clock.at += DAY + 1;
  assert.equal(await store.expire(0, clock.at), true);
  const partly = builtTo()!;
  assert.ok(partly > 0 && partly < BUCKETS, String(partly));
  assertSame(db, 'partly deleted');
  // who moves meanwhile leaves nothing behind
  const all = people.map((it) => ({ ...it, timeZone: 'Zone/7' }));
  await store.putInstallations(all);
  assertSame(db, 'moved');
  await expireAll();
  assert.equal(builtTo(), null);
  assert.equal(db.prepare('SELECT count(*) AS size FROM zone_rows').get()!.size, 0);
  await store.putInstallations(people);
  assert.deepEqual(await idsOf(waveOf(store, 'Zone/7')), expected);
  assertSame(db, 'made again');
  await store.close();
});

test('no copy is made for other reads, for a large part of an app, or where no one is', async (t) => {
  const dice = chance(46);
  const zonesOf = (n: number) => (n % 3 === 0 ? 'Zone/1' : 'Zone/2');
  const people = Array.from({ length: 300 }, (_, n) =>
    someone(`device-${n}`, dice, { timeZone: zonesOf(n) }),
  );
  const { store, builtTo } = await filled(t, [
    ...people,
    someone('lonely', dice, { timeZone: 'Zone/3' }),
  ]);
  assert.equal((await idsOf(waveOf(store, 'Zone/1'))).length > 50, true);
  const except = { not: { timeZone: ['Zone/1', 'Zone/2', 'Zone/3'] } };
  const read = { app: 'default', range: EVERYBODY, after: null, size: 100 };
  const wave = { ...read, carried, isOfWave: true };
  const none = store.streamAudience({ ...wave, audience: { and: [{}, except] } });
  for await (const page of none) assert.fail(JSON.stringify(page));
  // a campaign without waves, whose recipients may wait in their chunks
  const lonely = { ...read, carried, audience: { timeZone: ['Zone/3'] } };
  for await (const _ of store.streamAudience(lonely)) {
  }
  await store.sampleAudience({ app: 'default', audience: { timeZone: ['Zone/3'] }, carried });
  assert.equal(builtTo(), null);
  await idsOf(waveOf(store, 'Zone/3'));
  assert.equal(builtTo(), BUCKETS);
  await store.close();
});

test('the zones of a file of an earlier version are known, and its waves are whole', async (t) => {
  const path = join(makeFolder(t), 'store.db');
  const added = migrations.findIndex((it) => String(it).includes('CREATE TABLE zone_counts'));
  const old = new DatabaseSync(path);
  for (const it of migrations.slice(0, added)) typeof it === 'string' ? old.exec(it) : it(old);
  const insert = old.prepare(
    `INSERT INTO installations (app, bucket, id, platform, provider, environment, token, time_zone, tags,
       attributes, refreshed_at) VALUES (?, ?, ?, 'ios', 'apns', 'production', ?, ?, '[]', '{}', 0)`,
  );
  const people = [
    ...['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((id) => ['default', id, 'Asia/Tokyo'] as const),
    ...([
      ['default', 'i', 'Europe/Berlin'],
      ['default', 'j', null],
      ['other', 'k', 'Asia/Kolkata'],
    ] as const),
  ];
  for (const [app, id, zone] of people) insert.run(app, bucketOf(id), id, id, zone);
  old.exec(`DELETE FROM normalizing; PRAGMA user_version = ${added}`);
  old.close();
  const store = createSqliteStore({ path });
  assert.deepEqual((await store.zonesOf('default')).sort(), ['Asia/Tokyo', 'Europe/Berlin']);
  assert.deepEqual(await store.zonesOf('other'), ['Asia/Kolkata']);
  const except = { not: { timeZone: ['Asia/Tokyo', 'Europe/Berlin'] } };
  const read = { app: 'default', range: EVERYBODY, after: null, size: 100, carried };
  const all: string[] = [];
  for await (const page of store.streamAudience({ ...read, audience: { and: [{}, except] } }))
    all.push(...page.installations.map((it) => it.id));
  assert.deepEqual(all, ['j']);
  assert.deepEqual(await idsOf(waveOf(store, 'Europe/Berlin')), ['i']);
  await store.deleteInstallation('default', 'i');
  assert.deepEqual(await store.zonesOf('default'), ['Asia/Tokyo']);
  await store.close();
});

test('who moved and opted out of the category is not counted: another read has counted them', async (t) => {
  const { store, clock } = await filled(t, [person('one', { timeZone: 'Zone/1' })]);
  clock.at += 1;
  await store.putInstallations([person('one', { timeZone: 'Zone/2', optedOutOf: ['news'] })]);
  const audience = { category: 'news' };
  const read = { app: 'default', audience, range: EVERYBODY, after: null, size: 100 };
  const leftOut = async (movedSince?: number) => {
    let all = 0;
    for await (const page of store.streamAudience({ ...read, movedSince }))
      all += page.leftOut ?? 0;
    return all;
  };
  assert.deepEqual([await leftOut(), await leftOut(NOW)], [1, 0]);
  await store.close();
});
