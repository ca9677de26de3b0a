import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { OffsetAt } from '../../../functions/lib/wall-clock.ts';
import { defaultPolicy } from '../../../functions/model/app-policy.ts';
import type { CampaignRequest } from '../../../functions/model/campaign.ts';
import type { ChunkCommit } from '../../../functions/model/chunk.ts';
import { isQuiet, nextQuiet, type QuietHours } from '../../../functions/model/quiet.ts';
import { putAppPolicy } from '../../../functions/pipeline/app-policy.ts';
import { cancel, pauseBy } from '../../../functions/pipeline/control/control.ts';
import { chance } from '../../contracts/store-fixture.ts';
import { accepted } from '../script.ts';
import { createWorld, MINUTE, ticking, type World } from '../world.ts';

const HOUR = 60 * MINUTE;
const NIGHT: QuietHours = { from: '22:00', to: '08:00' };

interface Given {
  /** the time that it is, such as `2026-11-21T13:00Z` */
  at: string;
  /** of each device; null: it tells none */
  zones: (string | null)[];
  quiet?: QuietHours;
  defaultZone?: string;
  ttlSeconds?: number;
  offsetAt?: OffsetAt;
}

/** A world in which an app's devices are Ada's, and are told something only when it is not quiet. */
async function quietWorld(t: TestContext, given: Given) {
  const { at, zones, quiet = NIGHT, defaultZone = 'Etc/UTC', ttlSeconds = 24 * 3600 } = given;
  const world = createWorld(t, { random: () => 0.5, clock: { now: Date.parse(at) } });
  if (given.offsetAt) world.ports.offsetAt = given.offsetAt;
  const policy = { ...defaultPolicy, quiet, defaultZone };
  await putAppPolicy(world.ports, { app: 'default', policy, by: 'ann' });
  await world.people(zones.length, (n) => ({
    userId: 'ada',
    ...(zones[n] !== null && { timeZone: zones[n]! }),
  }));
  /** Plans the campaign now. Its tasks begin at `late`, if that is given. */
  async function plan(late?: string, rest: Partial<CampaignRequest> = {}) {
    const { id, give } = await planned(world, {
      audience: { userIds: ['ada'] },
      message: { title: 'Hallo', ttlSeconds, priority: 'high' },
      ...rest,
    });
    if (late) world.clock.now = Date.parse(late);
    await give();
    await world.settle();
    return id;
  }
  return { world, plan };
}

/** Accepts a campaign and freezes its chunks; `give` queues their tasks. */
async function planned(world: World, request: Partial<CampaignRequest>) {
  const { queue } = world;
  const kept: Parameters<typeof queue.create>[0] = [];
  world.ports.queue = {
    ...queue,
    async create(tasks) {
      kept.push(...tasks.filter((it) => it.body.kind === 'send'));
      await queue.create(tasks.filter((it) => it.body.kind !== 'send'));
    },
  };
  const id = await world.campaign(request);
  await world.settle();
  world.ports.queue = queue;
  return { id, give: () => queue.create(kept) };
}

const time = (ms: number) => new Date(ms).toISOString().replace(':00.000Z', 'Z');

/** When each device was sent to, and until when it may get its push. */
const sentTo = ({ script }: World) =>
  Object.fromEntries(
    script.sent.map((it) => [it.installationId, [time(it.at), time(it.deliverBy ?? 0)]]),
  );

/** Notes each commit that lets go of a chunk. */
function released(world: World) {
  const commits: { lease: Extract<ChunkCommit['lease'], { release: true }>; open: number[] }[] = [];
  const { store } = world.ports;
  world.ports.store = {
    ...store,
    commitChunk(commit) {
      const { lease, open } = commit;
      if ('release' in lease) commits.push({ lease, open });
      return store.commitChunk(commit);
    },
  };
  return commits;
}

test('late in the evening, some devices of a chunk are sent to, and others in the morning', async (t) => {
  const { world, plan } = await quietWorld(t, {
    at: '2026-11-21T13:00Z',
    zones: [null, 'Asia/Kathmandu', 'Pacific/Kiritimati', 'America/Lima', 'Asia/Dubai'],
  });
  const commits = released(world);
  const id = await plan('2026-11-21T16:20Z');
  assert.deepEqual(Object.keys(sentTo(world)).sort(), ['device-0', 'device-3', 'device-4']);
  await world.run();
  assert.deepEqual(sentTo(world), {
    'device-0': ['2026-11-21T16:20Z', '2026-11-21T22:00Z'],
    // +05:45: it was 22:05
    'device-1': ['2026-11-22T02:15Z', '2026-11-22T16:15Z'],
    // +14:00: it was quiet when the campaign began
    'device-2': ['2026-11-21T18:00Z', '2026-11-22T08:00Z'],
    'device-3': ['2026-11-21T16:20Z', '2026-11-22T03:00Z'],
    'device-4': ['2026-11-21T16:20Z', '2026-11-21T18:00Z'],
  });
  const { accepted: sent, counts } = await world.closed(id);
  assert.deepEqual(
    [sent, counts.held, time(counts.heldUntil!)],
    [5, 2, '2026-11-22T02:15Z'],
    'one as it was planned, and one by its attempt',
  );
  assert.ok(commits.every(({ lease }) => lease.stalled === 0));
});

test('quiet hours within a day, in the zone of the policy for devices with a zone that is not known', async (t) => {
  const known: OffsetAt = (zone) => {
    if (zone === 'Asia/Tokyo') throw new RangeError('no such zone');
    return zone === 'Europe/Berlin' ? HOUR : 0;
  };
  const { world, plan } = await quietWorld(t, {
    at: '2026-06-01T10:30Z',
    zones: ['Asia/Tokyo', 'Etc/UTC', null],
    quiet: { from: '12:00', to: '14:30' },
    defaultZone: 'Europe/Berlin',
    offsetAt: known,
  });
  await plan('2026-06-01T11:10Z');
  await world.run();
  assert.deepEqual(sentTo(world), {
    'device-0': ['2026-06-01T13:30Z', '2026-06-02T11:00Z'],
    'device-1': ['2026-06-01T11:10Z', '2026-06-01T12:00Z'],
    'device-2': ['2026-06-01T13:30Z', '2026-06-02T11:00Z'],
  });
});

for (const [name, begin, late, sent, deliverBy] of [
  [
    'an hour longer',
    '2026-10-24T19:30Z',
    '2026-10-24T20:10Z',
    '2026-10-25T07:00Z',
    '2026-10-25T08:30Z',
  ],
  [
    'an hour shorter',
    '2026-03-28T20:30Z',
    '2026-03-28T21:10Z',
    '2026-03-29T06:00Z',
    '2026-03-29T07:30Z',
  ],
] as const)
  test(`a night that is ${name} does not count against the life of a push`, async (t) => {
    const { world, plan } = await quietWorld(t, {
      at: begin,
      zones: ['Europe/Berlin'],
      ttlSeconds: 2 * 3600,
    });
    const id = await plan(late);
    await world.run();
    assert.deepEqual(sentTo(world), { 'device-0': [sent, deliverBy] });
    assert.equal((await world.closed(id)).accepted, 1);
  });

test('a push that lives for 20 hours is sent on its second day, and fails on its third', async (t) => {
  const { world, plan } = await quietWorld(t, {
    at: '2026-11-21T21:30Z',
    zones: [null],
    ttlSeconds: 20 * 3600,
  });
  world.script.answer = ({ at }) =>
    at < Date.parse('2026-11-23T08:00Z')
      ? { kind: 'retry', reason: 'Busy', afterMs: HOUR, scope: 'device' }
      : accepted;
  const id = await plan();
  await world.run();
  const { accepted: sent, counts } = await world.closed(id);
  // half an hour on the first day, 14 on the second
  assert.deepEqual([sent, counts.held, time(counts.heldUntil!)], [1, 1, '2026-11-22T08:00Z']);
  assert.equal(time(world.script.sent.at(-1)!.at), '2026-11-23T08:00Z');
  assert.equal(time(world.script.sent.at(-1)!.deliverBy!), '2026-11-23T13:30Z');
  assert.ok(world.script.sent.every((it) => new Date(it.at).getUTCHours() >= 8));

  world.script.answer = () => ({ kind: 'retry', reason: 'Busy', afterMs: HOUR, scope: 'device' });
  world.clock.now = Date.parse('2026-11-24T21:30Z');
  const other = await plan();
  await world.run();
  const { failures } = await world.closed(other);
  assert.equal(failures[0]!.reason, 'Busy');
  assert.ok(failures[0]!.at < Date.parse('2026-11-26T13:30Z'));
  assert.ok(failures[0]!.at > Date.parse('2026-11-26T12:00Z'));
});

test('a push whose life ended before it became quiet is not held', async (t) => {
  const { world, plan } = await quietWorld(t, {
    at: '2026-11-21T21:30Z',
    zones: [null],
    ttlSeconds: 1800,
  });
  const id = await plan('2026-11-21T22:10Z');
  const { failures } = await world.closed(id);
  assert.deepEqual(
    failures.map((it) => [it.reason, it.attempts]),
    [['Expired', 1]],
  );
});

test('a backoff that would end in quiet hours ends with them', async (t) => {
  const { world, plan } = await quietWorld(t, {
    at: '2026-11-21T21:50Z',
    zones: [null, 'America/Lima'],
  });
  world.script.answer = ({ before }) =>
    before === 0
      ? { kind: 'retry', reason: 'Busy', afterMs: 30 * MINUTE, scope: 'device' }
      : accepted;
  const id = await plan();
  await world.run();
  const times = Map.groupBy(world.script.sent, (it) => it.installationId);
  assert.deepEqual(
    times.get('device-0')!.map((it) => time(it.at)),
    ['2026-11-21T21:50Z', '2026-11-22T08:00Z'],
  );
  assert.equal(times.get('device-1')!.length, 2);
  assert.ok(times.get('device-1')![1]!.at < Date.parse('2026-11-21T22:21Z'));
  assert.equal((await world.closed(id)).accepted, 2);
});

test('to be held is no attempt: it adds to no backoff, and the first refusal after it is the first', async (t) => {
  const { world, plan } = await quietWorld(t, {
    at: '2026-11-21T21:50Z',
    zones: [null, null],
  });
  world.ports.chunkSize = 1;
  const commits = released(world);
  world.script.answer = ({ installationId, before }) => {
    if (before > 0) return accepted;
    return installationId === 'device-0'
      ? { kind: 'blocked', reason: 'BadTopic' }
      : { kind: 'retry', reason: 'Busy', afterMs: MINUTE, scope: 'device' };
  };
  const id = await plan('2026-11-21T22:10Z');
  assert.deepEqual(
    commits.map(({ lease, open }) => [time(lease.notBefore), open]),
    [
      ['2026-11-22T08:00Z', [0]],
      ['2026-11-22T08:00Z', [0]],
    ],
  );
  assert.ok(commits.every(({ lease }) => lease.stalled === 0));
  await world.run();
  assert.equal((await world.closed(id)).accepted, 2);
  assert.deepEqual(world.logged.campaignPaused ?? [], []);
});

test('a campaign whose pushes are all refused pauses, and does not wait for those that are held', async (t) => {
  const { world, plan } = await quietWorld(t, {
    at: '2026-11-21T13:00Z',
    zones: ['Asia/Kathmandu', null, null, 'Asia/Kathmandu'],
  });
  world.script.answer = () => ({ kind: 'blocked', reason: 'BadTopic' });
  const id = await plan('2026-11-21T16:20Z');
  assert.equal(await world.stateOf(id), 'paused');
  assert.equal(world.script.sent.length, 2);
  world.script.answer = () => accepted;
  await world.resume(id);
  const { 'device-0': held, 'device-1': sent } = sentTo(world);
  assert.deepEqual([held![0], sent![0]], ['2026-11-22T02:15Z', '2026-11-21T16:20Z']);
  assert.equal((await world.closed(id)).accepted, 4);
});

test('the failure guard does not wait for recipients that are held', async (t) => {
  const { world, plan } = await quietWorld(t, {
    at: '2026-11-21T13:00Z',
    zones: Array.from({ length: 1_100 }, (_, n) => (n < 20 ? 'Asia/Kathmandu' : null)),
  });
  world.ports.chunkSize = 2_000;
  world.script.answer = ({ index }) =>
    index % 10 === 0 ? accepted : { kind: 'rejected', reason: 'BadDeviceToken' };
  const id = await plan('2026-11-21T16:20Z');
  assert.equal(await world.stateOf(id), 'paused');
  assert.equal((await world.store.counts(id)).recipients, 1_100);
  assert.match((await world.store.getCampaign(id))!.reason!, /^failure guard/);
});

test('what is resumed in the night is sent in the morning, and what is cancelled is closed', async (t) => {
  for (const ends of ['resumed', 'cancelled']) {
    const { world, plan } = await quietWorld(t, { at: '2026-11-21T21:50Z', zones: [null, null] });
    world.script.answer = async ({ seed }) => {
      await pauseBy(world.ports, seed.split('.')[0]!, 'ann');
      return { kind: 'retry', reason: 'Busy', afterMs: 1, scope: 'device' };
    };
    const id = await plan();
    assert.equal(await world.stateOf(id), 'paused');
    world.script.sent.length = 0;
    world.script.answer = () => accepted;
    world.clock.now = Date.parse('2026-11-21T23:00Z');
    if (ends === 'resumed') {
      await world.resume(id);
      assert.deepEqual(
        [...new Set(world.script.sent.map((it) => time(it.at)))],
        ['2026-11-22T08:00Z'],
      );
      assert.equal((await world.closed(id)).accepted, 2);
    } else {
      await cancel(world.ports, id, 'ann');
      await world.settle();
      assert.equal((await world.closed(id)).skipped, 2);
      assert.equal(world.script.sent.length, 0);
    }
  }
});

test('a sweep leaves what is held alone', async (t) => {
  const { world, plan } = await quietWorld(t, { at: '2026-11-21T21:50Z', zones: [null] });
  const id = await plan('2026-11-21T22:10Z');
  await ticking(world, Date.parse('2026-11-22T09:00Z'), 30 * MINUTE);
  assert.equal(world.script.sent.length, 1);
  assert.equal(time(world.script.sent[0]!.at), '2026-11-22T08:00Z');
  assert.equal((await world.closed(id)).accepted, 1);
  assert.deepEqual(world.logged.redriven ?? [], []);
});

test('a campaign with a pace has none at night, and goes on with it in the morning', async (t) => {
  const zones = Array.from({ length: 120 }, () => null);
  const { world } = await quietWorld(t, { at: '2026-11-21T21:59Z', zones });
  const id = await world.campaign({
    audience: { userIds: ['ada'] },
    rate: { perMinute: 60 },
    message: { title: 'Hallo', ttlSeconds: 30, priority: 'high' },
  });
  await world.run();
  assert.equal((await world.closed(id)).accepted, 120);
  const [evening, morning] = ['2026-11-21T21:59Z', '2026-11-22T08:00Z'].map(Date.parse) as [
    number,
    number,
  ];
  const slots = Map.groupBy(world.script.sent, (it) => it.at);
  assert.deepEqual(
    [...slots].map(([at, those]) => [at, those.length]),
    [evening, morning].flatMap((from) =>
      Array.from({ length: 6 }, (_, i) => [from + i * 10_000, 10]),
    ),
  );
});

test('recipients of a list who are held leave at its pace in the morning', async (t) => {
  const zones = Array.from({ length: 120 }, (_, n) => (n % 2 === 0 ? 'Asia/Kathmandu' : null));
  const { world } = await quietWorld(t, { at: '2026-11-21T17:00Z', zones });
  const id = await world.campaign({ audience: { userIds: ['ada'] }, rate: { perMinute: 60 } });
  await world.run();
  const { counts } = await world.closed(id);
  assert.deepEqual([counts.accepted, counts.held], [120, 60]);
  const morning = world.script.sent.filter((it) => it.zone).map((it) => it.at);
  assert.equal(morning.length, 60);
  assert.ok(Math.max(...morning) - Math.min(...morning) >= 50_000);
  assert.ok(Math.min(...morning) >= Date.parse('2026-11-22T02:15Z'));
});

test('a campaign with a pace that is resumed in the night keeps it in the morning', async (t) => {
  const zones = Array.from({ length: 120 }, () => null);
  const { world } = await quietWorld(t, { at: '2026-11-21T21:50Z', zones });
  world.script.answer = async ({ seed }) => {
    await pauseBy(world.ports, seed.split('.')[0]!, 'ann');
    return { kind: 'retry', reason: 'Busy', afterMs: 1, scope: 'device' };
  };
  const id = await world.campaign({ audience: { userIds: ['ada'] }, rate: { perMinute: 60 } });
  await world.settle();
  assert.equal(await world.stateOf(id), 'paused');
  world.script.sent.length = 0;
  world.script.answer = () => accepted;
  world.clock.now = Date.parse('2026-11-21T23:00Z');
  await world.resume(id);
  const { accepted: sent, counts } = await world.closed(id);
  assert.deepEqual([sent, counts.held], [120, 120]);
  const slots = Map.groupBy(world.script.sent, (it) => it.at);
  assert.deepEqual(
    [...slots.values()].map((it) => it.length),
    Array.from({ length: 12 }, () => 10),
  );
  assert.ok(Math.min(...slots.keys()) >= Date.parse('2026-11-22T08:00Z'));
  assert.ok(Math.max(...slots.keys()) <= counts.heldUntil!);
});

const canary = { percent: 40, holdSeconds: 600, maxFailureRate: 0.5 };

test('a canary is judged by those that are not held', async (t) => {
  const zones = Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? 'Asia/Kathmandu' : null));
  const { world } = await quietWorld(t, { at: '2026-11-21T16:20Z', zones });
  const id = await world.campaign({ audience: { userIds: ['ada'] }, canary });
  await world.run();
  assert.equal((await world.closed(id)).accepted, 200);
  const times = Map.groupBy(world.script.sent, (it) => (it.zone ? 'held' : 'not held'));
  const last = Math.max(...times.get('not held')!.map((it) => it.at));
  assert.ok(last > Date.parse('2026-11-21T16:30Z'), time(last));
  assert.ok(last < Date.parse('2026-11-21T16:40Z'), time(last));
  assert.deepEqual(
    [...new Set(times.get('held')!.map((it) => time(it.at)))],
    ['2026-11-22T02:15Z'],
  );
});

test('a canary all of which is held is looked at again in the morning', async (t) => {
  const zones = Array.from({ length: 100 }, () => 'Asia/Kathmandu');
  const { world } = await quietWorld(t, { at: '2026-11-21T16:20Z', zones });
  const { queue } = world;
  let looks = 0;
  world.ports.queue = {
    ...queue,
    async create(tasks) {
      looks += tasks.filter((it) => it.body.kind === 'canary').length;
      await queue.create(tasks);
    },
  };
  const id = await world.campaign({ audience: { userIds: ['ada'] }, canary });
  await world.run();
  assert.equal((await world.closed(id)).accepted, 100);
  const first = Math.min(...world.script.sent.map((it) => it.at));
  assert.equal(time(first), '2026-11-22T02:15Z');
  assert.ok(looks < 60, `${looks} looks`);
});

test('no push starts once it is quiet, and those of other zones go on', async (t) => {
  const { world, plan } = await quietWorld(t, {
    at: '2026-11-21T21:59:59.950Z',
    zones: [null, null, 'Asia/Tokyo', 'America/Lima', 'America/Lima'],
  });
  const { sender } = world.script;
  world.script.sender = {
    ...sender,
    async send(batch) {
      const [first, ...rest] = batch.open;
      await sender.send({ ...batch, open: [first!] });
      // the part of the zone in which it becomes quiet, until it does
      if (batch.push.deliverBy === Date.parse('2026-11-21T22:00Z'))
        await new Promise((resolve) => batch.signal.addEventListener('abort', resolve));
      await sender.send({ ...batch, open: rest });
    },
  };
  world.ports.senders = { apps: () => [], get: () => world.script.sender };
  const id = await plan();
  // the time of the test has passed meanwhile
  await world.settle();
  await world.run();
  const utc = world.script.sent.filter((it) =>
    ['device-0', 'device-1'].includes(it.installationId),
  );
  assert.deepEqual(
    utc.map((it) => it.at >= Date.parse('2026-11-22T08:00Z')),
    [false, true],
  );
  assert.equal((await world.closed(id)).accepted, 5);
});

test('one part of a chunk that fails stops the others, and what they learnt is kept', async (t) => {
  const { world, plan } = await quietWorld(t, {
    at: '2026-11-21T13:00Z',
    zones: [null, 'America/Lima', 'America/Lima'],
  });
  const { sender } = world.script;
  let failed = false;
  world.ports.senders = {
    apps: () => [],
    get: () => ({
      ...sender,
      async send(batch) {
        if (batch.push.deliverBy === Date.parse('2026-11-21T22:00Z') && !failed) {
          failed = true;
          throw new Error('out of memory');
        }
        await sender.send(batch);
      },
    }),
  };
  const id = await plan();
  await world.run();
  assert.equal((await world.closed(id)).accepted, 3);
  assert.ok(failed);
  const times = Map.groupBy(world.script.sent, (it) => it.installationId);
  assert.equal(times.get('device-1')!.length, 1, 'sent before, and known');
});

const places = [
  ...['Asia/Kathmandu', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Europe/Berlin'],
  ...['America/St_Johns', 'Australia/Lord_Howe', 'America/New_York', 'Asia/Tokyo'],
];

for (const seed of [1, 2, 3, 4])
  test(`whatever providers answer, no push starts or ends in quiet hours, and none is lost (${seed})`, async (t) => {
    const { random, pick } = chance(seed);
    const quiet = pick([NIGHT, { from: '12:00', to: '14:30' }, { from: '09:00', to: '06:00' }]);
    // the clocks of Berlin and of New York are put back in these weeks
    const at = Date.parse('2026-10-24T00:00Z') + Math.floor(random() * 8 * 24) * HOUR;
    const zones = Array.from({ length: 150 }, () => (random() < 0.2 ? null : pick(places)));
    const { world } = await quietWorld(t, { at: new Date(at).toISOString(), zones, quiet });
    world.ports.chunkSize = 40;
    world.script.answer = () => {
      world.clock.now += Math.floor(random() * 60_000);
      const kind = random();
      if (kind < 0.5) return accepted;
      if (kind < 0.6) return { kind: 'unknown', reason: 'timeout' };
      return { kind: 'retry', reason: 'Busy', afterMs: random() * 5 * HOUR, scope: 'device' };
    };
    const audience = seed % 2 === 0 ? {} : { userIds: ['ada'] };
    const id = await world.campaign({ audience });
    await world.run();
    const { recipients, failures } = await world.closed(id);
    assert.equal(recipients, 150);
    assert.deepEqual(
      failures.filter((it) => it.reason === 'Expired'),
      [],
    );
    const zoneOf = (it: { installationId: string }) =>
      zones[Number(it.installationId.split('-')[1])] ?? 'Etc/UTC';
    const before = new Map<string, number>();
    for (const it of world.script.sent) {
      const zone = zoneOf(it);
      const where = `${it.installationId} in ${zone} at ${new Date(it.at).toISOString()}`;
      // the script takes a while for each push of a part, in which it may become quiet
      const started = before.get(`${it.seed} ${it.deliverBy}`) ?? it.at;
      before.set(`${it.seed} ${it.deliverBy}`, started);
      assert.ok(!isQuiet(quiet, zone, started), where);
      assert.ok(it.deliverBy! <= nextQuiet(quiet, zone, started), where);
    }
  });
