import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apnsToken, campaign, jsonOf } from '../../http/fixture.ts';
import { cli } from '../fixture.ts';

test('campaigns are listed, filtered, and page by page', async (t) => {
  const { volley, ask, failed, clock } = await cli(t);
  assert.equal((await volley('campaigns')).stdout, 'none\n');
  const closed = await failed([apnsToken(1), apnsToken(2)]);
  clock.now += 60_000;
  const winter = { ...campaign, name: 'Winter is coming, and this name is long' };
  const { id } = await jsonOf<{ id: string }>(await ask('POST', '/v1/campaigns', winter));
  const all = await volley('campaigns');
  assert.equal(all.code, 0);
  const [headings, ...lines] = all.stdout.trimEnd().split('\n');
  assert.match(headings!, /^ID +STATE +CREATED \(UTC\) +ACCEPTED +FAILED +NAME$/);
  assert.match(lines[0]!, new RegExp(`^${id} +accepted +2026-11-21 13:01 +0 +0 +Winter is$`));
  assert.match(lines.at(-1)!, new RegExp(`^${closed} +completed +2026-11-21 13:00 +0 +2 +Hi$`));
  for (const line of [headings!, ...lines]) assert.ok(line.length <= 80, line);

  const ids = async (...args: string[]) => {
    const { code, stdout, stderr } = await volley('campaigns', 'list', '--json', ...args);
    assert.equal(code, 0, stderr);
    const { items, next } = JSON.parse(stdout);
    return [...items.map((it: { id: string }) => it.id), next];
  };
  assert.deepEqual(await ids(), [id, closed, null]);
  assert.deepEqual(await ids('--state', 'completed', '--state', 'paused'), [closed, null]);
  assert.deepEqual(await ids('--search', 'WINTER', '--app', 'default'), [id, null]);
  assert.deepEqual(await ids('--from', '2026-11-21 14:01', '--zone', 'Europe/Berlin'), [id, null]);
  assert.deepEqual(await ids('--to', '2026-11-21T13:01:00Z'), [closed, null]);
  const first = await volley('campaigns', '--limit', '1');
  const [, cursor = ''] = first.stderr.match(/^there may be more: --after (\S+)\n$/) ?? [];
  assert.deepEqual(await ids('--after', cursor), [closed, null]);

  for (const args of [
    ['--limit', '0'],
    ['--from', 'yesterday'],
    ['--from', '2026-11-21 14:01'],
  ])
    assert.equal((await volley('campaigns', ...args)).code, 2, args.join(' '));
  const ended = await volley('campaigns', '--state', 'ended');
  assert.deepEqual([ended.code, ended.stdout], [1, '']);
  assert.match(ended.stderr, /must be some of accepted, scheduled, running/);
});

test('apps are listed with their providers, and one is shown and paused', async (t) => {
  const { volley } = await cli(t);
  const heading = 'APP      STATE   PROVIDERS\n';
  assert.equal((await volley('apps', 'pause', 'default')).code, 0);
  assert.equal((await volley('apps')).stdout, `${heading}default  paused  apns, fcm\n`);
  assert.deepEqual(JSON.parse((await volley('apps', 'list', '--json')).stdout).items.length, 1);
  assert.equal(
    (await volley('app', 'resume', 'default')).stdout,
    'default is on; 0 campaigns changed\n',
  );
  for (const args of [['list', 'default'], ['show'], ['hide', 'default']])
    assert.equal((await volley('apps', ...args)).code, 2, args.join(' '));
});

test('the policy of an app is shown, and changed in part', async (t) => {
  const { volley } = await cli(t);
  const policy = async (...args: string[]) => (await volley('apps', 'policy', ...args)).stdout;
  const usual = 'default: pushes have a key for receipts; 2% of devices report delivered\n';
  assert.equal(await policy('default'), usual);
  assert.equal(
    await policy('default', '--delivered', '12.5%'),
    'default: pushes have a key for receipts; 12.5% of devices report delivered\n',
  );
  assert.equal(
    await policy('default', '--receipts', 'off'),
    'default: pushes have no key for receipts\n',
  );
  assert.deepEqual(JSON.parse(await policy('default', '--receipts', 'on', '--json')), {
    receipts: { enabled: true, delivered: 0.125 },
    caps: [],
    quiet: null,
    defaultZone: 'Etc/UTC',
    exempt: [],
  });
  assert.equal(await policy('default', '--delivered', '2'), usual);
  const capped = 'default: a device gets at most 2 campaigns in 24h, and 5 campaigns in 7d';
  assert.equal(await policy('default', '--caps', '2/24h, 5/7d'), `${usual}${capped}\n`);
  assert.equal(
    await policy('default', '--exempt', 'security,account'),
    `${usual}${capped}\ndefault: free of caps: account, security\n`,
  );
  assert.equal(await policy('default', '--caps', 'none', '--exempt', 'none'), usual);
  const quiet = 'default: campaigns wait from 22:00 to 08:00, by the clock of each device\n';
  const zone = 'default: devices that tell no time zone are in Europe/Berlin\n';
  assert.equal(
    await policy('default', '--quiet', '22:00-08:00', '--default-zone', 'europe/berlin'),
    `${usual}${quiet}${zone}`,
  );
  assert.equal(
    await policy('default', '--exempt', 'security'),
    `${usual}${quiet}${zone}default: free of quiet hours: security\n`,
  );
  assert.equal(await policy('default', '--quiet', 'none', '--exempt', 'none'), `${usual}${zone}`);
  assert.equal(await policy('default', '--default-zone', 'UTC'), usual);
  for (const [option, text, words] of [
    ['--quiet', '22:00-22:00', 'quiet.to: must not be `from`: it would be quiet all day'],
    ['--quiet', '22:00-24:00', 'quiet.to: must be a time of the day such as 22:00'],
    ['--default-zone', 'Berlin', 'defaultZone: must be a zone such as Europe/Berlin'],
  ] as const) {
    const { code, stderr } = await volley('apps', 'policy', 'default', option, text);
    assert.equal(code, 1);
    assert.ok(stderr.replace(/\s+/g, ' ').includes(words), stderr);
  }
  assert.equal((await volley('apps', 'policy', 'default', '--caps', '0/24h')).code, 1);
  for (const args of [
    ...['2', '2/', '/24h', '2/24h/1', 'two/24h', ''].map((it) => [
      'policy',
      'default',
      '--caps',
      it,
    ]),
    ...['22:00', '22:00-08:00-09:00', '-08:00', ''].map((it) => [
      'policy',
      'default',
      `--quiet=${it}`,
    ]),
    ['policy'],
    ['policy', 'default', '--receipts', 'maybe'],
    ['policy', 'default', '--delivered', 'all'],
    ['policy', 'default', '--delivered', '101'],
    ['pause', 'default', '--receipts', 'off'],
    ['--receipts', 'off'],
  ])
    assert.equal((await volley('apps', ...args)).code, 2, args.join(' '));
  const mistyped = await volley('apps', 'policy', 'shpo', '--receipts', 'off');
  assert.deepEqual([mistyped.code, mistyped.stdout], [1, '']);
  assert.match(mistyped.stderr, /There is no app "shpo"/);
});

test('devices are found by user, and by a token in any spelling', async (t) => {
  const { volley, ask, hooks } = await cli(t);
  const put = (id: string, body: object) => ask('PUT', `/v1/installations/${id}`, body);
  const token = 'ab'.repeat(32);
  await put('iphone', { platform: 'ios', token, userId: 'ada', permission: 'denied' });
  await put('pixel', { platform: 'android', token: 'fcm:1', userId: 'ada', optedOut: true });
  const asked: string[] = [];
  hooks.before = ({ url }) => asked.push(url);
  const found = await volley('installations', '--token', token.toUpperCase());
  assert.equal(
    found.stdout,
    'ID      PLATFORM  LANGUAGE  PUSHES  SEEN        USER\n' +
      'iphone  ios       -         denied  2026-11-21  ada\n',
  );
  // addresses are kept by logs
  assert.ok(!asked.join().toLowerCase().includes(token), asked.join());
  const both = await volley('installations', 'find', '--user', 'ada', '--json');
  const { items } = JSON.parse(both.stdout);
  assert.deepEqual(items.map((it: { id: string }) => it.id).toSorted(), ['iphone', 'pixel']);
  assert.equal((await volley('installations', '--user', 'none')).stdout, 'none\n');
  for (const args of [[], ['--user', 'ada', '--token', token]])
    assert.equal((await volley('installations', ...args)).code, 2);
});

test('devices are counted, with their shares', async (t) => {
  const { volley, ask } = await cli(t);
  const put = (id: string, body: object) => ask('PUT', `/v1/installations/${id}`, body);
  await put('a', { platform: 'ios', token: 'ab'.repeat(32), language: 'de', permission: 'denied' });
  await put('b', { platform: 'android', token: 'b', language: 'de' });
  await put('c', { platform: 'web', token: 'c' });
  await put('d', { platform: 'web', token: 'd', optedOut: true });
  const { stdout } = await volley('installations', 'count');
  assert.equal(
    stdout,
    'COUNTED BY  VALUE      DEVICES  SHARE\n' +
      'devices     all        3        100%\n' +
      'platform    android    1        33%\n' +
      'platform    ios        1        33%\n' +
      'platform    web        1        33%\n' +
      'language    de         2        67%\n' +
      'language    none       1        33%\n' +
      'permission  unknown    2        67%\n' +
      'permission  denied     1        33%\n' +
      'beside      opted out  1\n',
  );
  const none = await volley('installations', 'count', '--app', 'shop', '--json');
  assert.equal(JSON.parse(none.stdout).installations, 0);
});

test('the costs of a month are said, and of any other time', async (t) => {
  const { volley, failed } = await cli(t);
  await failed([apnsToken(1), apnsToken(2)]);
  const time = ['--from', '2026-11-01T00:00:00Z', '--to', '2026-12-01 00:00', '--zone', 'UTC'];
  const all = await volley('costs', ...time);
  assert.match(all.stdout, /^about 0\.0000 US dollars: 1 campaigns, 2 recipients\n$/);
  const sums = JSON.parse((await volley('costs', ...time, '--json')).stdout);
  assert.deepEqual([sums.campaigns, sums.recipients, sums.complete], [1, 2, true]);
});
