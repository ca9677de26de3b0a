import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { mappingOf } from '../../../functions/cli/commands/import/mapping.ts';
import { openPostgres } from '../../../functions/cli/commands/import/postgres.ts';
import { SourceFailed } from '../../../functions/cli/commands/import/source.ts';
import { freePort } from '../../../functions/local/google/free-port.ts';
import { apnsToken } from '../../http/fixture.ts';
import { type Postgres, startPostgres } from '../../postgres.ts';
import { createCli } from '../fixture.ts';

let postgres: Postgres;
before(async () => {
  postgres = await startPostgres();
  await postgres.sql(`
    CREATE TYPE device_os AS ENUM ('iOS', 'Android');
    CREATE FUNCTION hex(n int) RETURNS text LANGUAGE sql IMMUTABLE
      RETURN lpad(to_hex(n), 64, '0');`);
});
after(() => postgres.close());

let tables = 0;
/** Some devices, in a table of their own. */
async function devices(rows: number) {
  const table = `devices_${++tables}`;
  await postgres.sql(`
    CREATE TABLE ${table} (
      device_id text PRIMARY KEY, push_token text, os device_os NOT NULL, customer_id bigint,
      locale varchar(20), tz text, labels text[], props jsonb, last_seen timestamptz, secret bytea);
    INSERT INTO ${table}
      SELECT 'device-' || lpad(n::text, 6, '0'), hex(n), 'iOS', n / 2, 'pt_BR', 'America/Sao_Paulo',
        ARRAY['news', 'a,"b'], jsonb_build_object('plan', 'pro', 'age', n),
        '2026-11-01 10:00:00.5+02', '\\x00'
      FROM generate_series(1, ${rows}) AS n;`);
  return table;
}

async function importer(t: TestContext, rows: number) {
  const cli = await createCli(t);
  const table = await devices(rows);
  const from = (...more: string[]) =>
    cli.volley('import', postgres.url, '--query', `select * from ${table};`, ...more);
  const counts = async (...more: string[]) => {
    const { code, stdout, stderr } = await from('--json', ...more);
    assert.equal(code, 0, stderr);
    const { inserted, updated, unchanged, rejected, pruned } = JSON.parse(stdout);
    return [inserted, updated, unchanged, rejected, ...(pruned === undefined ? [] : [pruned])];
  };
  return {
    ...cli,
    table,
    from,
    counts,
    get: (id: string) => cli.store.getInstallation('default', id),
  };
}

test('a table is imported by what its columns are called, which is shown first', async (t) => {
  const { from, get, table } = await importer(t, 3);
  await postgres.sql(`UPDATE ${table} SET os = 'Android', push_token = 'fcm:token', locale = NULL,
    customer_id = NULL, labels = NULL, props = NULL, last_seen = NULL WHERE device_id = 'device-000003'`);
  const { code, stdout, stderr } = await from();
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '3 new, 0 changed, 0 unchanged, 0 rejected\n');
  for (const line of [
    'id           from device_id (text)',
    'platform     from os (enum)',
    'token        from push_token (text)',
    'language     from locale (varchar)',
    'userId       from customer_id (int8)',
    'tags         from labels (_text)',
    'refreshedAt  from last_seen (timestamptz)',
    'not imported: secret',
  ])
    assert.ok(stderr.includes(`  ${line}\n`), line);
  const { bucket: _, ...first } = (await get('device-000001'))!;
  assert.deepEqual(first, {
    id: 'device-000001',
    app: 'default',
    platform: 'ios',
    provider: 'apns',
    userId: '0',
    environment: 'production',
    token: apnsToken(1),
    language: 'pt-BR',
    timeZone: 'America/Sao_Paulo',
    tags: ['news', 'a,"b'],
    attributes: { plan: 'pro', age: 1 },
    refreshedAt: Date.UTC(2026, 10, 1, 8, 0, 0, 500),
  });
  const bare = (await get('device-000003'))!;
  assert.deepEqual([bare.platform, bare.language, bare.userId], ['android', undefined, undefined]);
});

test('to import again writes only what has changed', async (t) => {
  const { counts, get, table } = await importer(t, 500);
  assert.deepEqual(await counts(), [500, 0, 0, 0]);
  assert.deepEqual(await counts(), [0, 0, 500, 0]);
  await postgres.sql(`
    UPDATE ${table} SET locale = 'de' WHERE customer_id < 10;
    INSERT INTO ${table} (device_id, push_token, os) VALUES ('new', hex(9999), 'iOS');`);
  assert.deepEqual(await counts(), [1, 19, 481, 0]);
  assert.equal((await get('device-000005'))?.language, 'de');
});

test('bad rows are listed with their number and left out, good ones are stored', async (t) => {
  const { from, get, table } = await importer(t, 50);
  await postgres.sql(`
    UPDATE ${table} SET push_token = 'ab cd' WHERE device_id = 'device-000007';
    UPDATE ${table} SET push_token = hex(8) || '0' WHERE device_id = 'device-000008';
    UPDATE ${table} SET locale = 'Klingon!' WHERE device_id = 'device-000009';
    UPDATE ${table} SET push_token = NULL WHERE device_id = 'device-000010';
    UPDATE ${table} SET tz = 'Mars' WHERE device_id = 'device-000011';
    UPDATE ${table} SET os = 'Android', push_token = 'tökén' WHERE device_id = 'device-000012';
    UPDATE ${table} SET props = '[1]' WHERE device_id = 'device-000013';
    UPDATE ${table} SET props = '{"a": {"b": 1}}' WHERE device_id = 'device-000014';`);
  const { code, stdout, stderr } = await from();
  assert.equal(code, 0);
  assert.equal(stdout, '46 new, 0 changed, 0 unchanged, 4 rejected\n4 kept without a bad cell\n');
  const told = [...stderr.matchAll(/^row (\d+): ((?:warning: )?\w+)/gm)];
  assert.deepEqual(
    told.map(([, at, what]) => `${at} ${what}`).sort(),
    ['10 token', '11 warning: timeZone', '12 token', '13 warning: attributes']
      .concat(['14 warning: attributes', '7 token', '8 token', '9 warning: language'])
      .sort(),
  );
  assert.match(stderr, /^row 7: token: must be printable ASCII without spaces$/m);
  assert.match(stderr, /^row 9: warning: language: is no language tag/m);
  assert.equal(await get('device-000007'), null);
  assert.equal((await get('device-000009'))?.language, undefined);
  assert.deepEqual((await get('device-000014'))?.attributes, {});
});

test('numbers of any length are exact, in JSON too, and text that is no value is absent', async (t) => {
  const { from, store, table } = await importer(t, 4);
  await postgres.sql(`
    ALTER TABLE ${table} ALTER customer_id TYPE text;
    UPDATE ${table} SET device_id = '2916334247900527531', customer_id = '(null)', tz = 'NULL'
      WHERE device_id = 'device-000001';
    UPDATE ${table} SET props = '{"a": 9007199254740993, "b": 1}' WHERE device_id = 'device-000002';
    UPDATE ${table} SET labels = NULL, customer_id = '-' WHERE device_id = 'device-000003'`);
  const cast = `device_id, push_token, os, customer_id, tz, props,
    CASE device_id WHEN 'device-000003' THEN '{"plan":"max"}'::jsonb END AS tags`;
  const { code, stderr } = await from(
    '--query',
    `select ${cast} from ${table}`,
    '--null',
    'NULL,-',
  );
  assert.equal(code, 0, stderr);
  const found = await Promise.all(
    ['2916334247900527531', 'device-000002', 'device-000003'].map((id) =>
      store.getInstallation('default', id),
    ),
  );
  assert.deepEqual(
    found.map((it) => [it?.userId, it?.timeZone, it?.attributes, it?.tags]),
    [
      [undefined, undefined, { plan: 'pro', age: 1 }, []],
      ['1', 'America/Sao_Paulo', { b: 1 }, []],
      [undefined, 'America/Sao_Paulo', { plan: 'pro', age: 3 }, []],
    ],
  );
  assert.match(stderr, /warning: attributes\.a: is a number that cannot be kept exactly/);
  assert.match(stderr, /warning: userId: is "\(null\)", which says that there is none/);
});

test('of rows with the same token one is kept, and the next import agrees', async (t) => {
  const { counts, store, table } = await importer(t, 20);
  await postgres.sql(`UPDATE ${table} SET push_token = hex(1) WHERE device_id <= 'device-000004'`);
  const [inserted] = await counts();
  assert.equal(inserted, 17);
  assert.equal(await store.estimateAudience('default', {}), 17);
  assert.deepEqual(await counts(), [0, 0, 17, 0]);
});

test('a query that writes is refused by the server, and nothing is written', async (t) => {
  const { volley, table } = await importer(t, 5);
  await postgres.sql(`
    CREATE FUNCTION ${table}_empty() RETURNS SETOF ${table} LANGUAGE sql AS
      'DELETE FROM ${table} RETURNING *'`);
  for (const [query, words] of [
    [`select * from ${table}_empty()`, /the query writes, and an import only reads/],
    [`with gone as (delete from ${table} returning *) select * from gone`, /the query writes/],
    [`delete from ${table} returning *`, /The query must be one SELECT/],
    [`select * from ${table}) as x; delete from ${table}; select * from (select 1`, /one SELECT/],
    [`drop table ${table}`, /one SELECT/],
    ['select * from nothing', /relation "nothing" does not exist/],
  ] as const) {
    const { code, stderr, stdout } = await volley('import', postgres.url, '--query', query);
    assert.equal(code, 1, query);
    assert.match(stderr, words, query);
    assert.equal(stdout, '');
  }
  const { rows } = await postgres.sql(`SELECT count(*)::int AS left FROM ${table}`);
  assert.equal(rows[0].left, 5);
});

test('a column of the wrong type is refused before anything is read', async (t) => {
  const { from, get } = await importer(t, 3);
  const { code, stderr } = await from('--map', 'token=secret,tags=props,language=nothing');
  assert.equal(code, 2);
  assert.match(stderr, /token: the column "secret" is of the type bytea; text is needed/);
  assert.match(stderr, /language: there is no column "nothing"/);
  const nowhere = await from('--map', 'token=');
  assert.match(nowhere.stderr, /token: no column looks like it; say --map token=COLUMN/);
  assert.equal((await from('--map', 'nonsense=x')).code, 2);
  assert.equal(await get('device-000001'), null);
});

test('a dry run shows the first rows, counts the faults and stores nothing', async (t) => {
  const { from, get, table } = await importer(t, 30);
  await postgres.sql(`UPDATE ${table} SET push_token = 'x' WHERE device_id = 'device-000002'`);
  const { code, stdout, stderr } = await from('--dry-run');
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '29 good, 1 with faults; nothing was stored\n');
  assert.match(stderr, /"id":"device-000001".*"language":"pt-BR"/);
  assert.match(stderr, /^row 2: token/m);
  assert.doesNotMatch(stderr, new RegExp(apnsToken(1)), 'tokens are shortened');
  assert.equal(await get('device-000001'), null);
});

test('a database that is not there, or does not answer, is explained', async (t) => {
  const { volley } = await importer(t, 0);
  const query = ['--query', 'select 1'];
  // nothing else will listen there when it does not any more
  const port = await freePort();
  const server = createServer((it) => it.resume()).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const options = { query: 'select 1', key: () => null, connectTimeoutMs: 200 };
  await assert.rejects(
    openPostgres(`postgres://u:secret@127.0.0.1:${port}/db`, options),
    (error) => error instanceof SourceFailed && /does not answer/.test(error.message),
  );
  server.close();
  await once(server, 'close');
  const gone = await volley('import', `postgres://u:secret@127.0.0.1:${port}/db`, ...query);
  assert.equal(gone.code, 1);
  assert.match(gone.stderr, /postgres:\/\/u@127\.0\.0\.1:\d+\/db: nothing listens there/);
  assert.doesNotMatch(gone.stderr, /secret/);
  const other = postgres.url.replace(/\/postgres(?=$|\?)/, '/no_such_database');
  assert.match((await volley('import', other, ...query)).stderr, /no_such_database/);
  assert.equal((await volley('import', postgres.url)).code, 2);
  assert.equal((await volley('import', 'a.csv', ...query)).code, 2);
});

test('a query that takes too long is given up, with what to do', async (t) => {
  const { volley } = await importer(t, 0);
  const query = "select pg_sleep(60)::text as id, '' as token, '' as platform";
  const { code, stderr } = await volley(
    ...['import', postgres.url, '--query', query, '--timeout', '1'],
  );
  assert.equal(code, 1);
  assert.match(stderr, /no answer within 1 seconds/);
});

test('a table that is locked does not hold the import for ever', async (t) => {
  const { from, table } = await importer(t, 3);
  await postgres.sql(`BEGIN; LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE`);
  t.after(() => postgres.sql('ROLLBACK'));
  const { code, stderr } = await from('--timeout', '1');
  assert.equal(code, 1);
  assert.match(stderr, /no answer within 1 seconds|is locked/);
});

/** Between the import and the server: cuts every connection after so many bytes of rows. */
async function cutting(t: TestContext) {
  const { hostname, port } = new URL(postgres.url);
  const open = new Set<Socket>();
  const proxy = { cutAfter: Number.POSITIVE_INFINITY, url: '' };
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    let bytes = 0;
    const cut = () => {
      near.destroy();
      far.destroy();
    };
    for (const it of [near, far]) {
      open.add(it);
      it.on('error', cut).on('close', () => {
        open.delete(it);
        cut();
      });
    }
    far.on('data', (data) => {
      bytes += data.length;
      if (bytes > proxy.cutAfter) cut();
      else near.write(data);
    });
    near.on('data', (data) => far.write(data));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    for (const it of open) it.destroy();
    server.close();
    await once(server, 'close');
  });
  const url = new URL(postgres.url);
  url.port = String((server.address() as AddressInfo).port);
  url.password = 'p4ssw0rd';
  proxy.url = url.href;
  return proxy;
}

test('a connection that breaks is explained, and the same command goes on where it was', async (t) => {
  const { volley, store, table, folder } = await importer(t, 20_000);
  const proxy = await cutting(t);
  const query = `select * from ${table}`;
  const go = () =>
    volley('import', proxy.url, '--query', query, '--window', '2000', '--prune', '--yes');
  proxy.cutAfter = 2_000_000;
  const first = await go();
  assert.equal(first.code, 1);
  assert.match(first.stderr, /the connection broke. Run the same command again/);
  const there = await store.estimateAudience('default', {});
  assert.ok(there >= 2000 && there < 20_000, `${there} are there`);
  assert.equal(there % 2000, 0, 'whole windows');

  proxy.cutAfter = Number.POSITIVE_INFINITY;
  const second = await go();
  assert.equal(second.code, 0, second.stderr);
  assert.match(second.stderr, new RegExp(`going on after row ${there.toLocaleString('en-US')} `));
  // the row it goes on by is read again
  assert.match(second.stdout, /^20,000 new, 0 changed, 1 unchanged, 0 rejected, 0 removed\n$/);
  assert.equal(await store.estimateAudience('default', {}), 20_000);
  assert.deepEqual(await readdir(join(folder, 'state')), [], 'nothing is left of it');
  assert.doesNotMatch(first.stderr + first.stdout + second.stderr, /p4ssw0rd/);
});

test('a saved position has no passwords, and another query is another import', async (t) => {
  const { volley, table, folder } = await importer(t, 12_000);
  const proxy = await cutting(t);
  proxy.cutAfter = 1_600_000;
  const go = (query: string, ...more: string[]) =>
    volley('import', proxy.url, '--query', query, '--window', '500', ...more);
  await go(`select * from ${table}`);
  const [name] = await readdir(join(folder, 'state'));
  const kept = await readFile(join(folder, 'state', name!), 'utf8');
  assert.doesNotMatch(kept + name, /p4ssw0rd|select/);
  assert.match(kept, /device-00\d\d00/);
  proxy.cutAfter = Number.POSITIVE_INFINITY;
  const other = await go(`select * from ${table} where true`);
  assert.doesNotMatch(other.stderr, /going on/);
  const anew = await go(`select * from ${table}`, '--restart');
  assert.doesNotMatch(anew.stderr, /going on/);
  assert.match(anew.stdout, /^0 new, 0 changed, 12,000 unchanged/);
});

test('rows that share the key to resume by are all imported', async (t) => {
  const { volley, store, table } = await importer(t, 12_000);
  const proxy = await cutting(t);
  const query = `select *, customer_id / 100 as part from ${table}`;
  const go = (...more: string[]) =>
    volley('import', proxy.url, '--query', query, '--window', '300', '--order-by', 'part', ...more);
  proxy.cutAfter = 1_600_000;
  assert.equal((await go()).code, 1);
  proxy.cutAfter = Number.POSITIVE_INFINITY;
  const { code, stderr } = await go();
  assert.equal(code, 0, stderr);
  assert.match(stderr, /going on after/);
  assert.equal(await store.estimateAudience('default', {}), 12_000);
  const unknown = await go('--order-by', 'nothing');
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /has no column "nothing" to go on by/);
});

test('what the source has no more is removed when it is agreed to', async (t) => {
  const { counts, from, get, table, clock } = await importer(t, 40);
  await counts();
  clock.now += 1000;
  await postgres.sql(`
    DELETE FROM ${table} WHERE device_id > 'device-000030';
    UPDATE ${table} SET tz = 'Mars' WHERE device_id = 'device-000002'`);
  const asked = await from('--prune');
  assert.equal(asked.code, 1);
  assert.match(asked.stderr, /nothing is pruned: 10 would be removed, and no terminal to ask at/);
  assert.ok(await get('device-000031'));
  clock.now += 1000;
  assert.deepEqual(await counts('--prune', '--yes'), [0, 0, 30, 0, 10]);
  assert.equal(await get('device-000031'), null);
  assert.ok(await get('device-000030'));
  assert.deepEqual(await counts('--prune', '--yes'), [0, 0, 30, 0, 0]);
});

test('nothing is removed after rows were rejected, or when it is most of them, unless forced', async (t) => {
  const { counts, from, get, table, clock } = await importer(t, 40);
  await counts();
  clock.now += 1000;
  await postgres.sql(`
    DELETE FROM ${table} WHERE device_id = 'device-000001';
    UPDATE ${table} SET os = 'Android' WHERE device_id = 'device-000002';
    UPDATE ${table} SET push_token = 'a b' WHERE device_id = 'device-000002'`);
  const faulty = await from('--prune', '--yes');
  assert.equal(faulty.code, 1);
  assert.match(faulty.stderr, /nothing is pruned: 1 rows were rejected/);
  assert.ok(await get('device-000001'));
  await postgres.sql(`DELETE FROM ${table} WHERE device_id < 'device-000030'`);
  clock.now += 1000;
  const most = await from('--prune', '--yes');
  assert.equal(most.code, 1);
  assert.match(most.stderr, /it would remove 29 and keep 11/);
  clock.now += 1000;
  assert.deepEqual(await counts('--prune', '--yes', '--force'), [0, 0, 11, 0, 29]);
});

test('a mapping names all its faults together', () => {
  const columns = ['uuid', 'OS', 'Push-Token', 'lang', 'plan', 'attributes.age'].map((name) => ({
    name,
    type: null,
  }));
  const said = [['attributes.plan', 'plan'] as [string, string]];
  assert.deepEqual(Object.fromEntries(mappingOf(columns, said).fields), {
    id: 0,
    platform: 1,
    token: 2,
    language: 3,
    'attributes.plan': 4,
    'attributes.age': 5,
  });
  assert.throws(
    () => mappingOf([{ name: 'a', type: 'json' }], [['userId', 'a']]),
    /id: no column.*platform: no column.*token: no column.*userId: the column "a" is of the type json/s,
  );
});
