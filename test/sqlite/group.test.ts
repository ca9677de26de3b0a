import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Unavailable } from '../../functions/lib/errors.ts';
import { openDatabase } from '../../functions/sqlite/database.ts';
import { createGroup } from '../../functions/sqlite/group.ts';
import { makeFolder } from '../store/folder.ts';

const schema = 'CREATE TABLE IF NOT EXISTS t (name TEXT PRIMARY KEY, text TEXT) STRICT';

function opened(t: TestContext) {
  const path = join(makeFolder(t), 'it.db');
  const db = openDatabase(path, schema);
  t.after(() => db.close());
  const put = (name: string, text = '') =>
    void db.sql('INSERT INTO t VALUES (?, ?)').run(name, text);
  const names = () =>
    db
      .sql('SELECT name FROM t ORDER BY name')
      .all()
      .map((row) => row.name);
  return { path, db, put, names };
}

test('writes that come together are one transaction', async (t) => {
  const { path, db, put, names } = opened(t);
  const other = new DatabaseSync(path, { readOnly: true });
  t.after(() => other.close());
  const seen: unknown[] = [];
  const look = () => seen.push(other.prepare('SELECT count(*) AS n FROM t').get()!.n);
  const results = await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      db.together(() => {
        put(name);
        look();
        return name;
      }, true),
    ),
  );
  assert.deepEqual(results, ['a', 'b', 'c']);
  assert.deepEqual(seen, [0, 0, 0], 'no reader sees its middle');
  assert.deepEqual(names(), ['a', 'b', 'c']);
});

test('one that fails takes nothing with it, and leaves nothing', async (t) => {
  const { db, put, names } = opened(t);
  const settled = await Promise.allSettled([
    db.together(() => put('a'), true),
    db.together(() => {
      put('half');
      throw new Error('no');
    }),
    db.together(() => put('b')),
    db.together(() => put('a')),
  ]);
  assert.deepEqual(
    settled.map((it) => it.status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected'],
  );
  assert.deepEqual(names(), ['a', 'b']);
});

test('what a full disk has no room for takes nothing with it', async (t) => {
  const { db, put, names } = opened(t);
  const pages = db.sql('PRAGMA page_count').get()!.page_count as number;
  db.sql(`PRAGMA max_page_count = ${pages + 2}`).get();
  const [a, large, b] = await Promise.allSettled([
    db.together(() => put('a'), true),
    db.together(() => {
      put('half');
      put('large', 'x'.repeat(100_000));
    }, true),
    db.together(() => put('b'), true),
  ]);
  assert.equal(a.status, 'fulfilled');
  assert.equal(b.status, 'fulfilled');
  assert.ok(large.status === 'rejected' && large.reason instanceof Unavailable);
  assert.deepEqual(names(), ['a', 'b']);
});

test('while another process holds the lock all of them are unavailable, after one wait', async (t) => {
  const { path, db, put, names } = opened(t);
  const other = new DatabaseSync(path);
  t.after(() => other.close());
  other.exec('BEGIN IMMEDIATE');
  let calls = 0;
  const settled = await Promise.allSettled(
    Array.from({ length: 100 }, (_, n) =>
      db.together(() => {
        calls++;
        put(`${n}`);
      }, true),
    ),
  );
  other.exec('ROLLBACK');
  for (const it of settled)
    assert.ok(it.status === 'rejected' && it.reason instanceof Unavailable, it.status);
  assert.equal(calls, 0);
  await db.together(() => put('after'), true);
  assert.deepEqual(names(), ['after']);
});

test('closing writes what still waits, and what comes later is refused', async (t) => {
  const { path, db, put } = opened(t);
  const waiting = [db.together(() => put('a'), true), db.together(() => put('b'))];
  db.close();
  await Promise.all(waiting);
  await assert.rejects(db.together(() => put('c')));
  const again = openDatabase(path, schema);
  t.after(() => again.close());
  assert.equal(again.sql('SELECT count(*) AS n FROM t').get()!.n, 2);
});

test('closing while the disk is waited for loses no write', async (t) => {
  const { path, db, put } = opened(t);
  let begun = false;
  const written = db.together(() => {
    put('a');
    begun = true;
  }, true);
  while (!begun) await turn();
  db.close();
  await written;
  const again = openDatabase(path, schema);
  t.after(() => again.close());
  assert.equal(again.sql('SELECT count(*) AS n FROM t').get()!.n, 1);
});

/** A group on a disk that answers when it is told to. */
function slowDisk() {
  const disk: PromiseWithResolvers<void>[] = [];
  const committed: number[] = [];
  const transaction = <T>(work: () => T): T => {
    const result = work();
    committed.push((result as unknown[]).length);
    return result;
  };
  const group = createGroup(transaction, {
    now() {},
    soon() {
      const it = Promise.withResolvers<void>();
      disk.push(it);
      return it.promise;
    },
  });
  const until = async (condition: () => boolean) => {
    const deadline = performance.now() + 60_000;
    while (!condition() && performance.now() < deadline) await turn();
    assert.ok(condition());
  };
  return { disk, committed, group, until };
}

test('no write is answered before it is on the disk; writes that come meanwhile share the next wait', async () => {
  const { disk, committed, group, until } = slowDisk();
  const answered: string[] = [];
  const write = (name: string, durable: boolean) =>
    group.together(() => name, durable).then((it) => answered.push(it));
  const first = [write('durable', true), write('not so', false)];
  await until(() => disk.length === 1);
  await first[1];
  const second = [write('second', true), write('third', true)];
  await until(() => committed.length === 2);
  for (let i = 0; i < 20; i++) await turn();
  assert.deepEqual(answered, ['not so']);
  assert.equal(disk.length, 1, 'one wait at a time');
  disk[0]!.resolve();
  await until(() => disk.length === 2);
  assert.deepEqual(answered, ['not so', 'durable']);
  assert.deepEqual(committed, [2, 2]);
  disk[1]!.resolve();
  await Promise.all([...first, ...second]);
  assert.deepEqual(answered, ['not so', 'durable', 'second', 'third']);
});

test('where the disk does not answer, those who asked for it are told, and it goes on', async () => {
  const { disk, group, until } = slowDisk();
  const durable = group.together(() => 'a', true);
  const other = group.together(() => 'b');
  const failed = assert.rejects(durable, /no disk/);
  await until(() => disk.length === 1);
  disk[0]!.reject(new Error('no disk'));
  await failed;
  assert.equal(await other, 'b');
  const next = group.together(() => 'c', true);
  await until(() => disk.length === 2);
  disk[1]!.resolve();
  assert.equal(await next, 'c');
});
