import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Problem } from '../../../functions/http/core/problems.ts';
import type { Imported } from '../../../functions/http/installations/import.ts';
import { apnsToken, createFixture, jsonOf, NOW } from '../fixture.ts';

const HEADER = 'id,platform,token,language,tags';
const good = (n: number, rest = 'de,news|beta') => `device-${n},ios,${apnsToken(n)},${rest}`;
const csv = (...lines: string[]) => `${[HEADER, ...lines].join('\n')}\n`;

const told = (lines: Imported['faults']) => lines.map((it) => `${it.line}: ${it.message}`);

async function importer(t: { after(done: () => Promise<void>): void }) {
  const fixture = await createFixture(t);
  return {
    ...fixture,
    /** stored, and the faults and the warnings as `line: message` */
    async outcome(body: string | Uint8Array | ReadableStream, type?: string, query?: string) {
      const response = await fixture.load(body, type, query);
      assert.equal(response.status, 200);
      const it = await jsonOf<Imported>(response);
      assert.equal(it.read, it.stored + it.rejected);
      assert.deepEqual([it.faults.length, it.warnings.length], [it.rejected, it.warned]);
      return { stored: it.stored, faults: told(it.faults), warnings: told(it.warnings) };
    },
    async refusal(body: string | Uint8Array, type?: string, query?: string) {
      const response = await fixture.load(body, type, query);
      assert.equal(response.status, 400);
      const { faults } = await jsonOf<Problem>(response);
      const stored = await fixture.store.estimateAudience('default', {});
      assert.equal(stored, 0, 'nothing may be stored');
      return faults!.map((it) => `${it.path}: ${it.message}`);
    },
  };
}

test('a CSV is stored with all that its columns can say', async (t) => {
  const { outcome, store } = await importer(t);
  const file = [
    '\ufeffattributes.plan,id,platform,provider,token,environment,language,timeZone,userId,tags,attributes',
    `pro,device-1,ios,,${apnsToken(1)},sandbox,de,Europe/Berlin,"user, ""one""",news|beta,"{""age"":3}"`,
    '',
    `,device-2,ios,fcm,"token:2",,,,,,`,
    '',
  ];
  assert.deepEqual(await outcome(file.join('\r\n')), { stored: 2, faults: [], warnings: [] });
  const first = await store.getInstallation('default', 'device-1');
  assert.equal(first!.environment, 'sandbox');
  assert.equal(first!.userId, 'user, "one"');
  assert.deepEqual(first!.tags, ['news', 'beta']);
  assert.deepEqual(first!.attributes, { plan: 'pro', age: 3 });
  const second = await store.getInstallation('default', 'device-2');
  assert.equal(second!.provider, 'fcm');
  assert.equal(second!.language, undefined);
  assert.deepEqual(second!.tags, []);
});

test('an NDJSON is stored as well, its faults by line', async (t) => {
  const { outcome, store } = await importer(t);
  const file = [
    JSON.stringify({ id: 'a', platform: 'ios', token: apnsToken(1), tags: ['x'] }),
    '',
    '{"id":"b"',
    '[]',
    JSON.stringify({ id: 'c', platform: 'ios', token: apnsToken(3), tag: 'x' }),
    JSON.stringify({ platform: 'android', token: 'x' }),
    JSON.stringify({ id: 'd', platform: 'android', token: 'token:d' }),
  ];
  assert.deepEqual(await outcome(file.join('\n'), 'application/x-ndjson'), {
    stored: 3,
    faults: ['3: is not valid JSON', '4: is not a JSON object', '6: id: is missing'],
    warnings: ['5: tag: is unknown'],
  });
  assert.deepEqual((await store.getInstallation('default', 'a'))!.tags, ['x']);
});

test('faults are listed by line, all faults of a line together, and good lines are kept', async (t) => {
  const { outcome } = await importer(t);
  const file = csv(
    good(1),
    'device-2,ios,xyz,de,',
    'device 3,amiga,,d,',
    'device-4,ios',
    good(5),
    `${good(6)},more`,
  );
  const { stored, faults } = await outcome(file);
  assert.equal(stored, 2);
  assert.equal(faults[0], '3: token: an APNs token is 64 to 200 hexadecimal digits');
  assert.match(faults[1]!, /^4: id: .*; platform: .*; token: is missing.*; language: /);
  assert.equal(faults[2], '5: has 2 cells where the header has 5');
  assert.equal(faults[3], '7: has 6 cells where the header has 5');
});

test('a file cut off within a line loses only that line', async (t) => {
  const { outcome } = await importer(t);
  const whole = csv(good(1), good(2), good(3));
  const { stored, faults } = await outcome(whole.slice(0, -40));
  assert.equal(stored, 2);
  assert.equal(faults.length, 1);
  assert.match(faults[0]!, /^4: /);
});

test('a quote that is not closed costs its own line, whatever follows', async (t) => {
  const { outcome, store } = await importer(t);
  const plain = Array.from({ length: 3000 }, (_, n) => good(n + 10));
  const quoted = Array.from({ length: 3000 }, (_, n) => good(n + 5000, 'de,"news|beta"'));
  const file = csv(good(1), '"device-2,ios,x,de,', ...plain, '"device-3,ios', ...quoted, '"');
  const { stored, faults } = await outcome(file);
  assert.deepEqual(faults, [
    '3: a quoted cell is not closed',
    '3004: a quoted cell is not closed',
    '6005: a quoted cell is not closed',
  ]);
  assert.equal(stored, 6001);
  assert.ok(await store.getInstallation('default', 'device-7999'));
});

test('a quoted cell may go on over lines, and what is in it is never a row', async (t) => {
  const { outcome, store } = await importer(t);
  const header = 'id,platform,token,attributes.note';
  const note = `Hello\n\nvictim,ios,${apnsToken(9)},x\n""quoted"", and more`;
  const file = `${header}\ndevice-1,ios,${apnsToken(1)},"${note}"\ndevice-2,ios,bad,\n`;
  const { stored, faults } = await outcome(file);
  assert.equal(stored, 1);
  assert.deepEqual(faults, ['6: token: an APNs token is 64 to 200 hexadecimal digits']);
  assert.equal(await store.getInstallation('default', 'victim'), null);
  const found = await store.getInstallation('default', 'device-1');
  assert.equal(found!.attributes.note, note.replaceAll('""', '"'));
});

test('a line of 50 MB is one fault, and the lines after it are kept', async (t) => {
  const { outcome } = await importer(t);
  async function* file() {
    yield Buffer.from(csv(good(1)));
    const piece = Buffer.alloc(1024 * 1024, 'x');
    for (let n = 0; n < 50; n++) yield piece;
    yield Buffer.from(`\n${good(2)}\n`);
    yield Buffer.from('y'.repeat(100_000));
  }
  assert.deepEqual(await outcome(ReadableStream.from(file())), {
    stored: 2,
    faults: ['3: is longer than 65536 bytes', '5: is longer than 65536 bytes'],
    warnings: [],
  });
});

test('bytes that are not UTF-8, and NUL, cost their own line', async (t) => {
  const { outcome, store } = await importer(t);
  const file = Buffer.concat([
    Buffer.from(csv(good(1), good(2, 'd'))),
    Buffer.from([0xff, 0xfe, 0x0a]),
    Buffer.from(`${good(3, 'de,grüße')}\n`, 'latin1'),
    Buffer.from(`${good(4, 'de,grüße|😀')}\n`),
    Buffer.from(`${good(5, 'de,a\0b')}\n`),
    Buffer.from(good(6)),
  ]);
  const { stored, faults } = await outcome(file);
  assert.deepEqual(faults, [
    '3: has 4 cells where the header has 5',
    '4: is not UTF-8',
    '5: is not UTF-8',
    '7: has a NUL byte',
  ]);
  assert.equal(stored, 3);
  const found = await store.getInstallation('default', 'device-4');
  assert.deepEqual(found!.tags, ['grüße', '😀']);
});

test('it makes no difference where the body is cut into chunks', async (t) => {
  const { outcome } = await importer(t);
  const file = Buffer.concat([
    Buffer.from(csv(good(1), 'device-2,ios,"x', good(3, '"de","a""b|😀"'), '', good(4))),
    Buffer.from([0xff, 0x0a, 0x00, 0x0d, 0x0a]),
    Buffer.from(good(5)),
  ]);
  const whole = await outcome(file);
  assert.equal(whole.stored, 4);
  for (const size of [1, 2, 3, 7, 64]) {
    const pieces = function* () {
      for (let at = 0; at < file.length; at += size) yield file.subarray(at, at + size);
    };
    assert.deepEqual(await outcome(ReadableStream.from(pieces())), whole, `by ${size}`);
  }
});

test('of an id that is there twice the last row wins, near and far', async (t) => {
  const { outcome, store } = await importer(t);
  const rows = Array.from({ length: 4500 }, (_, n) => good(n));
  const again = (n: number) => `device-${n},ios,${apnsToken(n)},fr,`;
  rows.splice(10, 0, again(0));
  rows.push(again(1));
  assert.deepEqual(await outcome(csv(...rows)), { stored: 4502, faults: [], warnings: [] });
  for (const id of ['device-0', 'device-1'])
    assert.equal((await store.getInstallation('default', id))!.language, 'fr');
  assert.equal(await store.estimateAudience('default', {}), 4500);
});

test('a file that is wrong as a whole is refused before anything is stored', async (t) => {
  const { refusal } = await importer(t);
  assert.deepEqual(await refusal(''), [': the file has no rows']);
  assert.deepEqual(await refusal(`${HEADER}\n`), [': the file has no rows']);
  assert.deepEqual(await refusal('\n\n', 'application/x-ndjson'), [': the file has no rows']);
  const known =
    'known are id, app, platform, provider, token, environment, language, timeZone, country, ' +
    'appVersion, userId, optedOut, optedOutOf, permission, tags, attributes, refreshedAt, attributes.NAME';
  assert.deepEqual(await refusal(`id,langauge,token,id,attributes.\n${good(1)}\n`), [
    'line 1: the column "platform" is missing',
    `line 1: the column "langauge" is unknown; ${known}`,
    'line 1: the column "id" is there twice',
    `line 1: the column "attributes." is unknown; ${known}`,
  ]);
  assert.equal((await refusal(`id|platform|token\na|ios|${apnsToken(1)}\n`)).length, 4);
  assert.deepEqual(await refusal(new Uint8Array([0xff, 0xfe, 0x0a])), [
    'line 1: the header is not UTF-8',
  ]);
  assert.deepEqual(await refusal(csv(good(1)), 'text/csv', '?foo=1'), ['query.foo: is unknown']);
});

test('the address names the app of all rows', async (t) => {
  const { outcome, store } = await importer(t);
  const header = `${HEADER},app`;
  const file = `${header}\n${good(1)},\n${good(2)},shop\n${good(3)},other\n`;
  assert.deepEqual(await outcome(file, 'text/csv', '?app=shop'), {
    stored: 2,
    faults: ['4: app: is "other", but the file was sent for "shop"'],
    warnings: [],
  });
  assert.ok(await store.getInstallation('shop', 'device-1'));
});

test('a thousand faults are listed and a thousand warnings, all are counted', async (t) => {
  const { load } = await importer(t);
  const odd = Array.from({ length: 1500 }, (_, n) => good(n + 2, 'Klingon!,'));
  const file = csv(good(1), ...Array.from({ length: 1500 }, () => 'x'), ...odd);
  const imported = await jsonOf<Imported>(await load(file));
  assert.deepEqual([imported.rejected, imported.warned, imported.stored], [1500, 1500, 1501]);
  assert.deepEqual([imported.faults.length, imported.warnings.length], [1000, 1000]);
});

test('text that is no value is absent in a CSV, and is text in an NDJSON', async (t) => {
  const { outcome, store } = await importer(t);
  const header = 'id,platform,token,language,userId,tags,attributes.plan,refreshedAt';
  const absent = ['NULL', '\\N', '(null)', '#N/A', '  ', ''];
  const rows = absent.map((it, n) =>
    [`device-${n}`, 'ios', apnsToken(n), it, it, it, it, it].join(','),
  );
  const file = [header, ...rows, `NULL,ios,${apnsToken(9)},,,,,`, 'a,web,\\N,,,,,'].join('\n');
  const { stored, faults, warnings } = await outcome(file);
  assert.deepEqual([stored, warnings], [absent.length, []]);
  assert.deepEqual(faults, ['8: id: is missing', '9: token: is missing']);
  for (const n of absent.keys()) {
    const it = (await store.getInstallation('default', `device-${n}`))!;
    assert.deepEqual(
      [it.language, it.userId, it.tags, it.attributes],
      [undefined, undefined, [], {}],
    );
  }
  const said = { id: 'b', platform: 'ios', token: apnsToken(20), attributes: { surname: 'NULL' } };
  await outcome(JSON.stringify({ ...said, userId: 'Null' }), 'application/x-ndjson');
  const b = (await store.getInstallation('default', 'b'))!;
  assert.deepEqual([b.attributes, b.userId], [{ surname: 'NULL' }, 'Null']);
});

test('two ids that differ beyond 2^53 are two installations', async (t) => {
  const { outcome, store } = await importer(t);
  const rows = ['2916334247900527531', '2916334247900527532'].map(
    (id, n) => `{"id":${id},"platform":"ios","token":"${apnsToken(n)}","userId":${id}}`,
  );
  const { stored, warnings } = await outcome(rows.join('\n'), 'application/x-ndjson');
  assert.deepEqual([stored, warnings], [2, []]);
  const it = await store.getInstallation('default', '2916334247900527532');
  assert.equal(it?.userId, '2916334247900527532');
});

test('another type is not guessed at', async (t) => {
  const { load } = await importer(t);
  assert.equal((await load(csv(good(1)), 'application/json')).status, 415);
  assert.equal((await load(csv(good(1)), 'constructor')).status, 415);
});

test('a body that breaks off is a fault, and the rows stored before are kept', async (t) => {
  const { load, logged } = await importer(t);
  async function* file() {
    yield Buffer.from(csv(good(1)));
    throw new Error('connection reset');
  }
  const response = await load(ReadableStream.from(file()));
  assert.equal(response.status, 400);
  assert.match((await jsonOf<Problem>(response)).detail, /cut off/);
  assert.deepEqual(logged, []);
});

test('rows are counted as new, changed, unchanged, or replaced by later ones', async (t) => {
  const { load, store } = await importer(t);
  const counts = async (...rows: string[]) => {
    const imported = await jsonOf<Imported>(await load(csv(...rows)));
    const { read, stored, faults: _, warnings: __, ...rest } = imported;
    assert.equal(read, rows.length);
    assert.equal(stored, rows.length - rest.rejected);
    return rest;
  };
  const none = {
    inserted: 0,
    updated: 0,
    unchanged: 0,
    superseded: 0,
    tokensMoved: 0,
    rejected: 0,
    warned: 0,
  };
  assert.deepEqual(await counts(good(1), good(2), good(3)), { ...none, inserted: 3 });
  assert.deepEqual(await counts(good(1), good(2, 'fr,'), good(4), good(4, 'it,'), 'x'), {
    ...none,
    inserted: 1,
    updated: 1,
    unchanged: 1,
    superseded: 1,
    rejected: 1,
  });
  const taking = `device-9,ios,${apnsToken(1)},Klingon!,`;
  assert.deepEqual(await counts(taking), { ...none, inserted: 1, warned: 1, tokensMoved: 1 });
  assert.equal(await store.getInstallation('default', 'device-1'), null);
  assert.equal((await store.getInstallation('default', 'device-4'))!.language, 'it');
});

test('a dry run lists the faults and stores nothing', async (t) => {
  const { load, store } = await importer(t);
  const imported = await jsonOf<Imported>(
    await load(csv(good(1), 'x', good(2)), 'text/csv', '?dryRun=true'),
  );
  assert.deepEqual([imported.stored, imported.inserted, imported.rejected], [2, 0, 1]);
  assert.equal(await store.getInstallation('default', 'device-1'), null);
});

test('a row may say when an app was last seen, but not in the future', async (t) => {
  const { load, store } = await importer(t);
  const file = [
    'id,platform,token,refreshedAt',
    `a,ios,${apnsToken(1)},2026-11-01T10:00:00Z`,
    `b,ios,${apnsToken(2)},2026-11-01T10:00:00+02:00`,
    `c,ios,${apnsToken(3)},2027-01-01T00:00:00Z`,
    `d,ios,${apnsToken(4)},yesterday`,
    `e,ios,${apnsToken(5)},`,
  ].join('\n');
  const { faults, warnings } = await jsonOf<Imported>(await load(file));
  assert.deepEqual(faults, []);
  assert.deepEqual(told(warnings), [
    '4: refreshedAt: is in the future',
    '5: refreshedAt: is no time such as 2026-10-01T10:00:00Z',
  ]);
  const seen = async (id: string) => (await store.getInstallation('default', id))?.refreshedAt;
  assert.equal(await seen('a'), Date.UTC(2026, 10, 1, 10));
  assert.equal(await seen('b'), Date.UTC(2026, 10, 1, 8));
  for (const id of ['c', 'd', 'e']) assert.equal(await seen(id), NOW);
});

test('what a run has not seen is removed, once all of it was imported', async (t) => {
  const { load, ask, store, clock } = await importer(t);
  await load(csv(good(1), good(2), good(3)), 'text/csv', '?app=default');
  const prune = async (run: string, dryRun = false) => {
    let found = 0;
    for (let after: string | null = null; ; ) {
      const body = { run, after, dryRun };
      const response = await ask('POST', '/v1/installations:prune', body);
      if (response.status !== 200) return response.status;
      const part = await jsonOf<{ found: number; next: string | null }>(response);
      found += part.found;
      after = part.next;
      if (after === null) return found;
    }
  };
  assert.equal(await prune('run-00001'), 404);
  // within the same millisecond the order is not known, so an hour lies between
  clock.now += 3_600_000;
  await load(csv(good(2)), 'text/csv', '?run=run-00001');
  assert.equal(await prune('run-00001', true), 2);
  assert.equal(await prune('run-00001'), 2);
  assert.equal(await store.getInstallation('default', 'device-1'), null);
  assert.ok(await store.getInstallation('default', 'device-2'));
  const lost = await ask('POST', '/v1/installations:prune', { run: 'run-00001', after: 'abc' });
  assert.equal(lost.status, 400);
  assert.deepEqual((await jsonOf<Problem>(lost)).faults, [
    { path: 'after', message: 'must be the `next` of an answer of this call' },
  ]);
  clock.now += 7 * 24 * 3_600_000 + 1;
  const old = await ask('POST', '/v1/installations:prune', { run: 'run-00001' });
  assert.equal(old.status, 404);
  assert.match((await jsonOf<Problem>(old)).detail, /began more than 7 days ago/);
  assert.ok(await store.getInstallation('default', 'device-2'));
});
