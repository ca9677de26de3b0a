import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextRuns } from '../../../functions/model/schedule.ts';
import {
  type ScheduleRequest,
  scheduleRequestSchema,
} from '../../../functions/model/schemas/schedule.ts';
import {
  change,
  createSchedule,
  onwards,
  runNow,
  startDue,
} from '../../../functions/pipeline/schedules/recur.ts';
import { createWorld, DAY, MINUTE, type World } from '../world.ts';

const HOUR = 60 * MINUTE;
const message = { title: 'Good morning' };

const asked = (rest: Record<string, unknown> = {}): ScheduleRequest =>
  scheduleRequestSchema.parse({
    name: 'Morning',
    cron: '30 9 * * *',
    timeZone: 'Europe/Berlin',
    campaign: { name: 'Morning', audience: { everybody: true }, message },
    ...rest,
  });

const utc = (at: number) => new Date(at).toISOString().slice(0, 16);
const clock = (at: number, timeZone: string) =>
  new Date(at).toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });

/** Ticks every minute, as Cloud Scheduler does, and says when campaigns were accepted. */
async function live(world: World, until: number, stepMs = MINUTE) {
  const runs: number[] = [];
  for (; world.clock.now < until; world.clock.now += stepMs)
    if ((await startDue(world.ports)) > 0) runs.push(world.clock.now);
  return runs;
}

async function campaigns(world: World) {
  const { items } = await world.store.listCampaigns(null, 10_000);
  return items.toSorted((a, b) => a.createdAt - b.createdAt);
}

test('a year of mornings in five zones: one run a day, always at half past nine local time', async (t) => {
  const world = createWorld(t);
  world.clock.now = Date.UTC(2026, 0, 1);
  const changes = {
    'Europe/Berlin': 2,
    'America/New_York': 2,
    'Australia/Lord_Howe': 2,
    'Asia/Kolkata': 0,
    UTC: 0,
  };
  for (const timeZone of Object.keys(changes)) {
    const campaign = { name: timeZone, audience: { everybody: true }, message };
    await createSchedule(world.ports, asked({ timeZone, campaign }));
  }
  await live(world, Date.UTC(2027, 0, 1), 30 * MINUTE);
  const all = Map.groupBy(await campaigns(world), (it) => it.name);
  for (const [timeZone, most] of Object.entries(changes)) {
    const runs = all.get(timeZone)!.map((it) => it.createdAt);
    assert.equal(runs.length, 365, timeZone);
    assert.deepEqual([...new Set(runs.map((at) => clock(at, timeZone)))], ['09:30']);
    const gaps = runs.slice(1).map((at, i) => at - runs[i]!);
    assert.equal(gaps.filter((it) => it !== DAY).length, most);
  }
});

test('a time that summer time leaves out runs once, one that comes twice runs once', async (t) => {
  const world = createWorld(t);
  world.clock.now = Date.UTC(2026, 2, 28, 12);
  await createSchedule(world.ports, asked({ cron: '30 2 * * *' }));
  const spring = await live(world, Date.UTC(2026, 2, 30, 12));
  assert.deepEqual(spring.map(utc), ['2026-03-29T01:00', '2026-03-30T00:30']);
  world.clock.now = Date.UTC(2026, 9, 24, 12);
  await live(world, world.clock.now + 1);
  const autumn = await live(world, Date.UTC(2026, 9, 26, 12));
  assert.deepEqual(autumn.map(utc), ['2026-10-25T00:30', '2026-10-26T01:30']);
});

test('two ticks at the same time, and every tick twice, start each run once', async (t) => {
  const world = createWorld(t);
  const { id } = await createSchedule(world.ports, asked({ cron: '0 * * * *' }));
  for (let hour = 0; hour < 5; hour++) {
    world.clock.now += HOUR;
    await Promise.all([startDue(world.ports), startDue(world.ports), startDue(world.ports)]);
    await startDue(world.ports);
  }
  assert.equal((await campaigns(world)).length, 5);
  assert.equal((await world.store.getSchedule(id))?.runs, 5);
});

test('the next tick completes one that died between the campaign and the schedule', async (t) => {
  const world = createWorld(t);
  const { id } = await createSchedule(world.ports, asked({ cron: '0 * * * *' }));
  const { putSchedule } = world.store;
  world.clock.now += HOUR;
  world.ports.store = {
    ...world.store,
    putSchedule: async () => {
      throw new Error('killed');
    },
  };
  await startDue(world.ports);
  world.ports.store = { ...world.store, putSchedule };
  await change(world.ports, id, (it) => ({
    ...it,
    campaign: { ...it.campaign, message: { ...it.campaign.message, title: 'Changed meanwhile' } },
  }));
  await startDue(world.ports);
  assert.equal((await campaigns(world)).length, 1);
  const schedule = await world.store.getSchedule(id);
  assert.equal(schedule?.runs, 1);
  assert.ok(schedule.nextAt! > world.clock.now);
});

for (const [missed, made] of [
  ['once', 1],
  ['skip', 0],
] as const)
  test(`runs missed in a day of silence: ${missed}`, async (t) => {
    const world = createWorld(t);
    await createSchedule(world.ports, asked({ cron: '0 * * * *', missed }));
    world.clock.now += DAY + 59 * MINUTE;
    assert.equal(await startDue(world.ports), made);
    assert.equal((await campaigns(world)).length, made);
    world.clock.now += 2 * MINUTE;
    assert.equal(await startDue(world.ports), 1, 'and then as planned');
  });

test('a tick that is some minutes late misses nothing', async (t) => {
  const world = createWorld(t);
  await createSchedule(world.ports, asked({ cron: '0 * * * *', missed: 'skip' }));
  const [due] = await Array.fromAsync(world.store.dueSchedules(Number.MAX_SAFE_INTEGER));
  const next = due![0]!.nextAt!;
  world.clock.now = next + 10 * MINUTE;
  assert.equal(await startDue(world.ports), 1);
});

test('a schedule ends after its runs, or at its time', async (t) => {
  const world = createWorld(t);
  const start = world.clock.now;
  const some = await createSchedule(world.ports, asked({ cron: '0 * * * *', maxRuns: 3 }));
  const until = new Date(start + 2 * HOUR + MINUTE).toISOString();
  const brief = await createSchedule(world.ports, asked({ cron: '0 * * * *', until }));
  assert.equal(nextRuns(some, 10).length, 3);
  await live(world, start + 6 * HOUR);
  assert.deepEqual(
    [await world.store.getSchedule(some.id), await world.store.getSchedule(brief.id)].map((it) => [
      it?.state,
      it?.runs,
    ]),
    [
      ['ended', 3],
      ['ended', 2],
    ],
  );
});

test('a paused schedule starts no run, and missed runs are not made up for', async (t) => {
  const world = createWorld(t);
  const { id } = await createSchedule(world.ports, asked({ cron: '0 * * * *' }));
  await change(world.ports, id, (it) => onwards({ ...it, state: 'paused' }, world.clock.now));
  assert.deepEqual(await live(world, world.clock.now + 5 * HOUR), []);
  await change(world.ports, id, (it) => onwards({ ...it, state: 'active' }, world.clock.now));
  assert.equal(await startDue(world.ports), 0);
  world.clock.now += HOUR;
  assert.equal(await startDue(world.ports), 1);
});

test('a run sends to everybody, and says whose run it is; by hand it is one more', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  const schedule = await createSchedule(world.ports, asked({ cron: '0 * * * *' }));
  world.clock.now += HOUR;
  await startDue(world.ports);
  await runNow(world.ports, schedule);
  await runNow(world.ports, schedule);
  await world.run();
  const all = await campaigns(world);
  assert.deepEqual(
    all.map((it) => [it.scheduleId, it.state]),
    Array.from({ length: 3 }, () => [schedule.id, 'completed']),
  );
  assert.equal((await world.store.getSchedule(schedule.id))?.runs, 1);
});

for (const [fault, cron, timeZone] of [
  ['never matches', '0 0 31 2 *', 'UTC'],
  ['five fields', '0 0 * *', 'UTC'],
  ['five fields', '0 0 0 * * *', 'UTC'],
  ['five fields', '61 * * * *', 'UTC'],
  ['must be a zone', '0 0 * * *', 'Mars/Olympus'],
] as const)
  test(`"${cron}" in ${timeZone}: ${fault}`, () => {
    const parsed = scheduleRequestSchema.safeParse({
      ...asked(),
      until: undefined,
      cron,
      timeZone,
    });
    assert.match(JSON.stringify(parsed.error?.issues), new RegExp(fault));
  });

test('each run is for the installations that are in its segment then; without the segment there is no run', async (t) => {
  const world = createWorld(t);
  world.clock.now = Date.UTC(2026, 0, 1);
  const segment = (language: string) =>
    world.store.putSegment({
      app: 'default',
      name: 'readers',
      audience: { language: [language] },
      updatedAt: world.clock.now,
    });
  await segment('de');
  const campaign = { name: 'Morning', audience: { segment: 'readers' }, message };
  const schedule = await createSchedule(world.ports, asked({ campaign }));
  await live(world, world.clock.now + DAY);
  await segment('fr');
  await live(world, world.clock.now + DAY);
  await world.store.deleteSegment('default', 'readers');
  await live(world, world.clock.now + DAY);
  assert.deepEqual(
    (await campaigns(world)).map((it) => it.meaning),
    [{ and: [{ language: ['de'] }] }, { and: [{ language: ['fr'] }] }],
  );
  assert.equal(world.logged.runRefused?.length, 1);
  assert.equal((await runNow(world.ports, schedule)).kind, 'refused');
  await segment('de');
  await live(world, world.clock.now + DAY);
  assert.equal((await campaigns(world)).length, 3, 'it goes on by itself');
});

test('however many runs cannot be started, a tick ends, and the others have begun', async (t) => {
  const world = createWorld(t);
  const bad = { name: 'bad', audience: { everybody: true }, message };
  for (let i = 0; i < 120; i++) await createSchedule(world.ports, asked({ campaign: bad }));
  const good = await createSchedule(world.ports, asked());
  const attempts: string[] = [];
  const createCampaign: World['store']['createCampaign'] = (campaign, ...rest) => {
    attempts.push(campaign.name);
    if (campaign.name === 'bad') return Promise.reject(new Error('it does not fit'));
    return world.store.createCampaign(campaign, ...rest);
  };
  world.ports.store = { ...world.store, createCampaign };
  world.clock.now = good.nextAt!;
  assert.equal(await startDue(world.ports), 1);
  assert.equal(attempts.length, 121, 'each one once');
  assert.equal(world.logged.unexpected?.length, 120);
  assert.equal((await world.store.getSchedule(good.id))?.runs, 1);
  // they are tried again by the next tick
  world.ports.store = world.store;
  assert.equal(await startDue(world.ports), 120);
});
