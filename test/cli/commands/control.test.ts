/** The commands of control and of schedules, over the local server's own socket. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { run } from '../../../functions/cli/program.ts';
import { type LocalServer, startLocal } from '../../../functions/local/server/server.ts';
import { createLog } from '../../../functions/log.ts';
import { sample } from '../../world/sample.ts';

const HOUR = 3_600_000;
/** far enough for any run of these tests */
const at = (hours: number) => new Date(Date.now() + hours * HOUR).toISOString();

let folder: string;
let server: LocalServer;
/** An app with people, so slow that what is sent to it does not end. */
const slow = {
  name: 'slow',
  rate: { perMinute: 60 },
  audience: { everybody: true },
  message: { title: 'Hi' },
};

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'volley-cli-'));
  const nowhere = 'https://127.0.0.1:9';
  const fcm = { projectId: 'p', origin: nowhere, auth: { kind: 'placeholder' as const } };
  server = await startLocal({
    dataDir: join(folder, 'data'),
    port: 0,
    apiKey: null,
    log: createLog(() => {}),
    apps: { default: { apns: null, fcm }, shop: { apns: null, fcm } },
  });
  const people = Array.from({ length: 10 }, (_, i) => sample(2 * i + 1));
  await server.engine.store.putInstallations(people);
});
after(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

/** As it is typed; what is shown fits into 80 columns, whatever it is. */
async function volley(...args: string[]) {
  const out = { stdout: '', stderr: '' };
  const to = (name: 'stdout' | 'stderr') => ({
    write: (text: string | Uint8Array) => {
      out[name] += typeof text === 'string' ? text : new TextDecoder().decode(text);
      return true;
    },
  });
  const env = { VOLLEY_URL: server.url, VOLLEY_API_KEY: server.apiKey };
  const code = await run(args, { env, stdout: to('stdout'), stderr: to('stderr') });
  const lines = args.includes('--json') ? [] : `${out.stdout}\n${out.stderr}`.split('\n');
  for (const line of lines) assert.ok(line.length <= 80, `${args.join(' ')}: ${line}`);
  return { code, ...out };
}

async function file(name: string, document: unknown) {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(document));
  return path;
}

const json = async <T>(...args: string[]): Promise<T> => {
  const { code, stdout, stderr } = await volley(...args, '--json');
  assert.deepEqual([code, stderr], [0, '']);
  assert.equal(stdout.trimEnd().split('\n').length, 1, 'one document on one line');
  return JSON.parse(stdout);
};

/** What the command was refused for. */
async function refused(...args: string[]) {
  const { code, stdout, stderr } = await volley(...args);
  assert.deepEqual([code, stdout], [1, ''], args.join(' '));
  return stderr;
}

test('a campaign is scheduled, moved, cancelled, and its history shown', async () => {
  const sent = await volley('send', '--title', 'Hi', '--everybody', '--at', at(1));
  const id = sent.stdout.trim();
  assert.equal(sent.code, 0);
  const later = at(48);
  assert.equal(
    (await volley('reschedule', id, '--at', later)).stdout,
    `${id} scheduled ${later}\n`,
  );
  // by the names of the commands
  assert.match(
    await refused('pause', id),
    /cannot be paused.*\s.*Allowed now: cancel, reschedule\.\n$/,
  );
  assert.equal((await volley('cancel', id)).stdout, `${id} cancelled\n`);
  const { stdout } = await volley('history', id);
  assert.deepEqual(stdout.replaceAll(/\S+Z {2}/g, '').split('\n'), [
    'AT                        STATE      BY           REASON',
    'scheduled  key "local"',
    'scheduled  key "local"  begins at',
    `  ${later}`,
    'cancelled  key "local"',
    '',
  ]);
  const { items } = await json<{ items: object[] }>('history', id);
  assert.deepEqual(
    items.map((it) => Object.keys(it)),
    Array.from({ length: 3 }, () => ['at', 'by', 'from', 'to', 'reason']),
  );
});

test('a campaign is paused, resumed and cancelled, and what is illegal says what is not', async () => {
  const { id } = await json<{ id: string }>('send', await file('slow.json', slow), '--no-wait');
  const done = async (verb: string) => (await volley(verb, id)).stdout;
  assert.equal(await done('pause'), `${id} paused\n`);
  assert.equal(await done('pause'), `${id} paused\n`, 'twice is once');
  assert.match(await refused('reschedule', id, '--at', at(1)), /Allowed now: resume, cancel\.\n$/);
  const { state, reason } = await json<{ state: string; reason: string }>('pause', id);
  assert.deepEqual([state, reason], ['paused', 'paused by key "local"']);
  assert.match(await done('resume'), new RegExp(`^${id} (accepted|running)\n$`));
  assert.equal(await done('cancel'), `${id} cancelling\n`);
  for (const verb of ['pause', 'resume', 'cancel', 'history', 'retry-failures']) {
    const told = await refused(verb, 'nothing');
    assert.match(
      told,
      /There is no campaign "nothing"\.\n.*volley campaigns list shows all/s,
      verb,
    );
  }
});

test('a campaign that is open, or has no failures, has nothing to retry', async () => {
  const { id } = await json<{ id: string }>(
    ...['send', '--title', 'Hi', '--everybody', '--at', at(1)],
  );
  assert.match(await refused('retry-failures', id), /A scheduled campaign cannot be tried again/);
  const closed = await json<{ id: string }>(
    'send',
    '--app',
    'shop',
    '--title',
    'x',
    '--no-wait',
    '--everybody',
  );
  const watched = await json<{ state: string }>('watch', closed.id);
  assert.equal(watched.state, 'completed');
  const { items } = await server.engine.store.listCampaigns(null, 100);
  assert.match(
    await refused('retry-failures', closed.id),
    /The campaign has no failures,\sso there is nothing to send again/,
  );
  assert.equal((await server.engine.store.listCampaigns(null, 100)).items.length, items.length);
});

test('an app is paused, resumed and shown', async () => {
  const { id } = await json<{ id: string }>(
    ...['send', '--app', 'shop', '--title', 'Hi', '--everybody', '--at', at(1)],
  );
  assert.equal((await volley('apps', 'show', 'shop')).stdout, 'shop is on\n');
  const mistyped = await volley('apps', 'pause', 'shpo');
  assert.equal(mistyped.code, 1);
  assert.match(mistyped.stderr, /There is no app "shpo"/);
  const off = await volley('apps', 'pause', 'shop');
  assert.match(off.stdout, /^shop is paused since \S+Z by key "local"; \d campaigns\s+changed\n$/);
  assert.match((await volley('apps', 'show', 'shop')).stdout, /^shop is paused since \S+Z by key/);
  const { app, paused } = await json<{ app: string; paused: object }>('apps', 'show', 'shop');
  assert.deepEqual([app, Object.keys(paused)], ['shop', ['at', 'by']]);
  assert.match(
    (await volley('apps', 'resume', 'shop')).stdout,
    /^shop is on; \d campaigns changed\n$/,
  );
  assert.match(
    (await volley('apps', 'cancel', 'shop')).stdout,
    /^shop is on; 1 campaigns changed\n$/,
  );
  assert.equal((await server.engine.store.getCampaign(id))?.state, 'cancelled');
});

test('a schedule is added, shown, changed, paused, run and removed', async () => {
  const campaign = {
    name: 'Morning',
    app: 'shop',
    audience: { tags: 'vip' },
    message: { title: 'Hi' },
  };
  const path = await file('morning.json', campaign);
  assert.equal((await volley('schedules', 'list')).stdout, 'none\n');
  const long = 'Good morning to everybody who reads the news with breakfast, and their dogs too';
  const added = await volley(
    ...['schedules', 'add', path, '--name', long, '--cron', '30 9 * * 1-5'],
    ...['--zone', 'Europe/Berlin', '--max-runs', '20'],
  );
  assert.equal(added.code, 0);
  const once = ['schedules', 'add', path, '--name', 'Once', '--cron', '0 7 * * *'];
  const twice = [
    await json<{ id: string }>(...once, '--idempotency-key', 'k'),
    await json<{ id: string }>(...once, '--idempotency-key', 'k'),
  ];
  assert.equal(twice[0]!.id, twice[1]!.id);
  assert.equal((await volley('schedules', 'remove', twice[0]!.id)).code, 0);
  const id = /^Schedule {2}([0-9a-f]{20})$/m.exec(added.stdout)![1]!;
  assert.match(added.stdout, /^Cron {6}30 9 \* \* 1-5 in Europe\/Berlin$/m);
  assert.match(added.stdout, /^Runs {6}0 of 20$/m);
  const next = added.stdout.split('\n').filter((line) => / at 09:30$/.test(line));
  assert.equal(next.length, 10);
  assert.match(next[0]!, /^Next {6}\w+day, /);
  assert.equal((await volley('schedules', 'show', id)).stdout, added.stdout);
  const [headings, listed] = (await volley('schedules', 'list')).stdout.split('\n');
  assert.match(headings!, /^ID {20}STATE {3}CRON {10}TIME ZONE {6}NAME$/);
  assert.match(
    listed!,
    new RegExp(`^${id} {2}active {2}30 9 \\* \\* 1-5 {2}Europe/Berlin {2}Good`),
  );

  const changed = await volley(
    ...['schedules', 'change', id, '--name', 'none', '--cron', '0 8 * * *', '--max-runs', 'none'],
    ...['--until', at(72), '--zone', 'UTC'],
  );
  assert.match(changed.stdout, /^Name {6}none$/m);
  assert.match(changed.stdout, /^Runs {6}0$/m);
  assert.match(changed.stdout, /^Until {5}\w/m);
  assert.ok(changed.stdout.split('\n').filter((line) => / at 08:00$/.test(line)).length <= 3);
  const other = await file('other.json', { ...campaign, message: { title: 'Other' } });
  const view = await json<Record<string, unknown> & { campaign: typeof campaign }>(
    ...['schedules', 'change', id, other, '--until', 'none'],
  );
  assert.deepEqual(
    [view.campaign.message.title, view.until, view.cron, view.campaign.audience.tags],
    ['Other', undefined, '0 8 * * *', { any: ['vip'] }],
  );
  assert.deepEqual(Object.keys(view).toSorted(), [
    ...['campaign', 'createdAt', 'cron', 'id', 'lastCampaignId', 'missed', 'name', 'nextRuns'],
    ...['runs', 'state', 'timeZone'],
  ]);

  assert.match((await volley('schedules', 'pause', id)).stdout, / {2}paused {2}/);
  assert.deepEqual((await json<{ nextRuns: [] }>('schedules', 'show', id)).nextRuns, []);
  assert.match((await volley('schedules', 'resume', id)).stdout, / {2}active {2}/);
  const run = (await volley('schedules', 'run', id)).stdout.trim();
  assert.equal((await server.engine.store.getCampaign(run))?.scheduleId, id);
  assert.equal((await volley('schedules', 'remove', id)).stdout, `${id} removed\n`);
  for (const verb of ['show', 'pause', 'resume', 'run', 'delete'])
    assert.match(
      await refused('schedule', verb, id),
      /There is no schedule .*\n.*volley schedules list shows all/,
      verb,
    );
  assert.match(await refused('schedules', 'change', id, '--name', 'x'), /There is no schedule/);
  assert.deepEqual(await json('schedules', 'list'), { items: [] });
});

test("a schedule by each device's own clock is added, shown and given a zone", async () => {
  const path = await file('local.json', {
    name: 'Morning',
    app: 'shop',
    audience: { everybody: true },
    message: { title: 'Hi' },
  });
  const added = await volley(
    ...[
      'schedules',
      'add',
      path,
      '--name',
      'x',
      '--cron',
      '0 9 * * *',
      '--local',
      '--late',
      'skip',
    ],
    ...['--until', '2100-12-24 18:00', '--zone', 'UTC'],
  );
  assert.equal(added.code, 0, added.stderr);
  const id = /^Schedule {2}([0-9a-f]{20})$/m.exec(added.stdout)![1]!;
  assert.match(added.stdout, /^Cron {6}0 9 \* \* \* in each device's local time$/m);
  assert.match(added.stdout, /^Late {6}skip$/m);
  assert.match(added.stdout, /^Until {5}Friday, 24 December 2100 at 18:00$/m);
  assert.equal(added.stdout.match(/ at 09:00$/gm)!.length, 10);
  assert.match((await volley('schedules', 'list')).stdout, / {2}local +x$/m);
  const renamed = await volley('schedules', 'change', id, '--name', 'y');
  assert.equal(renamed.stdout, added.stdout.replace('x', 'y'));
  const zoned = await json<Record<string, unknown>>(
    ...['schedules', 'change', id, '--zone', 'Europe/Berlin', '--until', 'none'],
  );
  assert.deepEqual(
    [zoned.timeZone, zoned.local, zoned.late, zoned.until],
    ['Europe/Berlin', undefined, undefined, undefined],
  );
  const back = await json<Record<string, unknown>>('schedules', 'change', id, '--local');
  assert.deepEqual([back.timeZone, back.local], [undefined, true]);
  assert.equal((await volley('schedules', 'remove', id)).code, 0);
});

test('bad times and bad schedules are refused with their place, and what would be right', async () => {
  const path = await file('c.json', {
    name: 'x',
    audience: { everybody: true },
    message: { title: 'Hi' },
  });
  const broken = await file('broken.json', path);
  await writeFile(broken, '{');
  const add = (...more: string[]) =>
    refused('schedules', 'add', path, '--name', 'x', '--cron', '0 9 * * *', ...more);
  for (const [told, words] of [
    [await refused('send', path, '--at', at(-1)), /schedule\.at: is in the past/],
    [await refused('reschedule', 'x', '--at', at(-1)), /at: is in the past/],
    [await add('--cron', '0 0 31 2 *'), /cron: never matches a day/],
    [await add('--cron', '61 * * * *'), /cron: must be five fields such as/],
    [await add('--zone', 'Mars/Olympus'), /timeZone: must be a zone such as Europe\/Berlin/],
    [await add('--until', at(-1)), /until: comes before the next run/],
    [await refused('schedules', 'change', 'x', 'no.json'), /there is no file no\.json/],
    [await add('--missed', 'thrice'), /missed: must be one of once, skip/],
  ] as const)
    assert.match(told, words);
  for (const [args, words] of [
    [['reschedule', 'x'], /say when: give --at or --local/],
    [['send', path, '--at', '2026-02-30T10:00:00Z'], /--at "2026-02-30T10:00:00Z" is no time/],
    [['reschedule', 'x', '--at', 'tomorrow'], /--at "tomorrow" is no time/],
    [
      ['schedules', 'add', path, '--name', 'x', '--cron', '* * * * *', '--until', '2100-01-01'],
      /"2100-01-01" has no time of day/,
    ],
    [['pause'], /missing required argument 'id'/],
    [['app', 'stop', 'shop'], /"stop" is none of list, show, pause, resume, cancel, policy/],
    [['campaigns', 'show', 'x'], /"show" is none of list, export/],
    [['installations', 'list'], /"list" is none of find, count, normalize/],
    [['schedules', 'add', path, '--cron', '* * * * *'], /required option '--name <name>'/],
    [
      ['schedules', 'add', broken, '--name', 'x', '--cron', '* * * * *'],
      /is not JSON[\s\S]+It should be a campaign/,
    ],
    [['schedules', 'change', 'x'], /give a FILE, or an option/],
    [['schedules', 'change', 'x', '--max-runs', 'few'], /must be a number, or none/],
    [['schedule', 'stop', 'x'], /unknown command 'stop'/],
  ] as [string[], RegExp][]) {
    const { code, stdout, stderr } = await volley(...args);
    assert.deepEqual([code, stdout], [2, ''], args.join(' '));
    assert.match(stderr, words);
  }
});
