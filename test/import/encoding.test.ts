import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Problem } from '../../functions/http/core/problems.ts';
import type { Imported } from '../../functions/http/installations/import.ts';
import { decoded, Unreadable } from '../../functions/import/encoding.ts';
import { apnsToken, createFixture, jsonOf } from '../http/fixture.ts';
import { assertLinear } from '../text/linear.ts';
import { csvDialects, documents, foreign, NDJSON, ndjsonDialects } from './dialects.ts';

const pieces = async function* (file: Uint8Array, size = file.length) {
  for (let at = 0; at < file.length; at += size) yield file.subarray(at, at + size);
};

async function textOf(file: Uint8Array, size?: number): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of decoded(pieces(file, size))) all.push(Buffer.from(piece));
  return Buffer.concat(all);
}

const all = [
  ...Object.entries(csvDialects).map(([name, file]) => ({ name, file, type: 'text/csv' })),
  ...Object.entries(ndjsonDialects).map(([name, file]) => ({
    name,
    file,
    type: 'application/x-ndjson',
  })),
];

for (const { name, file, type } of all)
  test(`${type} with ${name} is read`, async (t) => {
    const { load, store } = await createFixture(t);
    const imported = await jsonOf<Imported>(await load(file, type));
    assert.deepEqual([imported.stored, imported.faults, imported.warnings], [2, [], []]);
    const a = (await store.getInstallation('default', 'a'))!;
    assert.deepEqual([a.token, a.tags, a.userId], [apnsToken(1), ['news', 'beta'], 'Zoë 😀']);
    assert.equal((await store.getInstallation('default', 'b'))?.userId, 'a,b;c\td');
  });

test('the media type may say that cells are separated by tabs', async (t) => {
  const { load } = await createFixture(t);
  const imported = await load(csvDialects.tabs!, 'text/tab-separated-values; charset=utf-8');
  assert.equal((await jsonOf<Imported>(imported)).stored, 2);
});

test('what is not read is refused with a sentence, and nothing is stored', async (t) => {
  const { load, store, logged } = await createFixture(t);
  for (const [name, [file, words]] of Object.entries(foreign)) {
    const response = await load(file);
    assert.equal(response.status, 400, name);
    const { detail, faults = [] } = await jsonOf<Problem>(response);
    assert.match([detail, ...faults.map((it) => it.message)].join('\n'), words, name);
  }
  const json = await jsonOf<Problem>(await load(NDJSON));
  assert.match(json.faults![0]!.message, /the file is JSON; send it as application\/x-ndjson/);
  for (const type of ['text/csv', 'application/x-ndjson']) {
    const array = await load(documents['a JSON array over lines']!, type);
    const { faults } = await jsonOf<Problem>(array);
    assert.match(faults![0]!.message, /JSON array; write one object a line/);
  }
  assert.equal(await store.estimateAudience('default', {}), 0);
  assert.deepEqual(logged, []);
});

test('an uploaded audience is read in the same forms', async (t) => {
  const { api, key } = await createFixture(t);
  const upload = (body: string | Uint8Array, type: string) =>
    api.request('/v1/audiences', {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': type },
      body,
    });
  for (const { name, file, type } of all) {
    const { size, faults } = await jsonOf<{ size: number; faults: [] }>(await upload(file, type));
    assert.deepEqual([size, faults], [2, []], name);
  }
  const zip = await upload(foreign.zip![0], 'text/plain');
  assert.equal(zip.status, 400);
  assert.match((await jsonOf<Problem>(zip)).detail, /ZIP/);
});

test('it makes no difference where a file is cut into pieces', async () => {
  const files = [...Object.values(csvDialects), Buffer.from('\ufeffa😀b\r\n', 'utf16le')];
  for (const file of files) {
    const bytes = Buffer.from(file);
    const whole = await textOf(bytes);
    for (const size of [1, 2, 3, 5]) assert.deepEqual(await textOf(bytes, size), whole);
  }
});

test('half a character of UTF-16 costs its own line', async (t) => {
  const { load } = await createFixture(t);
  const row = (n: number, user: string) => `d${n},ios,${apnsToken(n)},${user}\n`;
  const text = `\ufeffid,platform,token,userId\n${row(1, '\ud83d')}${row(2, '\udd14x')}${row(3, '🔔')}`;
  const file = Buffer.concat([Buffer.from(text, 'utf16le'), Buffer.from('x')]);
  for (const it of [file, Buffer.from(text, 'utf16le').swap16()]) {
    const { stored, faults } = await jsonOf<Imported>(await load(it));
    assert.equal(stored, 1);
    assert.deepEqual(faults.slice(0, 2), [
      { line: 2, message: 'is not UTF-8' },
      { line: 3, message: 'is not UTF-8' },
    ]);
  }
});

test('Ctrl-Z within a file, and CR within a line, are characters', async () => {
  const text = 'a\x1ab\rc\n\x1a\x1a\nd\r';
  assert.equal((await textOf(Buffer.from(text))).toString(), text);
  assert.equal((await textOf(Buffer.from('a\x1a\x1a'))).toString(), 'a\x1a');
});

test('a gzip bomb is given up, in bounded memory', async () => {
  const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024, 'a'));
  let given = 0;
  let largest = 0;
  await assert.rejects(
    async () => {
      for await (const piece of decoded(pieces(bomb, 16 * 1024))) {
        given += piece.length;
        largest = Math.max(largest, piece.length);
      }
    },
    (error) => error instanceof Unreadable && /more than 200 times its size/.test(error.message),
  );
  assert.ok(given > 0 && given <= 65 * 1024 * 1024, `${given}`);
  assert.ok(largest <= 128 * 1024, `${largest}`);
});

test('a reader that stops closes the file, in each form', async () => {
  for (const file of ['a\n'.repeat(100_000), gzipSync('a\n'.repeat(100_000)), foreign.zip![0]]) {
    const closed = Promise.withResolvers<void>();
    const body = async function* () {
      try {
        for (;;) yield Buffer.from(file);
      } finally {
        closed.resolve();
      }
    };
    try {
      for await (const _ of decoded(body())) break;
    } catch (error) {
      assert.ok(error instanceof Unreadable);
    }
    await closed.promise;
  }
});

test('whatever a file is made of, decoding it takes time linear in its length', async () => {
  const marks = ['', '\ufeff'].map((it) => Buffer.from(it, 'utf16le'));
  for (const mark of marks)
    for (const byte of ['\r', '\n', '\x1a', 'a', '\xd8'])
      await assertLinear(
        (size) => Buffer.concat([mark, Buffer.alloc(size, byte, 'latin1')]),
        async (file) => {
          for await (const _ of decoded(pieces(file, 16 * 1024)));
        },
      );
});
