import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_NAMES, type Uploaded } from '../../functions/http/audiences.ts';
import type { Problem } from '../../functions/http/core/problems.ts';
import { BUCKETS } from '../../functions/model/bucket.ts';
import { campaign, createFixture, jsonOf, NOW } from './fixture.ts';

type Fixture = Awaited<ReturnType<typeof createFixture>>;

const upload = (
  { api, key }: Fixture,
  body: string | ReadableStream,
  type = 'text/plain',
  query = '',
) =>
  api.request(`/v1/audiences${query}`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': type },
    body,
    duplex: 'half',
  } as RequestInit);

async function namesOf({ store }: Fixture, id: string) {
  const all: string[] = [];
  for await (const names of store.readUpload(id, { from: 0, to: BUCKETS }, null, 100))
    all.push(...names);
  return all.sort();
}

test('an audience comes as lines, CSV or NDJSON, of ids, users or tokens', async (t) => {
  const fixture = await createFixture(t);
  const cases: [string, string, string, string[]][] = [
    ['a\r\nb\n\n  c  \na', 'text/plain', '', ['a', 'b', 'c']],
    [
      '\ufeffname,user_id\nZoë,"O\'Brien, J"\nx,ü2\n',
      'text/csv',
      '?of=userIds',
      ["O'Brien, J", 'ü2'],
    ],
    [
      '2916334247900527531\n{"id":2916334247900527532}\n7\n',
      'application/x-ndjson',
      '',
      ['2916334247900527531', '2916334247900527532', '7'],
    ],
    [
      '"t:1"\n{"token":"t-2","x":1}\n\n',
      'application/x-ndjson; charset=utf-8',
      '?of=tokens',
      ['t-2', 't:1'],
    ],
  ];
  for (const [body, type, query, names] of cases) {
    const response = await upload(fixture, body, type, query);
    assert.equal(response.status, 201);
    const done = await jsonOf<Uploaded>(response);
    assert.deepEqual(done.faults, []);
    assert.deepEqual(await namesOf(fixture, done.id), names);
    const { id, app, of, size, expiresAt } = done;
    assert.equal(size, names.length);
    assert.equal(expiresAt, new Date(NOW + 7 * 24 * 60 * 60_000).toISOString());
    const view = await fixture.ask('GET', `/v1/audiences/${id}`);
    assert.deepEqual(await jsonOf(view), { id, app, of, size, expiresAt });
    const sent = await fixture.ask('POST', '/v1/campaigns', {
      ...campaign,
      audience: { upload: id },
    });
    assert.equal(sent.status, 202);
  }
});

test('text that says there is none is never a name', async (t) => {
  const fixture = await createFixture(t);
  const texts = ['u1', 'NULL', '\\N', '(null)', '#N/A', 'Null'];
  const response = await upload(fixture, texts.join('\n'), 'text/plain', '?of=userIds');
  const done = await jsonOf<Uploaded>(response);
  assert.deepEqual(await namesOf(fixture, done.id), ['Null', 'u1']);
  assert.deepEqual(
    done.faults.map((it) => it.line),
    [2, 3, 4, 5],
  );
});

test('bad lines are listed with their number and left out', async (t) => {
  const fixture = await createFixture(t);
  const lines = ['good', 'a b', 'x'.repeat(129), '', 'also-good', 'ü'];
  const done = await jsonOf<Uploaded>(await upload(fixture, lines.join('\n')));
  assert.deepEqual([done.size, done.rejected], [2, 3]);
  assert.deepEqual(
    done.faults.map((it) => it.line),
    [2, 3, 6],
  );
  const json = ['{"id":[1]}', '[', '"fine"', '{"ID":"x"}', '{"__proto__":{"id":"x"}}'];
  const other = await jsonOf<Uploaded>(
    await upload(fixture, json.join('\n'), 'application/x-ndjson'),
  );
  assert.deepEqual([other.size, other.rejected], [1, 4]);
  const tokens = await jsonOf<Uploaded>(
    await upload(fixture, 'a b\n\u{1F514}\nok', 'text/plain', '?of=tokens'),
  );
  assert.deepEqual([tokens.size, tokens.rejected], [1, 2]);
  const users = await jsonOf<Uploaded>(
    await upload(fixture, '"u\\ud83d"\n"u\\ud83d\\udd14"', 'application/x-ndjson', '?of=userIds'),
  );
  assert.deepEqual([users.size, users.rejected], [1, 1]);
  assert.match(users.faults[0]!.message, /half a character/);
});

test('a file that is no audience is refused as a whole', async (t) => {
  const fixture = await createFixture(t);
  const refusal = async (body: string, type = 'text/plain', query = '') => {
    const response = await upload(fixture, body, type, query);
    const { faults = [], detail } = await jsonOf<Problem>(response);
    return [response.status, faults[0]?.message ?? detail];
  };
  assert.deepEqual(await refusal(''), [400, 'the file has no names']);
  assert.match(String((await refusal('a b\n'))[1]), /is no installation id/);
  assert.deepEqual(await refusal('name\nx\n', 'text/csv', '?of=tokens'), [
    400,
    'the header needs a column token',
  ]);
  assert.equal((await refusal('x', 'application/json'))[0], 415);
  assert.match(
    String((await refusal('x', 'text/plain', '?of=friends'))[1]),
    /must be one of installationIds, userIds, tokens/,
  );
  assert.equal((await fixture.ask('GET', '/v1/audiences/nothing')).status, 404);
});

test('a body that is cut off leaves no audience', async (t) => {
  const fixture = await createFixture(t);
  const ids: string[] = [];
  const { putUpload } = fixture.store;
  fixture.ports.store.putUpload = async (it) => {
    ids.push(it.id);
    return putUpload(it);
  };
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      const lines = Array.from({ length: 1000 }, (_, n) => `d-${sent}-${n}\n`);
      if (sent++ < 20) controller.enqueue(new TextEncoder().encode(lines.join('')));
      else controller.error(new Error('cut'));
    },
  });
  const response = await upload(fixture, body);
  assert.equal(response.status, 400);
  assert.match((await jsonOf<Problem>(response)).detail, /cut off/);
  assert.equal(ids.length, 1, 'it had begun');
  assert.equal((await fixture.ask('GET', `/v1/audiences/${ids[0]}`)).status, 404);
  const used = await fixture.ask('POST', '/v1/campaigns', {
    ...campaign,
    audience: { upload: ids[0] },
  });
  assert.equal(used.status, 422);
  assert.match((await jsonOf<Problem>(used)).faults![0]!.message, /still being uploaded/);
});

test('an upload has a bound, and needs the scope of campaigns', async (t) => {
  const fixture = await createFixture(t);
  const { api, addKey } = fixture;
  const key = await addKey('read', 'installations');
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'text/plain' };
  assert.equal(
    (await api.request('/v1/audiences', { method: 'POST', headers, body: 'a' })).status,
    403,
  );

  let stored = 0;
  fixture.ports.store.addToUpload = async (_, names) => {
    stored += names.length;
  };
  let n = 0;
  const body = new ReadableStream({
    pull(controller) {
      const lines = Array.from({ length: 10_000 }, () => `d${n++}\n`);
      if (n > MAX_NAMES + 20_000) controller.close();
      else controller.enqueue(new TextEncoder().encode(lines.join('')));
    },
  });
  const response = await upload(fixture, body);
  assert.equal(response.status, 413);
  assert.ok(stored <= MAX_NAMES);
});
