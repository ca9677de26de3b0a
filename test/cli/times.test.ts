import assert from 'node:assert/strict';
import { test } from 'node:test';
import { typedTime } from '../../functions/cli/times.ts';
import { Usage } from '../../functions/cli/usage.ts';
import { createCli } from './fixture.ts';

test('a time is read with the zone that is given, or with the offset in it', () => {
  for (const [text, zone, at] of [
    ['2026-12-24 18:00', 'Europe/Berlin', '2026-12-24T17:00:00.000Z'],
    [' 2026-06-24T18:00:30 ', 'europe/berlin', '2026-06-24T16:00:30.000Z'],
    ['2026-12-24 18:00', 'Asia/Calcutta', '2026-12-24T12:30:00.000Z'],
    ['2026-12-24 18:00', 'UTC', '2026-12-24T18:00:00.000Z'],
    ['2026-12-24T18:00:00+01:00', undefined, '2026-12-24T17:00:00.000Z'],
    ['2026-12-24T18:00:00.250-03:30', undefined, '2026-12-24T21:30:00.250Z'],
    ['2026-12-24 18:00Z', undefined, '2026-12-24T18:00:00.000Z'],
    // the zone of a schedule is there, whatever the time says
    ['2026-12-24T18:00:00Z', 'Europe/Berlin', '2026-12-24T18:00:00.000Z'],
  ] as const)
    assert.equal(typedTime('--at', text, zone), at, text);
});

test('a time that fits no point in time, or several, is refused with what to write', () => {
  for (const [text, zone, words] of [
    ['2026-12-24 18:00', undefined, /has no time zone: add one, such as --zone Europe\/Berlin/],
    ['2026-12-24', 'Europe/Berlin', /has no time of day: write --at "2026-12-24 18:00"/],
    ['tomorrow', 'Europe/Berlin', /--at "tomorrow" is no time: write "2030-12-24 18:00" with/],
    ['24.12.2026 18:00', 'Europe/Berlin', /is no time/],
    ['12/24/2026 18:00', 'Europe/Berlin', /is no time/],
    ['2026-02-30 18:00', 'Europe/Berlin', /is no time/],
    ['2026-12-24 25:00', 'Europe/Berlin', /is no time/],
    ['1790848800', undefined, /is no time/],
    ['', undefined, /is no time/],
    ['2026-12-24 18:00', 'Mars/Olympus', /--zone "Mars\/Olympus" is no time zone such as/],
    ['2026-12-24 18:00', '+01:00', /--zone "\+01:00" is no time zone such as/],
    [
      '2026-03-29 02:30',
      'Europe/Berlin',
      /does not exist in Europe\/Berlin: clocks are put forward/,
    ],
    [
      '2026-10-25 02:30',
      'Europe/Berlin',
      /comes twice in .*write 2026-10-25T02:30:00\+02:00 or 2026-10-25T02:30:00\+01:00$/,
    ],
    [
      '2026-11-01 01:30:15',
      'America/St_Johns',
      /2026-11-01T01:30:15-02:30 or 2026-11-01T01:30:15-03:30$/,
    ],
  ] as const)
    assert.throws(
      () => typedTime('--at', text, zone),
      (error) => error instanceof Usage && words.test(error.message),
      text,
    );
});

test('every command that takes a time takes it with a zone, and none without', async (t) => {
  const { volley, file, store } = await createCli(t);
  const campaign = await file(
    'c.json',
    JSON.stringify({ name: 'x', audience: { everybody: true }, message: { title: 'Hi' } }),
  );
  const zone = ['--zone', 'Europe/Berlin'];
  const at = ['--at', '2100-12-24 18:00'];
  const add = ['schedules', 'add', campaign, '--name', 'n', '--cron', '0 9 * * *'];
  const until = ['--until', '2100-12-24 18:00'];

  const sent = await volley('send', campaign, ...at, ...zone);
  const id = sent.stdout.trim();
  assert.match(
    sent.stderr,
    /scheduled: it begins in \d+ days, at 2100-12-24 17:00 UTC\n {2}to follow it: volley watch \w+\n$/,
  );
  const begins = async () => new Date((await store.getCampaign(id))!.schedule!.at).toISOString();
  assert.equal(await begins(), '2100-12-24T17:00:00.000Z');
  const moved = await volley('reschedule', id, '--at', '2100-12-24 19:00', ...zone);
  assert.equal(moved.stdout, `${id} scheduled 2100-12-24T18:00:00.000Z\n`);

  const made = JSON.parse((await volley(...add, ...zone, ...until, '--json')).stdout);
  assert.equal(made.until, '2100-12-24T17:00:00.000Z');
  // in the zone that the schedule has
  const change = ['schedules', 'change', made.id, '--until', '2100-06-24 18:00', '--json'];
  assert.equal(JSON.parse((await volley(...change)).stdout).until, '2100-06-24T16:00:00.000Z');
  // without a zone the pattern is in UTC, as ever
  assert.equal(JSON.parse((await volley(...add, '--json')).stdout).timeZone, 'Etc/UTC');

  for (const args of [
    ['send', campaign, ...at],
    ['reschedule', id, ...at],
    [...add, ...until],
  ]) {
    const { code, stdout, stderr } = await volley(...args);
    assert.deepEqual([code, stdout], [2, ''], args.join(' '));
    assert.match(stderr.replace(/\s+/g, ' '), /has no time zone: add one, such as --zone Europe/);
  }
  const alone = await volley('send', campaign, ...zone);
  assert.deepEqual([alone.code, alone.stderr], [2, 'volley: --zone goes with --at\n']);
  assert.equal(await begins(), '2100-12-24T18:00:00.000Z', 'nothing was stored');
});

test('a local time is sent as typed, and what is none is refused with what to write', async (t) => {
  const { volley, file, store } = await createCli(t);
  const campaign = await file(
    'c.json',
    JSON.stringify({ name: 'x', audience: { everybody: true }, message: { title: 'Hi' } }),
  );
  const sent = await volley('send', campaign, '--local', ' 2100-12-24 09:00', '--late', 'next-day');
  const id = sent.stdout.trim();
  const { local, late } = (await store.getCampaign(id))!.schedule!;
  assert.deepEqual([local, late], ['2100-12-24T09:00', 'next-day']);
  const moved = await volley('reschedule', id, '--local', '2100-12-24T10:30', '--late', 'skip');
  assert.equal(moved.stdout, `${id} scheduled 2100-12-24T10:30 local time\n`);
  const report = (await volley('report', id)).stdout;
  assert.match(
    report,
    /^State +scheduled: 2100-12-24 10:30 local time, from 2100-12-23 20:30 UTC$/m,
  );

  const local9 = ['--local', '2100-12-24 09:00'];
  for (const [args, words] of [
    [['--local', 'tomorrow'], '--local "tomorrow" is no time: write --local "2030-12-24 09:00"'],
    [['--local', '2100-02-31 09:00'], '--local "2100-02-31 09:00" is no time: write'],
    [['--local', '2100-12-24'], 'has no time of day: write --local "2100-12-24 09:00"'],
    [['--local', '2100-12-24 09:00:30'], 'has seconds: give a whole minute'],
    [
      ['--local', '2100-12-24 09:00Z'],
      'names a time zone: each device goes by its own. For one point in time give --at',
    ],
    [[...local9, '--zone', 'UTC'], '--zone goes with --at'],
    [
      [...local9, '--at', '2100-12-24T09:00:00Z'],
      '--at is one point in time, --local one for each time zone: give one of them',
    ],
    [['--at', '2100-12-24T09:00:00Z', '--late', 'now'], '--late goes with --local'],
    [[...local9, '--late', 'drop'], 'Allowed choices are now, next-day, skip'],
  ] as const)
    for (const command of [
      ['send', campaign],
      ['reschedule', id],
    ]) {
      const { code, stdout, stderr } = await volley(...command, ...args);
      assert.deepEqual([code, stdout], [2, ''], args.join(' '));
      assert.ok(stderr.replace(/\s+/g, ' ').includes(words), stderr);
    }
  const passed = await volley('send', campaign, '--local', '2020-12-24 09:00');
  assert.equal(passed.code, 1);
  assert.match(passed.stderr, /schedule\.local: has passed in every time zone/);
});

test('a campaign file with a time without a zone is refused by the API, which says what to add', async (t) => {
  const { volley, file } = await createCli(t);
  const told = async (at: string) => {
    const request = { name: 'x', audience: { everybody: true }, message: { title: 'Hi' } };
    const path = await file('c.json', JSON.stringify({ ...request, schedule: { at } }));
    return (await volley('send', path)).stderr.replace(/\s+/g, ' ');
  };
  const missing = /schedule\.at: has no time zone: add an offset such as \+01:00, or Z for UTC/;
  assert.match(await told('2100-12-24T18:00:00'), missing);
  assert.match(await told('2100-12-24T18:00'), missing);
  assert.match(
    await told('soon'),
    /schedule\.at: must be a time such as 2030-12-24T18:00:00\+01:00/,
  );
});
