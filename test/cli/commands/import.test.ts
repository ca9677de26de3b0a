import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { getRequestListener } from '@hono/node-server';
import { openFile } from '../../../functions/cli/commands/import/file.ts';
import { createWindow } from '../../../functions/cli/commands/import/window.ts';
import { bucketOf } from '../../../functions/model/bucket.ts';
import { person } from '../../contracts/store-fixture.ts';
import { apnsToken } from '../../http/fixture.ts';
import { csvDialects, documents, foreign, ndjsonDialects } from '../../import/dialects.ts';
import { keptOpen } from '../../kept-open.ts';
import { createCli } from '../fixture.ts';

const row = (n: number, more: object = {}) =>
  JSON.stringify({ id: `device-${n}`, platform: 'ios', token: apnsToken(n), ...more });
const rows = (count: number) => Array.from({ length: count }, (_, n) => row(n)).join('\n');

test('a CSV of others is imported by what its columns are called', async (t) => {
  const { volley, file, store } = await createCli(t);
  const path = await file(
    'devices.csv',
    `Device ID,push-token,OS,Locale,opt_out,Tags,plan,internal,push_enabled
a,${apnsToken(1)},iPhone,pt_BR.UTF-8,yes,news|beta,pro,x,true
b,fcm:token,ANDROID,de,0,,,x,false
`,
  );
  const { code, stdout, stderr } = await volley(
    ...['import', path, '--app', 'shop', '--map', 'attributes.plan=plan'],
  );
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '2 new, 0 changed, 0 unchanged, 0 rejected\n');
  assert.match(stderr, /^ {2}id {11}from Device ID$/m);
  assert.match(stderr, /^ {2}not imported: internal$/m);
  const a = (await store.getInstallation('shop', 'a'))!;
  assert.deepEqual([a.language, a.optedOut, a.tags], ['pt-BR', true, ['news', 'beta']]);
  assert.deepEqual(a.attributes, { plan: 'pro' });
  const b = (await store.getInstallation('shop', 'b'))!;
  assert.deepEqual([a.permission, b.permission, b.platform], ['granted', 'denied', 'android']);
});

test('columns that do not fit are refused before anything is sent', async (t) => {
  const { volley, file, keys } = await createCli(t);
  const none = await volley('import', await file('a.csv', 'name,age\nx,1\n'));
  assert.equal(none.code, 2);
  assert.match(none.stderr, /id: no column looks like it; say --map id=COLUMN/);
  assert.match(none.stderr, /there are name, age/);
  for (const [name, [content, words]] of Object.entries(foreign)) {
    const { code, stderr } = await volley('import', await file(`${name}.csv`, content));
    assert.equal(code, 1, name);
    assert.match(stderr, words, name);
  }
  const twice = await volley('import', await file('b.csv', 'id,id,token,os\n'));
  assert.match(twice.stderr, /the column "id" is there twice/);
  const empty = await volley('import', await file('c.csv', ''));
  assert.equal(empty.code, 1);
  assert.match(empty.stderr, /the file is empty/);
  assert.deepEqual(keys, []);
});

test('a file is read as different programs write it, whatever it is called', async (t) => {
  const { volley, file, store } = await createCli(t);
  const files = [csvDialects, ndjsonDialects, documents].flatMap((it) => Object.entries(it));
  for (const [index, [name, content]] of files.entries()) {
    const { code, stderr } = await volley(
      'import',
      await file('a.txt', content),
      '--app',
      `x${index}`,
    );
    assert.equal(code, 0, `${name}: ${stderr}`);
    const a = (await store.getInstallation(`x${index}`, 'a'))!;
    assert.deepEqual([a.tags, a.userId], [['news', 'beta'], 'Zoë 😀'], name);
    assert.equal((await store.getInstallation(`x${index}`, 'b'))?.userId, 'a,b;c\td', name);
  }
});

test('no token is shown, whatever the file is like', async (t) => {
  const { volley, file } = await createCli(t);
  const token = `${'c0ffee'.repeat(10)}abcd`;
  const fcm = `dQw4w9WgXcQ:APA91b${'x_Y-'.repeat(32)}`;
  const bare = Array.from({ length: 60 }, (_, n) => `d${n},ios,${token},${fcm}`);
  for (const content of [
    ...[bare.join('\n'), bare.join('\r'), bare.join('|'), bare.join('\t'), `{"${token}":1}`],
    ...[`${token}\n${token}`, `id,platform,token,${fcm}\na,ios,${token}${token}${token}${token},1`],
    ...[`{"id":"a","platform":"ios","token":"${token}","${fcm}":"${token}"}\n{"id":"${token}`],
    ...[
      `id,platform,token,app\na,ios,${token},${'x'.repeat(10)}${token}`,
      `id,platform,token\n"${token}`,
    ],
  ]) {
    const { stdout, stderr } = await volley('import', await file('a.csv', content), '--dry-run');
    const told = stdout + stderr;
    assert.ok(!told.includes(token) && !told.includes(fcm), told);
    assert.ok(!told.includes(token.slice(0, 30)) && !told.includes(fcm.slice(0, 30)), told);
    assert.ok(told.length < 4_000, `${told.length} characters: ${told.slice(0, 200)}`);
  }
});

test('an NDJSON may be silent about what its first rows do not say', async (t) => {
  const { volley, file, store } = await createCli(t);
  const many = Array.from({ length: 1_500 }, (_, n) => row(n));
  many.push(row(1_500, { optedOut: true }), row(1_501, { nonsense: 1 }), 'not json', '');
  const { code, stdout, stderr } = await volley('import', await file('a.ndjson', many.join('\n')));
  assert.equal(code, 0, stderr);
  assert.equal(
    stdout,
    '1,502 new, 0 changed, 0 unchanged, 1 rejected\n1 kept without a bad cell\n',
  );
  assert.match(stderr, /^line 1502: warning: nonsense: is unknown$/m);
  assert.match(stderr, /^line 1503: is not valid JSON$/m);
  assert.equal((await store.getInstallation('default', 'device-1500'))?.optedOut, true);
});

test('a mapping that makes every row a bad one is noticed early', async (t) => {
  const { volley, file } = await createCli(t);
  const odd = Array.from({ length: 5_000 }, (_, n) => row(n, { platform: 'amiga' }));
  const path = await file('a.ndjson', odd.join('\n'));
  const { code, stderr } = await volley('import', path, '--window', '1000');
  assert.equal(code, 1);
  assert.match(stderr, /not one of the first 1000 rows is good: look at the mapping/);
});

test('faults have the lines of the file, whatever order the rows are sent in', async (t) => {
  const { volley, file } = await createCli(t);
  const lines = Array.from({ length: 300 }, (_, n) =>
    n % 30 === 7
      ? row(n, { platform: 'amiga' })
      : row(n, n % 30 === 9 ? { country: 'Switzerland' } : {}),
  );
  const path = await file('a.ndjson', lines.join('\n'));
  const { stderr } = await volley('import', path, '--window', '70');
  for (const [words, line] of [
    [/^line (\d+): platform/gm, 8],
    [/^line (\d+): warning: country/gm, 10],
  ] as const) {
    const told = [...stderr.matchAll(words)].map((it) => Number(it[1]));
    assert.deepEqual(
      told.sort((a, b) => a - b),
      Array.from({ length: 10 }, (_, n) => 30 * n + line),
    );
  }
});

test('a server that fails midway leaves whole pages, and the same command goes on', async (t) => {
  const { volley, file, hooks, store } = await createCli(t);
  const path = await file('a.ndjson', rows(1_000));
  let pages = 0;
  hooks.before = () => {
    if (++pages === 4) throw Object.assign(new Error('gone'), { code: 'ECONNRESET' });
  };
  const first = await volley('import', path, '--window', '100');
  assert.equal(first.code, 1);
  assert.match(first.stderr, /broke off/);
  assert.equal(await store.estimateAudience('default', {}), 300);
  const second = await volley('import', path, '--window', '100');
  assert.equal(second.code, 0);
  assert.match(second.stderr, /going on after line 300 /);
  assert.equal(second.stdout, '1,000 new, 0 changed, 0 unchanged, 0 rejected\n');
  assert.equal(pages, 11);

  pages = 0;
  assert.equal((await volley('import', path, '--window', '100')).code, 1);
  await writeFile(path, rows(1_001));
  const changed = await volley('import', path, '--window', '100');
  assert.equal(changed.code, 0);
  assert.doesNotMatch(changed.stderr, /going on/, 'a changed file is another file');
});

/** The CLI in a process of its own, against a server that can be made to wait. */
async function separate(t: TestContext) {
  const cli = await createCli(t);
  const gate = {
    holdAfter: Number.POSITIVE_INFINITY,
    uploads: 0,
    held: Promise.withResolvers<void>(),
  };
  let release = Promise.withResolvers<void>();
  const server = createServer(
    keptOpen,
    getRequestListener(async (request) => {
      if (++gate.uploads > gate.holdAfter) {
        gate.held.resolve();
        await release.promise;
      }
      return cli.api.fetch(request);
    }),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  const start = (path: string) => {
    const child = spawn(
      process.execPath,
      ['functions/cli/main.ts', 'import', path, '--window', '100', '--prune', '--yes'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          VOLLEY_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
          VOLLEY_API_KEY: cli.key,
          VOLLEY_STATE: join(cli.folder, 'state'),
        },
      },
    );
    const out = { stdout: '', stderr: '' };
    child.stdout.on('data', (text) => {
      out.stdout += text;
    });
    child.stderr.on('data', (text) => {
      out.stderr += text;
    });
    const ended = once(child, 'close', { signal: AbortSignal.timeout(5 * 60_000) });
    return { child, ended: ended.then(([code, signal]) => ({ code, signal, ...out })) };
  };
  const letGo = () => {
    gate.holdAfter = Number.POSITIVE_INFINITY;
    release.resolve();
    release = Promise.withResolvers<void>();
  };
  return { ...cli, gate, start, letGo };
}

for (const signal of ['SIGINT', 'SIGKILL'] as const)
  test(`an import that gets ${signal} goes on where it was`, async (t) => {
    const { gate, start, letGo, store, file, folder } = await separate(t);
    const path = await file('a.ndjson', rows(1_000));
    gate.holdAfter = 3;
    const { child, ended } = start(path);
    await gate.held.promise;
    child.kill(signal);
    if (signal === 'SIGINT') letGo();
    const stopped = await ended;
    if (signal === 'SIGINT') {
      assert.equal(stopped.code, 1, stopped.stderr);
      assert.match(stopped.stderr, /stopped; the same command goes on after line [345]00/);
    } else letGo();
    const there = await store.estimateAudience('default', {});
    // a process that was not run meanwhile finds the answer before the signal, and has begun the next page
    assert.ok([300, 400, 500].includes(there), `${there} are there`);

    const again = await start(path).ended;
    assert.equal(again.code, 0, again.stderr);
    assert.match(again.stderr, /going on after line [345]00/);
    assert.match(
      again.stdout,
      /^\d+ new, 0 changed, \d+ unchanged, 0 rejected, 0 removed\n|^1,000 new/,
    );
    assert.equal(await store.estimateAudience('default', {}), 1_000);
    assert.deepEqual(await readdir(join(folder, 'state')), []);
  });

test('a gzip that is left in the middle ends without an error', async (t) => {
  const { file } = await createCli(t);
  const source = await openFile(await file('a.ndjson.gz', gzipSync(rows(60_000))));
  const stop = new AbortController();
  let read = 0;
  for await (const part of source.read(null, stop.signal)) {
    read += part.rows.length;
    stop.abort();
  }
  assert.ok(read > 0 && read < 60_000, `${read}`);
  await source.close();
});

test('a row that is nested too deep costs itself', async (t) => {
  const { volley, file } = await createCli(t);
  const deep = row(2).replace(
    '}',
    `,"attributes":{"a":${'['.repeat(30_000)}${']'.repeat(30_000)}}}`,
  );
  const path = await file('a.ndjson', [row(1), deep, row(3)].join('\n'));
  const { code, stdout, stderr } = await volley('import', path);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '2 new, 0 changed, 0 unchanged, 1 rejected\n');
  assert.match(stderr, /^line 2: is nested too deep$/m);
});

test('a window gives its rows in the order they lie on disk, each once', async () => {
  const window = createWindow();
  const ids = Array.from({ length: 2_000 }, (_, n) => `device-${n}`);
  for (const [n, id] of ids.entries())
    assert.equal(window.add({ id, name: 'Zoë ✓ 😀' }, n + 10), 'added');
  assert.equal(window.add({ id: 'x'.repeat(70_000) }, 1), 'too long');
  const read: string[] = [];
  for (const page of window.take(300)) {
    assert.ok(page.rows <= 300);
    const chunks: Uint8Array[] = [];
    for await (const chunk of page.body()) chunks.push(chunk);
    const lines = Buffer.concat(chunks).toString().trimEnd().split('\n');
    assert.equal(lines.length, page.rows);
    for (const [index, text] of lines.entries()) {
      const it = JSON.parse(text);
      assert.equal(it.name, 'Zoë ✓ 😀');
      assert.equal(ids[page.at(index + 1) - 10], it.id);
      read.push(it.id);
    }
  }
  const expected = [...ids].sort((a, b) => bucketOf(a) - bucketOf(b));
  assert.deepEqual(read, expected);
});

test('a window is full at 24 MB, however few rows that are', () => {
  const window = createWindow();
  const value = 'x'.repeat(60_000);
  let taken = 0;
  while (window.add({ id: `${taken}`, value }, taken) === 'added') taken++;
  assert.ok(taken > 300 && taken * 60_000 < 24 * 1024 * 1024, `${taken}`);
  assert.equal(window.take(1_000).length, 1);
  assert.equal(window.add({ id: 'a' }, 1), 'added');
});

test('a file without rows stores and removes nothing, and says so', async (t) => {
  const { volley, file, store } = await createCli(t);
  await store.putInstallations([person('a')]);
  const path = await file('header.csv', 'id,platform,token\n');
  for (const options of [[], ['--prune', '--yes']]) {
    const { code, stderr } = await volley('import', path, ...options);
    assert.equal(code, 1);
    assert.match(stderr, /there are no rows, so nothing was stored or removed/);
  }
  assert.ok(await store.getInstallation('default', 'a'));
});

test('JSON over several lines is told from NDJSON', async (t) => {
  const { volley, file } = await createCli(t);
  const path = await file('pretty.json', JSON.stringify({ id: 'a', platform: 'ios' }, null, 2));
  const { code, stderr } = await volley('import', path);
  assert.equal(code, 1);
  assert.match(stderr, /no line is a JSON object; NDJSON has one object a line/);
});
