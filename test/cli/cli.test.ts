import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { run } from '../../functions/cli/program.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { freePort } from '../../functions/local/google/free-port.ts';
import { apnsToken, failAll } from '../http/fixture.ts';
import { cli } from './fixture.ts';

test('a file is imported, and its faults are listed', async (t) => {
  const { volley, file, store } = await cli(t);
  const path = await file('a.csv', `id,platform,token\na,ios,${apnsToken(1)}\nb,ios,x\n`);
  const { code, stdout, stderr } = await volley('import', path, '--app', 'shop');
  assert.equal(code, 0);
  assert.equal(stdout, '1 new, 0 changed, 0 unchanged, 1 rejected\n');
  assert.match(stderr, /^line 3: token: an APNs token/m);
  assert.ok(await store.getInstallation('shop', 'a'));

  const lines = await file('b.ndjson', '{"id":"b","platform":"android","token":"t"}');
  const json = await volley('import', lines, '--json');
  const { read, stored, inserted, rejected, faults } = JSON.parse(json.stdout);
  assert.deepEqual(
    { read, stored, inserted, rejected, faults },
    {
      read: 1,
      stored: 1,
      inserted: 1,
      rejected: 0,
      faults: [],
    },
  );
  assert.equal(json.stderr, '');

  const none = await volley('import', await file('c.csv', 'id,platform,token\na,b,c\n'));
  assert.equal(none.code, 1);
});

test('a campaign is sent from options, and followed to its report', async (t) => {
  const { volley, store } = await cli(t);
  const sent = volley(
    ...['send', '--title', 'Hallo', '--category', 'sale', '--language', 'de', '--language', 'fr'],
  );
  let id = '';
  while (!id) {
    await new Promise(setImmediate);
    id = (await store.listCampaigns(null, 1)).items[0]?.id ?? '';
  }
  const campaign = (await store.getCampaign(id))!;
  assert.equal(campaign.name, 'Hallo');
  assert.deepEqual(campaign.audience, { language: ['de', 'fr'] });
  assert.equal(campaign.message.category, 'sale');
  await failAll(store, id, [apnsToken(1), apnsToken(2)]);
  const { code, stdout, stderr } = await sent;
  assert.equal(code, 0);
  assert.match(stderr, new RegExp(`^campaign ${id}$`, 'm'));
  assert.match(stderr, /100% of 2 .*accepted 0 {2}failed 2$/m);
  assert.match(stdout, /Hallo/);
  assert.match(stdout, /INVALID_ARGUMENT/);
});

test('a campaign is sent from a file, and options replace what it says', async (t) => {
  const { volley, file, store } = await cli(t);
  const request = { name: 'A', audience: { tags: ['x'] }, message: { title: 'T', badge: 1 } };
  const path = await file('campaign.json', JSON.stringify(request));
  const sent = await volley('send', path, '--body', 'B', '--dry-run', '--no-wait', '--json');
  assert.equal(sent.code, 0);
  const { id } = JSON.parse(sent.stdout) as CampaignView;
  const { name, audience, message, dryRun } = (await store.getCampaign(id))!;
  assert.deepEqual([name, audience, dryRun], ['A', { tags: { any: ['x'] } }, true]);
  assert.deepEqual([message.title, message.body, message.badge], ['T', 'B', 1]);
});

test('sending twice with one key sends once', async (t) => {
  const { volley, store } = await cli(t);
  const args = ['send', '--title', 'x', '--everybody', '--no-wait', '--idempotency-key', 'k'];
  const [first, second] = [await volley(...args), await volley(...args)];
  assert.equal(first.stdout, second.stdout);
  assert.equal((await store.listCampaigns(null, 10)).items.length, 1);
});

test('a closed campaign is watched, reported and its failures listed', async (t) => {
  const { volley, failed } = await cli(t);
  const id = await failed(['token-a', 'token-b']);
  const watched = await volley('watch', id, '--json');
  assert.deepEqual(JSON.parse(watched.stdout).counts.failed, 2);
  assert.equal(watched.stderr, '');
  assert.equal(JSON.parse((await volley('report', id, '--json')).stdout).ledgerClosed, true);
  assert.match((await volley('report', id)).stdout, /Hi/);

  const lines = (await volley('failures', id)).stdout.trim().split('\n');
  assert.equal(lines.length, 3);
  assert.match(lines[0]!, /^AT {24}PROVIDER {2}OUTCOME {7}REASON {20}INSTALLATION {2}TOKEN$/);
  assert.match(lines[1]!, /fcm {7}rejected {6}INVALID_ARGUMENT {10}device-0 {2}token-a$/);
  const csv = (await volley('failures', id, '--csv')).stdout;
  assert.match(csv, /^installationId,token/);
  const json = JSON.parse((await volley('failures', id, '--json')).stdout);
  assert.deepEqual(
    json.items.map((it: { token: string }) => it.token),
    ['token-a', 'token-b'],
  );
});

test('failures are one JSON document even when there are none', async (t) => {
  const { volley } = await cli(t);
  const { stdout: id } = await volley('send', '--title', 'Hi', '--everybody', '--no-wait');
  assert.deepEqual(JSON.parse((await volley('failures', id.trim(), '--json')).stdout), {
    items: [],
  });
  assert.equal((await volley('failures', id.trim())).stdout, '');
});

test('a campaign that was paused or cancelled is a failure, with what to do', async (t) => {
  const { volley, store } = await cli(t);
  const { stdout } = await volley('send', '--title', 'Hi', '--everybody', '--no-wait');
  const id = stdout.trim();
  await store.startCampaign({ id, shards: [{ from: 0, to: 2 ** 32 }], dueAt: 0 });
  await store.moveCampaign({ id, from: ['running'], to: 'paused', reason: 'InvalidProviderToken' });
  const watched = await volley('watch', id);
  assert.equal(watched.code, 1);
  assert.match(watched.stderr, /paused: InvalidProviderToken\n.*:\n {2}volley resume/);
  assert.equal((await volley('resume', id)).stdout, `${id} running\n`);
  assert.equal((await volley('cancel', id)).stdout, `${id} cancelling\n`);
  const again = await volley('resume', id);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /A cancelling campaign cannot be resumed/);
});

test('a wrong command line is explained shortly, with 2', async (t) => {
  const { volley, file } = await cli(t);
  const broken = await file('broken.json', '{');
  const lines = await file('lines.json', '{\n"name":\nx\n}');
  for (const [args, message] of [
    [['send'], /give a FILE, or at least --title/],
    [['send', '--title', 'x'], /say who gets it/],
    [['send', broken], /is not JSON: Expected property name[\s\S]* position 1\b/],
    [
      ['check', lines],
      /is not JSON: .+ "\{\s+"name": x \}" is not valid JSON\. It should be a campaign[\s\S]+, and try again\n$/,
    ],
    [['schedules', 'add', broken, '--cron', '0 9 * * *', '--name', 'x'], /should be a campaign/],
    [['sned'], /unknown command 'sned'/],
    [['send', '--titel', 'x'], /unknown option '--titel'/],
    [['report'], /missing required argument 'id'/],
    [['estimate', '0'], /^volley: "0" is not valid\. It must be a whole number above 0\.$/m],
    [['estimate', '9', '--failing', '120'], /^volley: --failing "120" is not valid\. It must be/m],
    [
      ['send', '--late', 'soon'],
      /^volley: --late "soon" is not valid\. Allowed choices are now, /m,
    ],
    [['failures', 'x', '--csv', '--json'], /exclude each other/],
    [['report', 'x', '--url', 'localhost:8080'], /is not a URL/],
    [[], /Usage: volley/],
  ] as [string[], RegExp][]) {
    const { code, stdout, stderr } = await volley(...args);
    assert.equal(code, 2, args.join(' '));
    assert.match(stderr, message);
    assert.equal(stdout, '');
  }
  const help = await volley('--help');
  assert.equal(help.code, 0);
  assert.match(help.stdout, /Examples:/);
});

test('every command helps with an example that it takes, in 80 columns', async (t) => {
  const { volley } = await cli(t);
  const tried: string[] = [];
  const help = async (...words: string[]): Promise<void> => {
    const { code, stdout } = await volley(...words, '--help');
    assert.equal(code, 0);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 80, line);
    const [, examples] = stdout.split('\nExamples:\n');
    assert.ok(examples, `volley ${words.join(' ')} has no example`);
    for (const [, example] of examples.replaceAll('\\\n', '').matchAll(/^ {2}volley (.+)$/gm)) {
      // as a shell would cut it, before a comment or a redirection
      const args = [...example!.replace(/ +[#>] .*/, '').matchAll(/"([^"]*)"|(\S+)/g)];
      tried.push(example!);
      const asked = [...args.map(([, quoted, plain]) => quoted ?? plain!), '--help'];
      const { stdout: other } = await volley(...asked);
      assert.match(other, new RegExp(`^Usage: volley ${asked[0]}[ |]`), example!);
      for (const [option] of example!.matchAll(/(?<= )--[a-z-]+/g))
        assert.ok(`${other} --json`.includes(option), example!);
    }
    const [, commands = ''] = stdout.split('\nCommands:\n');
    for (const [, name] of commands.split('\n\n')[0]!.matchAll(/^ {2}([a-z-]+)/gm))
      if (name !== 'help') await help(...words, name!);
  };
  await help();
  assert.ok(tried.length > 60);
});

test('a refusal of the API is shown fault by fault, with 1', async (t) => {
  const { volley, volleyWith, file } = await cli(t);
  const path = await file('c.json', '{"audience":{"langauge":"de"},"message":{"badge":"x"}}');
  const refused = await volley('send', path, '--name', 'x');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^volley: The request is not valid:$/m);
  assert.match(refused.stderr, /^ {2}audience\.langauge: is unknown$/m);
  assert.match(refused.stderr, /^ {2}message\.badge: /m);
  assert.equal((await volley('report', '../x')).code, 1);
  assert.match((await volley('import', 'no-such.csv')).stderr, /there is no file no-such\.csv/);
  const stranger = await volleyWith({ VOLLEY_API_KEY: 'wrong' }, 'report', 'x');
  assert.match(stranger.stderr, /An API key is needed/);
});

test('a server that is not there is explained, with how to start it', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const written: unknown[] = [];
  const sink = { write: (text: unknown) => written.push(text) };
  const io = { env: {}, stdout: sink, stderr: sink };
  assert.equal(await run(['report', 'x', '--url', url], io), 1);
  assert.deepEqual(written, [`volley: ${url} does not answer. Is it running? npm start\n`]);
});

test('the local server is found where PORT says, unless another URL is given', async (t) => {
  const { volleyWith, hooks } = await cli(t);
  const urls: string[] = [];
  hooks.before = ({ url }) => void urls.push(new URL(url).origin);
  await volleyWith({}, 'report', 'x');
  await volleyWith({ PORT: '9191' }, 'report', 'x');
  await volleyWith({ PORT: '9191', VOLLEY_URL: 'http://127.0.0.1:1' }, 'report', 'x');
  await volleyWith({ PORT: '9191' }, 'report', 'x', '--url', 'http://127.0.0.1:2');
  assert.deepEqual(
    urls,
    ['8080', '9191', '1', '2'].map((port) => `http://127.0.0.1:${port}`),
  );
  const { code, stderr } = await volleyWith({ PORT: '99999' }, 'report', 'x');
  assert.equal(code, 2);
  assert.match(stderr, /"http:\/\/127\.0\.0\.1:99999" is not a URL/);
});

test('a typo in the audience of a file is named by the API', async (t) => {
  const { volley, file } = await cli(t);
  const campaign = { name: 'x', audiense: { everybody: true }, message: { titel: 'Hi' } };
  const { code, stderr } = await volley('send', await file('c.json', JSON.stringify(campaign)));
  assert.equal(code, 1);
  for (const word of ['audiense', 'message.titel']) assert.ok(stderr.includes(word), stderr);
  assert.doesNotMatch(stderr, /say who gets it/);
});

test('an audience without installations is told before it is sent to', async (t) => {
  const { volley } = await cli(t);
  const { code, stderr } = await volley('send', '--title', 'Hi', '--tag', 'nosuch', '--no-wait');
  assert.equal(code, 0);
  assert.match(stderr, /no installation matches this audience/);
});

test('without a valid key it says where a key can be given', async (t) => {
  const { volleyWith } = await cli(t);
  for (const key of ['', 'volley_of-another-deployment']) {
    const env = { VOLLEY_DATA: '/nowhere', VOLLEY_API_KEY: key };
    const { code, stderr } = await volleyWith(env, 'report', 'x');
    assert.equal(code, 1);
    for (const word of ['--key', 'VOLLEY_API_KEY', '.volley/']) assert.ok(stderr.includes(word));
    assert.doesNotMatch(stderr, /Bearer|…/);
  }
});

test('the local server’s key is used, but for no other host', async (t) => {
  const { volleyWith, folder, key, keys } = await cli(t);
  const env = { VOLLEY_DATA: join(folder, 'data') };
  await mkdir(env.VOLLEY_DATA);
  await writeFile(join(env.VOLLEY_DATA, 'api-key'), `${key}\n`);
  await volleyWith(env, 'report', 'x');
  await volleyWith(env, 'report', 'x', '--url', 'http://localhost:1');
  await volleyWith(env, 'report', 'x', '--url', 'https://volley.example.com');
  await volleyWith(env, 'report', 'x', '--key', 'other', '--url', 'https://volley.example.com');
  assert.deepEqual(keys, [`Bearer ${key}`, `Bearer ${key}`, null, 'Bearer other']);
});
