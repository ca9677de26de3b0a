/** `volley import --from`: the exports of other systems, as they write them. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { presets } from '../../../functions/import/presets/presets.ts';
import { sampleToken } from '../../../functions/simulators/shared/tokens.ts';
import { createCli } from '../fixture.ts';

const run = promisify(execFile);

const example = (name: string) => `examples/exports/${name}`;
const textOf = (name: string) => readFileSync(example(name), 'utf8');
const unfolded = (text: string) => text.replace(/\s+/g, ' ');

async function moving(t: TestContext) {
  const fixture = await createCli(t);
  const { volley, store } = fixture;
  return {
    ...fixture,
    /** An installation with the fields that a preset gives. */
    async look(id: string) {
      const it = await store.getInstallation('default', id);
      if (!it) return null;
      const { platform, provider, environment, language, timeZone, country, userId } = it;
      const at = it.refreshedAt && new Date(it.refreshedAt).toISOString();
      return {
        on: `${platform} ${provider} ${environment}`,
        who: [language, timeZone, country, userId, it.appVersion].filter(Boolean).join(' '),
        optedOut: it.optedOut === true,
        tags: it.tags,
        attributes: it.attributes,
        at,
      };
    },
    async count() {
      return store.estimateAudience('default', {});
    },
    refused: async (...args: string[]) => {
      const { code, stdout, stderr } = await volley('import', ...args);
      assert.deepEqual([code, stdout], [2, ''], args.join(' '));
      return unfolded(stderr);
    },
  };
}

test('OneSignal: values, opt-outs, and rows that are no devices', async (t) => {
  const { volley, look, store } = await moving(t);
  const { code, stdout, stderr } = await volley(
    ...['import', example('onesignal.csv'), '--from', 'onesignal'],
  );
  assert.equal(code, 0, stderr);
  assert.equal(
    stdout,
    '4 new, 0 changed, 0 unchanged, 0 rejected\n' +
      '4 skipped: 1 without a token, 1 e-mail, 1 SMS, 1 web push\n',
  );
  assert.deepEqual(await look('5f1c9a0b-0001-4a6b-8000-000000000001'), {
    on: 'ios apns production',
    who: 'de Europe/Berlin DE user-7 4.2.0',
    optedOut: false,
    tags: [],
    attributes: { plan: 'pro', news: '1' },
    at: '2026-11-20T08:15:03.000Z',
  });
  const optedOut = async (n: number) =>
    (await store.getInstallation('default', `5f1c9a0b-000${n}-4a6b-8000-00000000000${n}`))!
      .optedOut === true;
  // no value; notification_types -2; invalid_identifier t
  assert.deepEqual(await Promise.all([2, 3, 4].map(optedOut)), [false, true, true]);
});

test('Parse: pointers, channels, dates of Parse and of MongoDB', async (t) => {
  const { volley, look } = await moving(t);
  const run = async (file: string) => {
    const out = await volley('import', example(file), '--from', 'parse', '--all-opted-in');
    assert.equal(out.code, 0, out.stderr);
    return out.stdout;
  };
  assert.match(await run('parse.json'), /^2 new, .*\n1 skipped: 1 without a token\n$/);
  const phone = {
    on: 'ios apns production',
    who: 'de-DE Europe/Berlin user-7 4.2.0',
    optedOut: false,
    tags: ['news', 'sport'],
    attributes: {},
    at: '2026-11-20T08:15:03.120Z',
  };
  assert.deepEqual(await look('0a1b2c3d-0001-4a6b-8000-000000000001'), phone);
  // the same device, and one that has no installationId
  assert.match(await run('parse-mongoexport.ndjson'), /^1 new, 1 changed/);
  const who = 'de-DE Europe/Berlin user-7';
  assert.deepEqual(await look('0a1b2c3d-0001-4a6b-8000-000000000001'), { ...phone, who });
  assert.equal((await look('65f0c2a1b3d4e5f607182930'))?.at, '2026-11-01T19:00:00.000Z');
});

test('Pinpoint: sandboxes, nested columns, lists as attributes, in JSON and in CSV', async (t) => {
  const { volley, look, file } = await moving(t);
  const packed = await file('export.gz', gzipSync(textOf('pinpoint.ndjson')));
  const out = await volley('import', packed, '--from', 'pinpoint');
  assert.match(out.stdout, /^3 new, .*\n3 skipped: 1 inactive, 1 e-mail, 1 SMS\n$/);
  assert.deepEqual(await look('qqwpv9dcsid7280cfke-q8cghug'), {
    on: 'ios apns production',
    who: 'de-DE Europe/Berlin DE user-7 4.2.0',
    optedOut: false,
    tags: [],
    attributes: { plan: 'pro', teams: 'Mariners, Giants' },
    at: '2026-11-20T08:15:03.120Z',
  });
  assert.equal((await look('sandbox-1'))?.on, 'ios apns sandbox');
  assert.equal((await look('nolc1ypyigmxisqqtdvwllzaut8'))?.optedOut, true);

  const csv =
    'Id,ChannelType,Address,OptOut,User.UserId,Demographic.Locale\n' +
    `csv-1,GCM,${sampleToken('fcm', 1)},NONE,user-1,de_DE\n`;
  await volley('import', await file('a.csv', csv), '--from', 'pinpoint');
  assert.equal((await look('csv-1'))?.who, 'de-DE user-1');
});

test('Airship: a listing of channels', async (t) => {
  const { volley, look } = await moving(t);
  const out = await volley('import', example('airship.json'), '--from', 'airship');
  assert.match(out.stdout, /^2 new, .*\n2 skipped: 1 uninstalled, 1 e-mail\n$/);
  assert.deepEqual(await look('9c36e8c7-5a73-47c0-9716-99fd3d4197d5'), {
    on: 'ios apns production',
    who: 'de Europe/Berlin DE user-7 4.2.0',
    optedOut: false,
    tags: ['news'],
    attributes: { plan: 'pro' },
    at: '2026-11-20T08:15:03.000Z',
  });
  assert.equal((await look('9c36e8c7-5a73-47c0-9716-99fd3d4197d6'))?.optedOut, true);
});

test('Braze: a device for each push token of a user', async (t) => {
  const { volley, look } = await moving(t);
  const out = await volley('import', example('braze.ndjson'), '--from', 'braze');
  assert.match(out.stdout, /^3 new, .*\n1 skipped: 1 without a token\n$/);
  assert.match(out.stderr, /^ {2}not verified: the names of the platforms/m);
  const phone = await look('B5A1E7C0-0001-4A6B-8000-000000000001');
  assert.deepEqual([phone?.who, phone?.optedOut], ['de Europe/Berlin DE user-7', false]);
  assert.deepEqual(phone?.attributes, { plan: 'pro', age: 41 });
  // notifications of the device are off; the user has unsubscribed
  assert.equal((await look('b5a1e7c0-0002-4a6b-8000-000000000002'))?.optedOut, true);
  assert.equal((await look('b5a1e7c0-0003-4a6b-8000-000000000003'))?.optedOut, true);
});

test('Firebase: all tokens are those of FCM, and their beginning is the id', async (t) => {
  const { volley, look } = await moving(t);
  const out = await volley('import', example('firebase.ndjson'), '--from', 'firebase');
  assert.match(out.stdout, /^2 new/);
  assert.match(unfolded(out.stderr), /not verified: all of it: Firebase has no export of tokens/);
  const [, iphone] = textOf('firebase.ndjson').trim().split('\n');
  const id = JSON.parse(iphone!).token.split(':')[0];
  assert.deepEqual(
    [(await look(id))?.on, (await look(id))?.optedOut],
    ['ios fcm production', true],
  );
});

test('what would be imported is shown before anything is written, and a dry run writes nothing', async (t) => {
  const { volley, count } = await moving(t);
  const args = ['import', example('pinpoint.ndjson'), '--from', 'pinpoint', '--dry-run'];
  const { code, stdout, stderr } = await volley(...args);
  assert.equal(code, 0, stderr);
  assert.match(
    stderr,
    /^ {2}platform {5}from ChannelType: APNS, APNS_SANDBOX = ios; GCM = android$/m,
  );
  assert.match(stderr, /^ {2}optedOut {5}from OptOut: ALL = true; NONE = false$/m);
  assert.match(stderr, /^ {2}skipped {6}by EndpointStatus: INACTIVE = inactive$/m);
  assert.match(stderr, /^ {2}not imported: ApplicationId, CreationDate$/m);
  assert.ok(
    stderr.split('\n').every((it) => it.length <= 80 || /https:|^ {2}\{/.test(it)),
    stderr,
  );
  assert.equal(
    stdout,
    '3 good, 0 with faults; nothing was stored\n3 skipped: 1 inactive, 1 e-mail, 1 SMS\n' +
      '1 android, 2 ios; of these 1 opted out, 1 of a sandbox\n',
  );
  assert.equal(await count(), 0);
  const json = JSON.parse((await volley(...args, '--json')).stdout);
  assert.deepEqual(
    [json.stored, json.skipped, json.platforms, json.optedOut, json.sandbox],
    [3, { inactive: 1, 'e-mail': 1, SMS: 1 }, { ios: 2, android: 1 }, 1, 1],
  );
});

test('an export without the column that says who opted out is refused unless that is confirmed', async (t) => {
  const { volley, refused, file, count } = await moving(t);
  const [header, phone] = textOf('onesignal.csv').split('\n');
  const without = (line: string) =>
    line.replace(',notification_types', '').replace(',user-7,1,', ',user-7,');
  const path = await file('a.csv', `${without(header!)}\n${without(phone!)}\n`);
  const from = [path, '--from', 'onesignal'];
  const told = await refused(...from);
  assert.match(told, /no column says who has opted out, and they would be pushed to: export again/);
  assert.match(told, /If all have opted in: --all-opted-in/);
  assert.equal(await count(), 0);
  assert.match(
    await refused(example('parse.json'), '--from', 'parse'),
    /name it: --map optedOut=COLUMN/,
  );
  for (const more of [['--all-opted-in'], ['--map', 'optedOut=invalid_identifier']])
    assert.equal((await volley('import', ...from, ...more, '--dry-run')).code, 0, more.join(' '));
  // leaving the column out is no answer
  assert.match(await refused(...from, '--map', 'optedOut='), /no column says who has opted out/);
  assert.match(await refused(path, '--all-opted-in'), /--all-opted-in goes with --from/);
});

test("another system's export is refused, and it is said whose it looks like", async (t) => {
  const { refused, volley } = await moving(t);
  const files: Record<string, string> = {
    onesignal: 'onesignal.csv',
    parse: 'parse.json',
    pinpoint: 'pinpoint.ndjson',
    airship: 'airship.json',
    braze: 'braze.ndjson',
  };
  for (const { name, title } of presets.filter(({ knownBy }) => knownBy.length > 0))
    for (const [other, path] of Object.entries(files).filter(([it]) => it !== name)) {
      const told = await refused(example(path), '--from', name);
      assert.match(told, new RegExp(`cannot be imported from ${title}: its exports have "`));
      assert.match(told, new RegExp(`look like those of .*: --from ${other}`));
    }
  assert.match(
    (await volley('import', 'a.csv', '--from', 'mailchimp')).stderr,
    /onesignal, parse,/,
  );
});

test('constants replace columns, and are those of all rows', async (t) => {
  const { volley, look, refused, file } = await moving(t);
  const csv = `id,token\na,${sampleToken('fcm', 1)}\n`;
  const path = await file('a.csv', csv);
  const set = ['--set', 'platform=ios,provider=fcm', '--set', 'attributes.from=old'];
  const { code, stderr } = await volley('import', path, ...set);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^ {2}provider {5}is fcm$/m);
  const a = await look('a');
  assert.deepEqual([a?.on, a?.attributes], ['ios fcm production', { from: 'old' }]);
  const more = ['--from', 'firebase', '--set', 'platform=android,optedOut=false'];
  assert.equal((await volley('import', path, ...more)).code, 0);
  assert.equal((await look('a'))?.on, 'android fcm production');
  assert.match(await refused(path, '--set', 'id=x'), /id differs from device to device/);
  assert.match(await refused(path, '--set', 'colour=red'), /"colour=red" is not FIELD=/);
});

test('a value that is not known costs its row, never an opt-out', async (t) => {
  const { volley, file, count } = await moving(t);
  const line = (id: string, type: string, optOut: string) =>
    `${JSON.stringify({ Id: id, ChannelType: type, Address: sampleToken('fcm', id), OptOut: optOut })}\n`;
  const path = await file(
    'a.ndjson',
    line('a', 'GCM', 'NONE') + line('b', 'PIGEON', 'NONE') + line('c', 'GCM', 'SOME'),
  );
  const { stdout, stderr } = await volley('import', path, '--from', 'pinpoint');
  assert.match(stdout, /^1 new, 0 changed, 0 unchanged, 2 rejected/);
  assert.match(stderr, /^line 2: platform: "PIGEON" in ChannelType is not known/m);
  assert.match(stderr, /^line 3: optedOut: "SOME" in OptOut is not known$/m);
  assert.equal(await count(), 1);
});

test('tokens of Expo are refused with what to do', async (t) => {
  const { volley, file, ask } = await moving(t);
  const token = 'ExponentPushToken[xxxxxxxxxxxxxxxxxxxxxx]';
  const path = await file('a.csv', `id,platform,token\na,ios,${token}\nb,android,${token}\n`);
  const { code, stderr } = await volley('import', path);
  assert.equal(code, 1);
  const words = /only Expo sends to those: register what getDevicePushTokenAsync\(\) gives/g;
  assert.equal(unfolded(stderr).match(words)?.length, 2);
  const body = { platform: 'android', token };
  const response = await ask('PUT', '/v1/installations/a', body);
  assert.match(await response.text(), words);
});

test('an export that was cut off is told as that', async (t) => {
  const { volley, file } = await moving(t);
  const run = async (name: string, content: string | Uint8Array, from: string) =>
    volley('import', await file(name, content), '--from', from, '--all-opted-in');
  const half = (text: string) => text.slice(0, text.length / 2);
  const json = await run('a.json', half(textOf('parse.json')), 'parse');
  assert.equal(json.code, 1);
  assert.match(unfolded(json.stderr), /It ends in the middle, so the export was cut off/);
  const zip = gzipSync(textOf('pinpoint.ndjson')).subarray(0, -20);
  const packed = await run('a.gz', zip, 'pinpoint');
  assert.equal(packed.code, 1);
  assert.match(packed.stderr, /Its gzip is damaged or cut off/);
  const lines = await run('a.ndjson', textOf('pinpoint.ndjson').slice(0, -30), 'pinpoint');
  assert.match(lines.stderr, /^line 6: is not valid JSON$/m);
  const csv = await run('a.csv', textOf('onesignal.csv').slice(0, -30), 'onesignal');
  assert.match(csv.stderr, /^line 9: has \d+ cells where the header has 21$/m);
});

test('the devices of a user stay together, however small the window is', async (t) => {
  const { volley, file, count } = await moving(t);
  const user = (n: number, devices: number) => ({
    external_id: `user-${n}`,
    push_subscribe: 'opted_in',
    push_tokens: Array.from({ length: devices }, (_, i) => ({
      platform: i === 1 ? 'Web' : 'Android',
      device_id: `${n}-${i}`,
      token: sampleToken('fcm', `${n} ${i}`),
    })),
  });
  const users = [user(1, 3), user(2, 3), user(3, 1), user(4, 9), user(5, 1)];
  const path = await file('a.ndjson', users.map((it) => JSON.stringify(it)).join('\n'));
  const args = ['--from', 'braze', '--window', '3'];
  const { code, stdout, stderr } = await volley('import', path, ...args);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '6 new, 0 changed, 0 unchanged, 1 rejected\n3 skipped: 3 web push\n');
  assert.match(stderr, /^line 4: has more devices than fit$/m);
  assert.equal(await count(), 6);
  assert.match((await volley('import', path, ...args)).stdout, /^0 new, 0 changed, 6 unchanged/);
});

test('an export is read in constant memory, though it is one line', async (t) => {
  const { folder } = await createCli(t);
  const path = join(folder, 'large.json');
  const out = createWriteStream(path);
  const rows = 200_000;
  const object = (n: number) =>
    JSON.stringify({
      installationId: `i-${n}`,
      deviceType: 'android',
      deviceToken: sampleToken('fcm', n % 100),
      channels: ['news', 'sport'],
      updatedAt: '2026-11-20T08:15:03.120Z',
    });
  await pipeline(async function* () {
    yield '{"results":[';
    for (let n = 0; n < rows; n++) yield n === 0 ? object(n) : `,${object(n)}`;
    yield ']}';
  }, out);
  // more than twice the heap
  assert.ok((await stat(path)).size > 50 * 1024 * 1024);
  const child = join(import.meta.dirname, 'import-rows-child.ts');
  const { stdout } = await run(process.execPath, ['--max-old-space-size=24', child, path]);
  const found = JSON.parse(stdout);
  assert.equal(found.rows, rows);
  assert.ok(found.most < 16 * 1024 * 1024, `${found.most} bytes of buffers`);
});
