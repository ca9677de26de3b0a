import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { bucketOf } from '../../functions/model/bucket.ts';
import type { Audience } from '../../functions/model/schemas/audience.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { migrations } from '../../functions/store/sqlite/schema.ts';
import { EVERYBODY, NOW } from '../contracts/store-fixture.ts';
import { makeFolder, openStore } from './folder.ts';

const SIZE = 22_000;

interface Old {
  id: string;
  token: string;
  platform?: string;
  language?: string;
  timeZone?: string;
  at?: number;
}

/** A file of the first version, with these installations. */
function oldFile(path: string, olds: Iterable<Old>) {
  const db = new DatabaseSync(path);
  db.exec(migrations[0] as string);
  const insert = db.prepare(
    `INSERT INTO installations VALUES ('default',?,?,?,?,'production',?,1,?,?,NULL,'[]','{}',?)`,
  );
  db.exec('BEGIN');
  for (const { id, token, platform = 'ios', language = null, timeZone = null, at = NOW } of olds) {
    const provider = platform === 'ios' ? 'apns' : 'fcm';
    insert.run(bucketOf(id), id, platform, provider, token, language, timeZone, at);
  }
  db.exec('COMMIT');
  db.close();
}

const token = (n: number) => `${n}`.padStart(8, '0').concat('EF'.repeat(28));

function* manyOlds(): Generator<Old> {
  for (let n = 0; n < SIZE; n++)
    yield { id: `device-${n}`, token: token(n), language: 'zh-Hant-TW', timeZone: 'Asia/Calcutta' };
}

async function idsIn(store: Store, audience: Audience) {
  const ids: string[] = [];
  for await (const page of store.streamAudience({
    app: 'default',
    audience,
    range: EVERYBODY,
    after: null,
    size: 5000,
  }))
    ids.push(...page.installations.map((it) => it.id));
  return ids;
}

test('a file of an earlier version is brought into form when it is opened', async (t) => {
  const path = join(makeFolder(t), 'store.db');
  oldFile(path, [
    { id: 'old', token: token(1), at: NOW },
    { id: 'new', token: token(1).toLowerCase(), at: NOW + 1 },
    { id: 'first', token: token(2), at: NOW + 1 },
    { id: 'last', token: token(2).toLowerCase(), at: NOW },
    { id: 'android', token: token(1), platform: 'android', timeZone: 'Asia/Calcutta' },
    { id: 'mexican', token: 'a', platform: 'web', language: 'es-MX', timeZone: 'asia/kolkata' },
    { id: 'norwegian', token: 'b', platform: 'web', language: 'nb' },
  ]);
  const { store } = openStore(t, path);
  assert.deepEqual((await idsIn(store, {})).sort(), [
    ...['android', 'first', 'mexican', 'new', 'norwegian'],
  ]);
  assert.equal((await store.getInstallation('default', 'first'))?.token, token(2).toLowerCase());
  assert.equal((await store.getInstallation('default', 'android'))?.token, token(1));
  assert.deepEqual(await idsIn(store, { tokens: [token(2).toLowerCase()] }), ['first']);
  assert.deepEqual((await idsIn(store, { timeZone: ['Asia/Kolkata'] })).sort(), [
    ...['android', 'mexican'],
  ]);
  assert.deepEqual(await idsIn(store, { language: ['es-419'] }), ['mexican']);
  assert.deepEqual(await idsIn(store, { language: ['no'] }), ['norwegian']);
  assert.equal(await store.estimateAudience('default', { language: ['es'] }), 1);
  await store.close();
});

test('a process that is killed while it does so goes on where it was', async (t) => {
  const path = join(makeFolder(t), 'store.db');
  oldFile(path, manyOlds());
  const module = join(import.meta.dirname, '../../functions/store/sqlite.ts');
  // in the middle of its second part, whose transaction is then lost
  const program = `
    import { DatabaseSync } from 'node:sqlite';
    const { exec } = DatabaseSync.prototype;
    let moved = 0;
    DatabaseSync.prototype.exec = function (text) {
      if (text === 'COMMIT' && this.prepare('SELECT 1 FROM normalizing WHERE bucket >= 0').get())
        if (++moved === 2) process.kill(process.pid, 'SIGKILL');
      return exec.call(this, text);
    };
    const { createSqliteStore } = await import(${JSON.stringify(module)});
    createSqliteStore({ path: ${JSON.stringify(path)} });`;
  const child = spawnSync(process.execPath, ['--input-type=module', '-e', program]);
  assert.equal(child.signal, 'SIGKILL', String(child.stderr));
  const left = () => {
    const db = new DatabaseSync(path, { readOnly: true });
    const text = `SELECT count(*) AS size FROM installations WHERE token GLOB '*[A-F]*'`;
    const { size } = db.prepare(text).get() as { size: number };
    db.close();
    return size;
  };
  const half = left();
  assert.ok(half > 0 && half < SIZE, `${half} are left`);

  const { store } = openStore(t, path);
  assert.equal(left(), 0);
  assert.equal((await idsIn(store, { timeZone: ['Asia/Kolkata'] })).length, SIZE);
  assert.equal((await idsIn(store, { language: ['zh-TW'] })).length, SIZE);
  assert.equal(await store.estimateAudience('default', { language: ['zh-Hant'] }), SIZE);
  const all = Array.from({ length: SIZE }, (_, n) => token(n).toLowerCase());
  for (let n = 0; n < SIZE; n += 100)
    assert.equal((await store.registeredTokens('default', all.slice(n, n + 100))).length, 100);
  await store.close();
});
