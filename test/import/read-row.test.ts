import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRow } from '../../functions/import/read-row.ts';
import { csvRows, FileFault, parsed } from '../../functions/import/rows.ts';
import { parseExact } from '../../functions/lib/exact-json.ts';
import { installation } from '../../functions/model/installation.ts';
import { installationId, registrationSchema } from '../../functions/model/schemas/registration.ts';
import { chance } from '../contracts/store-fixture.ts';
import { apnsToken, NOW } from '../http/fixture.ts';
import { assertLinear } from '../text/linear.ts';

const long = (length: number) => 'x'.repeat(length);

/** Values for each field: good ones, bad ones, and those on the edge. */
const values: Record<string, unknown[]> = {
  id: ['a', 'device-1', 'A:b.c-d_e', long(128), long(129), '', 'a b', 'ü', 7, null, ['a'], 'a\n'],
  app: ['default', 'shop', long(64), long(65), '', 1, null, 'späti'],
  platform: ['ios', 'android', 'web', 'iOS', 'amiga', '', null, 3, 'constructor', ['ios']],
  provider: ['apns', 'fcm', 'APNS', '', null, 0],
  environment: ['production', 'sandbox', 'development', '', null],
  token: [
    ...[apnsToken(1), apnsToken(2).toUpperCase(), apnsToken(3).slice(2), `${apnsToken(4)}a`],
    ...['ab'.repeat(100), 'ab'.repeat(101), 'fcm:Token_-1', long(4096), long(4097), 'a b', ' a'],
    ...['', 'tökén', 'a\tb', 'a.b', 5, null, `${apnsToken(5)}\n`],
  ],
  language: [
    'de',
    'pt-BR',
    'pt-br',
    'PT',
    'iw',
    'zh-Hans-CN',
    'd',
    'de_CH',
    '',
    'x',
    'xx-',
    1,
    null,
  ],
  timeZone: ['Europe/Zurich', 'UTC', 'europe/zurich', 'Mars/Base', '', '+02:00', long(65), null, 2],
  country: ['CH', 'ch', 'Ch', 'CHE', 'C', '', 'C1', 'ß', null, 41],
  appVersion: ['1.2.3', '4.12.0-rc.1+77', long(64), long(65), '', null, 1.2],
  userId: ['u', 'Zoë ✓', long(128), long(129), '', null, 12],
  optedOut: [true, false, 'true', 0, null],
  permission: [
    'granted',
    'denied',
    'provisional',
    'authorized',
    true,
    1,
    'Denied',
    'maybe',
    '',
    null,
  ],
  tags: [
    [],
    ['a'],
    ['a', 'a'],
    Array(100).fill('t'),
    Array(101).fill('t'),
    [''],
    [1],
    'a',
    null,
    {},
  ],
  attributes: [
    ...[{}, { plan: 'pro', age: 3, beta: true, none: '' }, { big: 1e308 * 10 }, { '': 1 }, []],
    ...[{ [long(64)]: 1 }, { [long(65)]: 1 }, { a: long(256) }, { a: long(257) }, { a: null }],
    ...[{ a: {} }, { a: [] }, null, 'x', 3, JSON.parse('{"__proto__": 1}'), { constructor: 'x' }],
  ],
  refreshedAt: [
    ...['2026-11-21T12:59:59Z', '2026-11-21T12:59:59.123Z', '2020-02-28T00:00:00.5Z'],
    ...['2026-11-21T13:04:59Z', '2026-11-21T13:05:01Z', '2026-13-01T00:00:00Z', 'yesterday', ''],
    ...[
      '2026-02-28T24:00:00Z',
      1700000000000,
      null,
      '2026-10-31T00:00:00Z',
      '2026-02-29T00:00:00Z',
    ],
    ...['2026-04-31T00:00:00Z', '2026-04-30T23:59:59Z', '2025-12-31T23:59:59.999Z'],
  ],
  unknown: [1],
};

/** Without what is not said. */
const said = <T>(it: T): T => JSON.parse(JSON.stringify(it));

const good = (name: string) => values[name]!.slice(0, 2);

/** What a strict registration makes of a row; null if it refuses it. */
function strictly({ id, refreshedAt: _, ...row }: Record<string, unknown>, app?: string) {
  const said = registrationSchema.safeParse(app === undefined ? row : { app, ...row });
  const named = installationId.safeParse(id);
  if (!said.success || !named.success || (app !== undefined && said.data.app !== app)) return null;
  const { refreshedAt: __, ...it } = installation(named.data, said.data, NOW);
  return it;
}

test('a row is what a registration would make of it, or without what one would refuse', () => {
  const { below, pick } = chance(17);
  const seen = { strict: 0, warned: 0, refused: 0 };
  const base = { id: 'a', platform: 'ios', token: apnsToken(1) };
  const compare = (row: Record<string, unknown>, app?: string) => {
    const text = `${app} ${JSON.stringify(row)}`;
    const strict = strictly(row, app);
    const read = readRow(structuredClone(row), app, NOW);
    if ('fault' in read) {
      seen.refused++;
      assert.equal(strict, null, `${text}: ${read.fault}`);
      assert.match(read.fault, /^(?:id|app|platform|token): /, text);
      return;
    }
    const { refreshedAt, ...it } = said(read.installation);
    if (read.warning !== null) seen.warned++;
    // blank is absent in an import
    else if (strict && !Object.values(row).includes('')) {
      seen.strict++;
      assert.deepEqual(it, said(strict), text);
    }
    const { id, bucket: _, ...again } = it;
    assert.deepEqual(
      said(strictly({ id, ...again })),
      it,
      `${text}: what is read can be registered`,
    );
    assert.ok(refreshedAt === null || Number.isInteger(refreshedAt), text);
  };
  for (const [name, all] of Object.entries(values))
    for (const value of all) {
      if (JSON.stringify(value)?.includes('__proto__')) continue;
      compare({ ...base, [name]: value });
      compare({ ...base, platform: 'android', [name]: value });
      compare({ ...base, app: 'shop', [name]: value }, 'shop');
    }
  for (let n = 0; n < 20_000; n++) {
    const row: Record<string, unknown> = {};
    // mostly good, or hardly any row would be
    for (const name of Object.keys(values))
      if (name === 'unknown' ? below(50) === 0 : below(3) > 0 || name in base)
        row[name] = pick(below(12) === 0 ? values[name]! : good(name));
    if (row.platform === 'ios' && below(4) > 0) row.token = apnsToken(n);
    if (below(2) === 0) delete row.provider;
    if (JSON.stringify(row).includes('__proto__')) continue;
    compare(row, pick([undefined, undefined, 'default', 'shop']));
  }
  for (const [kind, n] of Object.entries(seen)) assert.ok(n > 2000, `${kind}: ${n}`);
});

const base = { id: 'a', platform: 'ios', token: apnsToken(1) };

function read(cells: Record<string, unknown>) {
  const it = readRow({ ...base, ...cells }, undefined, NOW);
  assert.ok('installation' in it, 'fault' in it ? it.fault : '');
  return { ...it.installation, warning: it.warning };
}

function refusal(cells: Record<string, unknown>) {
  const it = readRow({ ...base, ...cells }, undefined, NOW);
  assert.ok('fault' in it, 'it must be refused');
  return it.fault;
}

test('a bad cell is left out with a warning', () => {
  const { warning, ...it } = read({
    language: 'Klingon!',
    timeZone: 'Mars/Base',
    country: 'Switzerland',
    appVersion: '',
    userId: 'x'.repeat(129),
    permission: 1,
    refreshedAt: 'yesterday',
    provider: 'pigeon',
    environment: 'moon',
    unheard: 1,
  });
  for (const name of [
    'language',
    'timeZone',
    'country',
    'appVersion',
    'userId',
    'permission',
  ] as const)
    assert.equal(it[name], undefined, name);
  assert.deepEqual([it.refreshedAt, it.provider, it.environment], [null, 'apns', 'production']);
  for (const name of [
    ...['language', 'timeZone', 'country', 'userId', 'permission', 'refreshedAt'],
  ])
    assert.match(warning!, new RegExp(`(?:^|; )${name}: `));
  assert.match(warning!, /unheard: is unknown/);
  assert.equal(read({ provider: 'apns', platform: 'android', token: 'fcm:1' }).provider, 'fcm');
});

test('a permission is read as apps, browsers and databases write it, but not by number', () => {
  for (const [word, permission] of [
    ['Authorized', 'granted'],
    ['enabled', 'granted'],
    [true, 'granted'],
    [' yes ', 'granted'],
    ['ephemeral', 'provisional'],
    ['notDetermined', 'denied'],
    ['default', 'denied'],
    [false, 'denied'],
    ['BLOCKED', 'denied'],
  ] as const)
    assert.equal(read({ permission: word }).permission, permission, `${word}`);
  for (const word of [1, 0, '2', 'constructor', 'maybe']) {
    const { permission, warning } = read({ permission: word });
    assert.deepEqual([permission, warning!.split(':')[0]], [undefined, 'permission'], `${word}`);
  }
});

test('a bad tag or attribute is left out, and the others are kept', () => {
  const mixed = read({
    tags: ['a', 'x'.repeat(129), 7, null, 'b', { c: 1 }],
    attributes: { plan: 'pro', long: 'x'.repeat(257), nested: {}, none: null, age: 3 },
    'attributes.city': 'Bern',
    'attributes.plan': 'free',
  });
  assert.deepEqual(mixed.tags, ['a', '7', 'b']);
  assert.deepEqual(mixed.attributes, { plan: 'free', age: 3, city: 'Bern' });
  assert.equal(
    mixed.warning,
    'tags[1]: must have at most 128 characters; tags[5]: must be text; ' +
      'attributes.long: must have at most 256 characters; ' +
      'attributes.nested: must be text, a number, true or false',
  );
  const many = read({
    tags: Array.from({ length: 150 }, (_, n) => `t${n}`),
    attributes: Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`a${n}`, n])),
  });
  assert.equal(many.tags.length, 100);
  assert.equal(Object.keys(many.attributes).length, 100);
  assert.equal(many.warning!.split('; the others are left out').length, 3);
  const bad = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`a${n}`, []]));
  assert.match(read({ attributes: bad }).warning!, /; and 40 more$/);
});

test('a row of which it cannot be read whether the device has opted out is refused', () => {
  for (const bad of ['perhaps', 2, [], {}])
    assert.match(refusal({ optedOut: bad }), /^optedOut: /, `${bad}`);
  assert.match(
    refusal({ optedOut: 'perhaps', optedOutOf: 'a b', language: 'Klingon!' }),
    /^optedOut: .*; optedOutOf: .*; language: /,
  );
  for (const none of ['', null, undefined])
    assert.equal(read({ optedOut: none }).optedOut, undefined);
});

test('categories are read as tags are, in any case; a row with a faulty list is refused', () => {
  const read = (optedOutOf: unknown) => {
    const it = readRow({ ...base, optedOutOf }, undefined, NOW);
    return 'fault' in it ? it.fault : [it.installation.optedOutOf, it.warning];
  };
  assert.deepEqual(read('Orders| marketing |orders'), [['marketing', 'orders'], null]);
  assert.deepEqual(read('["marketing"]'), [['marketing'], null]);
  assert.deepEqual(read(['a', 'b']), [['a', 'b'], null]);
  assert.deepEqual(read('[]'), [[], null]);
  for (const none of ['', null, undefined]) assert.deepEqual(read(none), [undefined, null]);
  const form = 'must be 1 to 32 lower-case letters, digits and - _ ., such as marketing';
  assert.equal(read('a b|orders'), `optedOutOf: ${form}`);
  for (const bad of [7, {}, '{"a":1}']) assert.equal(read(bad), 'optedOutOf: must be a list');
});

test('tags and attributes are read as exports have them', () => {
  assert.deepEqual(read({ tags: 'news|beta||' }).tags, ['news', 'beta']);
  assert.deepEqual(read({ tags: '["a|b","c"]' }).tags, ['a|b', 'c']);
  assert.deepEqual(read({ attributes: '{"age":3}' }).attributes, { age: 3 });
  const objects = [
    { tags: '{"plan":"pro"}' },
    { tags: ' {"plan": "pro"}' },
    { tags: { plan: 'pro' } },
  ];
  for (const cells of objects) {
    const { tags, attributes, warning } = read(cells);
    assert.deepEqual([tags, attributes, warning], [[], { plan: 'pro' }, null]);
  }
  const both = { tags: '{"plan":"pro","age":1}', attributes: '{"age":2}', 'attributes.age': '3' };
  assert.deepEqual(read(both).attributes, { plan: 'pro', age: '3' });
  for (const tags of ['{news,beta}', '[VIP']) {
    const it = read({ tags });
    assert.deepEqual(it.tags, []);
    assert.match(it.warning!, /^tags: begin like JSON and are none/);
  }
  assert.match(read({ attributes: '[1]' }).warning!, /^attributes: must be a JSON object/);
});

test('integers of any length are exact, or a warning', () => {
  const row = (text: string) => parseExact(text) as Record<string, unknown>;
  const long = row(
    '{"id":2916334247900527531,"userId":9007199254740993,"appVersion":12,"attributes":' +
      '{"a":9007199254740993,"b":9007199254740992,"c":100000000000000000000,"d":-7,"e":1e300,' +
      '"f":0.12345678901234567890,"g":1e400}}',
  );
  const it = read({ ...long });
  assert.deepEqual(
    [it.id, it.userId, it.appVersion],
    ['2916334247900527531', '9007199254740993', '12'],
  );
  assert.deepEqual(it.attributes, {
    b: 9007199254740992,
    c: 1e20,
    d: -7,
    e: 1e300,
    f: 0.12345678901234568,
  });
  assert.equal(
    it.warning,
    'attributes.a: is a number that cannot be kept exactly; write it as text; ' +
      'attributes.g: is a number that cannot be kept exactly; write it as text',
  );
  for (const id of ['1e21', '2916334247900527531.5', '1e400'])
    assert.match(refusal(row(`{"id":${id}}`)), /^id: is a number that cannot be kept exactly/);
  assert.match(refusal({ ...row('{"token":1e21}') }), /^token: is a number/);
  assert.equal(read(row('{"userId":1e21}')).userId, undefined);
  assert.equal(JSON.stringify(long.attributes).slice(0, 25), '{"a":9007199254740993,"b"');
  assert.equal(
    read(row('{"id":[2916334247900527531][0]}'.replace('[0]', '').replace(/[[\]]/g, ''))).id,
    '2916334247900527531',
  );
});

test('text that says there is no value is never an id, a user id or a token', () => {
  for (const text of ['NULL', '\\N', '(null)', '#N/A']) {
    assert.match(refusal({ id: text }), /^id: /);
    assert.match(refusal({ platform: 'android', token: text }), /^token: /);
    const { userId, warning } = read({ userId: text });
    assert.equal(userId, undefined);
    assert.match(warning!, /^userId: is ".*", which says that there is none/);
  }
  assert.deepEqual(
    [read({ userId: 'Null' }).userId, read({ tags: 'NULL' }).tags],
    ['Null', ['NULL']],
  );
  const bare = read({ userId: null, language: null, tags: null, attributes: null, timeZone: '' });
  assert.equal(bare.warning, null);
});

test('half a character refuses for id, platform and token; elsewhere its cell is left out', () => {
  const half = 'u\ud83d';
  for (const name of ['id', 'platform', 'token'])
    assert.match(refusal({ [name]: half }), new RegExp(`^${name}: .*half a character`));
  for (const name of ['userId', 'appVersion', 'language', 'tags', 'attributes.x', 'unheard'])
    assert.notEqual(read({ [name]: half }).warning, null, name);
  const { tags, attributes } = read({
    tags: ['a', half],
    attributes: { [half]: 1, b: half, c: 'd' },
  });
  assert.deepEqual([tags, attributes], [['a'], { c: 'd' }]);
});

test('what a fault quotes is short, and no token', () => {
  const token = apnsToken(7).replaceAll('0', 'e');
  const { warning } = read({
    [`${'x y '.repeat(20)}${token}`]: 1,
    [token]: 1,
    ['y'.repeat(60_000)]: 1,
  });
  assert.ok(!warning!.includes(token) && warning!.length < 400, warning!);
  assert.match(refusal({ id: token.repeat(3) }), /^id: must have at most 128 characters$/);
});

test('no name of an attribute reaches a prototype', () => {
  const proto = JSON.parse('{"__proto__": {"polluted": true}, "constructor": "x"}');
  const it = read({ attributes: proto, 'attributes.__proto__': 'y' });
  assert.deepEqual(it.attributes, { constructor: 'x' });
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

test('however a row is written, reading it takes time linear in its length', async () => {
  const parts = [
    '{',
    '[',
    '"',
    '|',
    ' ',
    ':9999999999999999',
    '\\',
    'a=b;',
    '\ud83d',
    '0',
    '-',
    '_#',
  ];
  for (const field of ['id', 'platform', 'token', 'language', 'tags', 'attributes', 'refreshedAt'])
    for (const part of parts)
      await assertLinear(
        (size) => ({ ...base, [field]: part.repeat(size / part.length) }),
        (row) => readRow(row, undefined, NOW),
        64 * 1024,
      );
  for (const part of ['"a":1,', '"a":9999999999999999,', '1 ', '[', ': ', '9', '"\\ud83d",'])
    await assertLinear(
      (size) => `{${part.repeat(size / part.length)}`,
      (text) => parsed(1, text),
      64 * 1024,
    );
  for (const part of ['x,', '"x",', 'attributes.a,', '"', ' ', ';', '\t'])
    await assertLinear(
      (size) => part.repeat(size / part.length),
      async (header) => {
        const lines = (async function* () {
          yield [{ number: 1, text: header }];
        })();
        await assert.rejects(Array.fromAsync(csvRows(lines)), FileFault);
      },
      64 * 1024,
    );
});
