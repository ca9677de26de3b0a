/**
 * Schedules by each device's own clock, on any store: when runs begin, and which of them a device gets
 * after the system was down.
 */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { firstInstantOf } from '../../functions/lib/wall-clock.ts';
import type { Campaign } from '../../functions/model/campaign.ts';
import { nextRuns, type Schedule } from '../../functions/model/schedule.ts';
import { scheduleRequestSchema } from '../../functions/model/schemas/schedule.ts';
import { type LocalTime, localOf, turnIn, wallOf } from '../../functions/model/waves.ts';
import {
  change,
  createOnce,
  createSchedule,
  onwards,
  runNow,
  startDue,
} from '../../functions/pipeline/schedules/recur.ts';
import type { Queue, Store } from '../../functions/ports/ports.ts';
import { createWorld, DAY, MINUTE, type World } from '../pipeline/world.ts';
import { allPages, type MakeStore, NOW } from './store-fixture.ts';

const HOUR = 60 * MINUTE;

/** From the first clock to the last, with quarters of hours, and one whose clocks change in November. */
const zones = [
  ...['Pacific/Kiritimati', 'Pacific/Chatham', 'Asia/Kathmandu', 'Europe/Berlin', 'Etc/UTC'],
  ...['America/St_Johns', 'America/New_York', 'Pacific/Marquesas', 'Etc/GMT+12'],
];

const noQueue: Queue = {
  create: async () => {},
  waiting: async (tasks) => tasks.map(() => false),
};

const asked = (rest: Record<string, unknown> = {}) =>
  scheduleRequestSchema.parse({
    name: 'Morning',
    cron: '0 9 * * *',
    local: true,
    campaign: {
      name: 'Morning',
      audience: { everybody: true },
      message: { title: 'Good morning' },
    },
    ...rest,
  });

export function localScheduleContract(
  name: string,
  makeStore: MakeStore,
  skip: string | false = false,
) {
  /** What becomes of the campaigns is another matter. */
  const walk = (title: string, walked: (world: World, t: TestContext) => Promise<void>) =>
    test(`${name}: ${title}`, { skip }, async (t) => {
      const clock = { now: NOW };
      const store = await makeStore(t, () => clock.now);
      const world = createWorld(t, { store, clock });
      world.ports.queue = noQueue;
      await walked(world, t);
    });

  walk('a local run begins when the first clock of the world shows its time', async (world) => {
    const { ports, clock } = world;
    clock.now = Date.UTC(2026, 9, 23, 12);
    const made = await createSchedule(ports, asked({ cron: '30 2 * * *' }));
    assert.equal(made.timeZone, undefined);
    assert.deepEqual(nextRuns(made, 2).map(localOf), ['2026-10-24T02:30', '2026-10-25T02:30']);
    const begun: number[] = [];
    for (const end = clock.now + 3 * DAY; clock.now < end; clock.now += 10 * MINUTE)
      if ((await startDue(ports)) > 0) begun.push(clock.now);
    const times = await timesOf(world);
    assert.deepEqual(
      times.map((it) => [it.local, it.late, it.since, it.next]),
      [24, 25, 26].map((day, i) => [
        `2026-10-${day}T02:30`,
        'now',
        begun[i],
        `2026-10-${day + 1}T02:30`,
      ]),
    );
    assert.deepEqual(
      begun.map((it) => new Date(it).toISOString()),
      [23, 24, 25].map((day) => `2026-10-${day}T12:30:00.000Z`),
    );
    // where the clocks are put back it comes twice, and counts once
    assert.equal(
      turnIn(timing(times[1]!), 'Europe/Berlin').at,
      Date.parse('2026-10-25T02:30:00+02:00'),
    );
  });

  walk('a delay of the system makes no device late', async (world) => {
    const { ports, clock } = world;
    const { nextAt } = await createSchedule(ports, asked({ missed: 'skip' }));
    clock.now = nextAt! + 15 * MINUTE;
    assert.equal(await startDue(ports), 1);
    const [time] = await timesOf(world);
    assert.equal(time!.since, nextAt);
    for (const zone of zones) assert.equal(turnIn(timing(time!), zone).isLate, false);
  });

  for (const cron of ['0 9 * * *', '0 */6 * * *', '0 9 * * 1'])
    for (const late of ['now', 'next-day', 'skip'] as const)
      walk(
        `"${cron}", late ${late}: after a downtime each device gets what it should, once`,
        (world) => downtimes(world, cron, late),
      );

  walk('a repeated tick finds the runs that one started before it died', async (world) => {
    const { ports, clock, store } = world;
    const { id, nextAt } = await createSchedule(ports, asked());
    clock.now = nextAt! + 30 * MINUTE;
    ports.store = { ...store, putSchedule: () => Promise.reject(new Error('killed')) };
    await startDue(ports);
    ports.store = store;
    // what is late is said once, by the first
    clock.now += MINUTE;
    assert.deepEqual(await Promise.all([startDue(ports), startDue(ports)]), [1, 1]);
    const campaigns = await campaignsOf(store);
    assert.equal(campaigns.length, 1);
    assert.equal(campaigns[0]!.schedule!.since, nextAt! + 15 * MINUTE);
    const kept = await store.getSchedule(id);
    assert.deepEqual([kept?.runs, kept?.lastCampaignId], [1, campaigns[0]!.id]);
  });

  walk('a local schedule ends, is paused, and is run by hand like others', async (world) => {
    const { ports, clock, store } = world;
    const until = new Date(clock.now + 3 * DAY).toISOString();
    const few = await createSchedule(ports, asked({ maxRuns: 2 }));
    const brief = await createSchedule(ports, asked({ until }));
    assert.deepEqual(
      [few, brief].map((it) => nextRuns(it, 9).length),
      [2, 3],
    );
    assert.ok(wallOf(localOf(nextRuns(brief, 9).at(-1)!)) <= Date.parse(until));
    const run = await runNow(ports, few);
    assert.ok('campaign' in run);
    assert.deepEqual([run.campaign.state, run.campaign.schedule], ['accepted', undefined]);
    const { id } = await createSchedule(ports, asked());
    await change(ports, id, (it) => onwards({ ...it, state: 'paused' }, clock.now));
    clock.now += DAY;
    assert.equal(await startDue(ports), 2);
    await change(ports, id, (it) => onwards({ ...it, state: 'active' }, clock.now));
    assert.equal(await startDue(ports), 0, 'what the pause has missed is not made up for');
    clock.now += DAY;
    assert.equal(await startDue(ports), 3);
    assert.equal((await store.getSchedule(few.id))?.state, 'ended');
  });

  walk('a key makes one local schedule, and not one in a zone', async (world) => {
    const { ports } = world;
    const made = await createOnce(ports, asked(), 'one');
    assert.deepEqual(await createOnce(ports, asked(), 'one'), made);
    const other = asked({ local: undefined, timeZone: 'Etc/UTC' });
    assert.equal(await createOnce(ports, other, 'one'), 'conflict');
  });
}

/** Downtimes of different lengths, one after the other, each with its own schedule. */
async function downtimes(world: World, cron: string, late: LocalTime['late']) {
  const { ports, clock, store } = world;
  for (const [i, length] of [20 * MINUTE, 5 * HOUR, 25 * HOUR, 8 * DAY].entries()) {
    const missed = i % 2 === 1 && late === 'now' ? 'skip' : 'once';
    const { id, nextAt } = await createSchedule(ports, asked({ cron, late, missed }));
    const schedule = (await store.getSchedule(id))!;
    const first = nextAt!;
    clock.now = first + length;
    const since = Math.max(first, clock.now - 15 * MINUTE);
    await startDue(ports);
    // and then as planned
    const end = clock.now + 36 * HOUR;
    for (let at = await nextOf(store, id); at <= end; at = await nextOf(store, id)) {
      clock.now = at;
      await startDue(ports);
    }
    await store.deleteSchedule(id);
    const started = (await timesOf(world)).filter((it) => it.scheduleId === id);
    const effective = missed === 'skip' ? 'skip' : late;
    for (const zone of zones) {
      const got = started.flatMap((it) => {
        const { at, isLate } = turnIn(timing(it), zone);
        return isLate ? [] : [`${it.local} at ${new Date(at).toISOString()}`];
      });
      const label = `${length / HOUR} hours, ${zone}`;
      assert.deepEqual(got, expected({ schedule, zone, since, end, late: effective }), label);
    }
  }
}

/** What a device in a zone should get of the runs that begin by `end`, by what it missed until `since`. */
function expected(it: {
  schedule: Schedule;
  zone: string;
  since: number;
  end: number;
  late: LocalTime['late'];
}): string[] {
  const { schedule, zone, since, end, late } = it;
  const runs = nextRuns(schedule, 60).map((wall) => ({
    wall,
    at: firstInstantOf(wall, zone),
    begin: wall - 14 * HOUR,
  }));
  return runs.flatMap(({ wall, at, begin }, i) => {
    if (begin > end) return [];
    const said = (when: number) => [`${localOf(wall)} at ${new Date(when).toISOString()}`];
    if (at >= since) return said(at);
    if (late === 'skip') return [];
    const again = late === 'now' ? since : Math.max(since, firstInstantOf(wall + DAY, zone));
    return runs[i + 1]!.at <= again ? [] : said(again);
  });
}

async function nextOf(store: Store, id: string): Promise<number> {
  return (await store.getSchedule(id))!.nextAt!;
}

const timing = (local: LocalTime) => ({ local, begin: 0, quiet: null, defaultZone: 'Etc/UTC' });

const campaignsOf = (store: Store): Promise<Campaign[]> =>
  allPages((after) => store.listCampaigns(after, 100), 100);

/** The local times of all campaigns, the earliest first. */
async function timesOf({ store }: World) {
  const campaigns = await campaignsOf(store);
  return campaigns
    .map((it) => ({ ...(it.schedule as LocalTime), scheduleId: it.scheduleId }))
    .toSorted((a, b) => wallOf(a.local) - wallOf(b.local));
}
