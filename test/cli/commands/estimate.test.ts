import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultPolicy } from '../../../functions/model/app-policy.ts';
import { person } from '../../contracts/store-fixture.ts';
import { cli } from '../fixture.ts';

test('an estimate shows the reach of a campaign and its problems', async (t) => {
  const { volley, file, store } = await cli(t);
  await store.putInstallations([
    person('a', { language: 'de' }),
    person('b', { language: 'de', permission: 'denied' }),
    person('c', { platform: 'ios', language: 'pt-BR' }),
  ]);
  const path = await file(
    'c.json',
    '{"name":"x","audience":{"everybody":true},"message":{"title":"Hi {{name}}"}}',
  );
  const { code, stdout, stderr } = await volley('estimate', path);
  assert.equal(code, 0, stderr);
  assert.equal(
    stdout,
    `Installations  3
  android      2
  ios          1
Can see it     2
Languages      de 2, pt-BR 1
Duration       about 1 s
Cost           about 0.0000 US dollars on Google Cloud
warning: {{name}} has neither a value nor a default: give it one, {{name|…}} (3
    installations)
`,
  );
  assert.match((await volley('estimate', '--language', 'pt')).stdout, /^Installations +1$/m);
  const json = await volley(
    '--json',
    'estimate',
    '--everybody',
    '--title',
    'too',
    '--body',
    'too much',
  );
  assert.equal(json.code, 1, 'an error');
  const found = JSON.parse(json.stdout);
  assert.equal(found.installations, 3);
  assert.match(found.problems[0].message, /the payload has 5000 bytes/);
  assert.equal(found.cost.usd > 0, true);
  assert.equal((await volley('estimate', '--title', 'to which users?')).code, 2);
  assert.equal((await volley('estimate', '5', '--everybody')).code, 2);
  assert.match(
    (await volley('estimate', '--segment', 'gone')).stdout,
    /error: audience: there is no segment "gone"/,
  );
});

test('a quick estimate says how near it is, and how old', async (t) => {
  const { volley, store, ports } = await cli(t);
  await store.putInstallations([person('a'), person('b')]);
  const exact = await volley('estimate', '--everybody', '--quick');
  assert.equal(exact.code, 0, exact.stderr);
  assert.match(exact.stdout, /^Installations {2}2$/m);
  assert.doesNotMatch(exact.stdout, /95 of 100|as of/);
  ports.store = {
    ...store,
    sampleAudience: async (read) => ({
      ...(await store.sampleAudience(read)),
      looked: 4,
      counted: 1_000_000,
      share: 1,
      asOf: Date.UTC(2026, 10, 21, 9, 30),
    }),
  };
  const quick = await volley('estimate', '--everybody', '--quick');
  assert.match(
    quick.stdout,
    /^Installations {2}500,000 {2}\(about: 2 were counted\)\n {2}95 of 100 +150,036 to 849,964\n {2}as of +2026-11-21 09:30 UTC$/m,
  );
  const json = JSON.parse((await volley('--json', 'estimate', '--everybody', '--quick')).stdout);
  assert.deepEqual([json.exact, json.asOf], [false, '2026-11-21T09:30:00.000Z']);
  assert.equal((await volley('estimate', '5000', '--quick')).code, 2);
});

test('an estimate lists waves, who is held and who is late, in 80 columns', async (t) => {
  const { volley, store } = await cli(t);
  await store.putAppPolicy('default', {
    ...defaultPolicy,
    quiet: { from: '22:00', to: '08:00' },
    defaultZone: 'America/Argentina/ComodRivadavia',
  });
  const zones = ['Africa/Abidjan', 'Africa/Accra', 'Africa/Bamako', 'Europe/Berlin'];
  await store.putInstallations([
    ...zones.map((timeZone) => person(timeZone, { timeZone })),
    person('a', { timeZone: 'Asia/Kathmandu' }),
    person('b'),
  ]);
  // it is 13:00 UTC
  const local = ['--everybody', '--local', '2026-11-21 15:00', '--late', 'skip'];
  const { code, stdout, stderr } = await volley('estimate', ...local);
  assert.equal(code, 0, stderr);
  assert.equal(
    stdout.split('\n').slice(2, -1).join('\n'),
    `Languages      none 6
Duration       about 4:00:01, from the first of 4 waves
Cost           about 0.0002 US dollars on Google Cloud
Waves
  2026-11-21 13:00 UTC  1  skipped Asia/Kathmandu
  2026-11-21 14:00 UTC  1  Europe/Berlin
  2026-11-21 15:00 UTC  3  Africa/Abidjan, Africa/Accra and 1 more
  2026-11-21 18:00 UTC  1  America/Argentina/ComodRivadavia
warning: devices without a known time zone are in the default zone,
    America/Argentina/ComodRivadavia (1 installation)
warning: 2026-11-21 15:00 has passed in Asia/Kathmandu: devices there are
    skipped (1 installation)`,
  );
  const night = await volley('estimate', '--everybody', '--local', '2026-11-22 07:00');
  assert.match(night.stdout, /^Held +6 until 2026-11-22 11:00 UTC$/m);
  assert.match(night.stdout, /^ {2}2026-11-22 08:00 UTC {2}3 {2}held Africa\/Abidjan/m);
  const json = JSON.parse((await volley('--json', 'estimate', ...local)).stdout);
  assert.deepEqual(json.waves[3], {
    at: '2026-11-21T18:00:00.000Z',
    zones: ['America/Argentina/ComodRivadavia'],
    installations: 1,
    held: false,
    late: false,
  });
  for (const line of `${stdout}${night.stdout}`.split('\n').filter((it) => it.startsWith('  ')))
    assert.ok(line.length <= 80, line);
});

test('--failing is in percent, also where it is left out', async (t) => {
  const { volley } = await cli(t);
  const cost = async (...options: string[]) =>
    (await volley('estimate', '5000', ...options)).stdout;
  assert.match((await volley('estimate', '--help')).stdout, /not\s+reached\s+\(default:\s+2%\)/);
  assert.equal(await cost(), await cost('--failing', '2'));
  assert.equal(await cost(), await cost('--failing', '2%'));
  assert.notEqual(await cost(), await cost('--failing', '0.02'));
});

test('a test goes to those named on the command line, not to the audience of the file', async (t) => {
  const { volley, file, store } = await cli(t);
  await store.putInstallations([person('a', { userId: 'me' }), person('b', { userId: 'you' })]);
  const path = await file(
    'c.json',
    '{"name":"x","audience":{"everybody":true},"message":{"title":"Hi"}}',
  );
  const dry = await volley('test', path, '--user', 'me', '--dry-run');
  assert.equal(dry.code, 0, dry.stderr);
  assert.equal(
    dry.stdout,
    `a by fcm, in the default language
  fcm: 10 of 4096 bytes
    {"token":"to…","title":"Hi"}
`,
  );
  assert.deepEqual((await store.listCampaigns(null, 10)).items, []);
  const sent = await volley('--json', 'test', path, '--installation', 'b');
  assert.equal(sent.code, 0, sent.stderr);
  const { campaign } = JSON.parse(sent.stdout);
  const stored = (await store.getCampaign(campaign.id))!;
  assert.deepEqual([stored.test, stored.audience], [true, { installationIds: ['b'] }]);
  assert.equal((await volley('test', path)).code, 2);
  assert.match((await volley('test', path, '--user', 'nobody')).stderr, /has no recipients/);
});

test('an estimate and a test warn of what a platform cannot be given', async (t) => {
  const { volley, file, store, ports } = await cli(t);
  await store.putInstallations([person('a', { userId: 'me' }), person('b', { platform: 'ios' })]);
  const sender = ports.senders.get('default', 'fcm', 'production')!;
  const lost = [{ path: 'badge', message: 'Android counts by itself' }];
  const picky = { ...sender, lost: (_: unknown, it: string) => (it === 'android' ? lost : []) };
  ports.senders = { apps: () => [], get: () => picky };
  const path = await file(
    'c.json',
    '{"name":"x","audience":{"everybody":true},"message":{"title":"Hi"}}',
  );
  assert.match(
    (await volley('estimate', path)).stdout,
    /^warning: message\.badge, android by fcm: Android counts by itself \(1\n {4}installation\)\n {2}such as a$/m,
  );
  assert.match(
    (await volley('test', path, '--user', 'me', '--dry-run')).stdout,
    /^a by fcm, in the default language\n {2}warning: message\.badge: Android counts by itself\n {2}fcm: 10 of 4096 bytes$/m,
  );
});
