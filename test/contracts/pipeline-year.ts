/**
 * A year of campaigns in local time, on any store, with time that passes only when told to: each device gets
 * each of them once, when a clock beside it first shows the time.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { offsetAt } from '../../functions/lib/wall-clock.ts';
import { defaultPolicy } from '../../functions/model/app-policy.ts';
import { nextRuns, type ScheduleRequest } from '../../functions/model/schedule.ts';
import { scheduleRequestSchema } from '../../functions/model/schemas/schedule.ts';
import { localOf } from '../../functions/model/waves.ts';
import { putAppPolicy } from '../../functions/pipeline/app-policy.ts';
import { createSchedule, startDue } from '../../functions/pipeline/schedules/recur.ts';
import { createWorld, DAY, MINUTE, type World } from '../pipeline/world.ts';
import { allPages, type MakeStore } from './store-fixture.ts';
import { clocksOf, firstShown, notQuiet, type Shows } from './year-clocks.ts';

const HOUR = 60 * MINUTE;
const at = (text: string) => Date.parse(text);

/** From -11:00 to +14:00, with half and quarter hours, and clocks that change at night, at midnight, by two hours. */
const zones = [
  ...['Pacific/Niue', 'Pacific/Honolulu', 'Pacific/Marquesas', 'America/Los_Angeles'],
  ...['America/New_York', 'America/Santiago', 'America/St_Johns', 'America/Sao_Paulo'],
  ...['Atlantic/South_Georgia', 'Atlantic/Azores', 'Europe/London', 'Europe/Berlin'],
  ...['Africa/Cairo', 'Antarctica/Troll', 'Europe/Moscow', 'Asia/Tehran', 'Asia/Kabul'],
  ...['Asia/Kathmandu', 'Asia/Yangon', 'Australia/Eucla', 'Asia/Tokyo', 'Australia/Adelaide'],
  ...['Australia/Lord_Howe', 'Pacific/Auckland', 'Pacific/Chatham', 'Pacific/Kiritimati'],
];
/** Of devices that tell no zone, or one that is none. */
const defaultZone = 'Asia/Kolkata';

/** Two in each zone, and one without; the zone of another is none. */
const devices = [...zones, ...zones, undefined, 'Mars/Olympus'].map((timeZone, n) => ({
  id: `device-${n}`,
  timeZone,
  zone: timeZone && timeZone !== 'Mars/Olympus' ? timeZone : defaultZone,
}));

/** Local days on which clocks change somewhere. */
const changes = ['03-08', '03-29', '04-05', '09-27', '10-04', '10-25', '11-01'].map(
  (it) => `2026-${it}`,
);

/** A campaign that is accepted once. */
interface Once {
  accepted: number;
  local: string;
  late?: 'now' | 'next-day' | 'skip';
}

const ahead = (local: string): Once => ({ accepted: at(`${local}Z`) - 3 * DAY, local });

/** Where midnight does not exist, where a time comes twice, and times that have passed in some zones. */
const once: Once[] = [
  ...['2026-03-29T02:00', '2026-04-05T01:45', '2026-04-24T00:15', '2026-09-06T00:30'].map(ahead),
  ...['2026-10-25T02:45', '2026-10-25T03:00', '2026-11-01T00:00', '2026-12-31T23:45'].map(ahead),
  ...(['now', 'next-day', 'skip'] as const).map((late, i) => ({
    accepted: at(`2026-03-28T${17 + i}:07:00Z`),
    local: '2026-03-29T02:30',
    late,
  })),
];

export function yearContract(
  name: string,
  makeStore: MakeStore,
  { isWhole, skip }: { isWhole: boolean; skip: string | false },
) {
  const walk = (title: string, walked: (world: World) => Promise<void>) =>
    test(`${name}: ${title}`, { skip }, async (t) => {
      const clock = { now: at('2025-12-31T00:00:00Z') };
      const store = await makeStore(t, () => clock.now);
      const world = createWorld(t, { store, clock, maxAttempts: 5 });
      await world.people(devices.length, (n) => ({ timeZone: devices[n]!.timeZone }));
      await policy(world);
      await walked(world);
    });

  walk('a year in local time: each device gets each campaign once, at its time', async (world) => {
    const runs = isWhole ? ['30 2 * * *'] : changes.map(cronOf('30 2'));
    const those = isWhole ? once : once.slice(-3);
    await live(world, { runs, once: those });
    const clocks = clocksBy((zone) => clocksOf(zone));
    await compare(world, those, (zone, local, { accepted, late = 'now' }) => {
      const due = clocks(zone, local);
      if (due >= accepted) return due;
      if (late === 'skip') return null;
      return late === 'now' ? accepted : clocks(zone, localOf(at(`${local}Z`) + DAY));
    });
  });

  walk('quiet hours hold it until they end there, and it still comes once', async (world) => {
    const quiet = { from: '02:00', to: '03:00' };
    await policy(world, { quiet });
    const runs = (isWhole ? changes : changes.slice(1, 2)).map(cronOf('30 2'));
    await live(world, { runs, once: [] });
    const clocks = clocksBy((zone) => clocksOf(zone));
    await compare(world, [], (zone, local) => notQuiet(clocksOf(zone), quiet, clocks(zone, local)));
    for (const { id, schedule } of await campaignsOf(world)) {
      const those = devices.filter(({ zone }) => {
        const due = clocks(zone, schedule!.local!);
        return notQuiet(clocksOf(zone), quiet, due) > due;
      });
      const { held, heldUntil } = await world.store.counts(id);
      assert.equal(held, those.length, `${schedule!.local}`);
      const ends = those.map(({ zone }) =>
        notQuiet(clocksOf(zone), quiet, clocks(zone, schedule!.local!)),
      );
      assert.equal(heldUntil, Math.max(...ends));
    }
  });

  walk('rules of zones that change before it is sent hold for it', async (world) => {
    const campaigns = [
      // rules are known before a campaign begins
      { local: '2026-06-01T09:00', knownAt: at('2026-05-30T00:00:00Z') },
      { local: '2026-12-01T09:00', knownAt: at('2026-11-29T00:00:00Z') },
      // between its waves
      { local: '2026-07-01T09:00', knownAt: at('2026-07-01T03:07:00Z') },
      { local: '2026-12-10T09:00', knownAt: at('2026-12-10T03:07:00Z') },
    ];
    for (const { local, knownAt } of campaigns) {
      world.script.sent.length = 0;
      world.ports.offsetAt = offsetAt;
      const [accepted] = [at(`${local}Z`) - 3 * DAY];
      world.clock.now = accepted;
      const id = await world.campaign({ schedule: { local } });
      await world.run(knownAt);
      world.clock.now = Math.max(world.clock.now, knownAt);
      world.ports.offsetAt = (zone, time) => changed(zone, time) ?? offsetAt(zone, time);
      await world.run();
      await world.closed(id);
      for (const { id: device, zone } of devices) {
        const sent = world.script.sent.filter((it) => it.installationId === device);
        const [before, after] = [clocksOf(zone), newClocksOf(zone)].map((it) =>
          firstShown(it, local),
        ) as [number, number];
        const label = `${zone} ${local}`;
        assert.equal(sent.length, 1, label);
        if (before < knownAt) assert.equal(sent[0]!.at, before, label);
        else if (after >= before || !isBetween(knownAt, local))
          assert.equal(sent[0]!.at, after, label);
        // its wave was planned by the rules of before, and is later
        else assert.ok(sent[0]!.at >= Math.max(after, knownAt) && sent[0]!.at <= before, label);
      }
    }
  });
}

const isBetween = (time: number, local: string) => time > at(`${local}Z`) - 14 * HOUR;

/** Rules that are made in the year: from when on, and the ms by which clocks are ahead of UTC then. */
const newRules: Record<string, [number, number]> = {
  // no summer time any more, and for ever
  'Europe/Berlin': [at('2026-03-01T01:00:00Z'), HOUR],
  'America/New_York': [at('2026-10-01T00:00:00Z'), -4 * HOUR],
  'Asia/Kathmandu': [at('2026-05-01T00:00:00Z'), 6 * HOUR],
  // to the other side of the date line: a day is left out
  'Pacific/Niue': [at('2026-12-01T11:00:00Z'), 13 * HOUR],
};

function changed(zone: string, time: number): number | null {
  const [from, offset] = newRules[zone] ?? [Number.POSITIVE_INFINITY, 0];
  return time >= from ? offset : null;
}

function newClocksOf(zone: string): Shows {
  const before = clocksOf(zone);
  return (time) => {
    const offset = changed(zone, time);
    return offset === null ? before(time) : localOf(time + offset);
  };
}

const policy = ({ ports }: World, rest: object = {}) =>
  putAppPolicy(ports, {
    app: 'default',
    policy: { ...defaultPolicy, defaultZone, ...rest },
    by: 'ada@example.com',
  });

const cronOf = (time: string) => (day: string) => {
  const [, month, date] = day.split('-').map(Number);
  return `${time} ${date} ${month} *`;
};

const asked = (cron: string): ScheduleRequest =>
  scheduleRequestSchema.parse({
    name: 'Night',
    cron,
    local: true,
    until: '2026-12-31T23:59:00Z',
    campaign: { name: 'Night', audience: { everybody: true }, message: { title: 'Good night' } },
  });

/** Lets the year pass, with a tick when a run is due. */
async function live(world: World, { runs, once }: { runs: string[]; once: Once[] }) {
  const { ports, clock } = world;
  const agenda = once.map(({ accepted, ...schedule }) => ({
    at: accepted,
    act: () => world.campaign({ schedule }),
  }));
  const ticks = new Set<number>();
  for (const cron of runs) {
    const made = await createSchedule(ports, asked(cron));
    for (const wall of nextRuns(made, 366)) ticks.add(wall - 14 * HOUR);
  }
  const all = [
    ...agenda,
    ...Array.from(ticks, (due) => ({ at: due, act: () => startDue(ports) })),
  ].toSorted((a, b) => a.at - b.at);
  for (const { at: due, act } of all) {
    await world.run(due);
    clock.now = Math.max(clock.now, due);
    await act();
  }
  await world.run();
}

const campaignsOf = ({ store }: World) => allPages((after) => store.listCampaigns(after, 100), 100);

/** When clocks show a time, by zone, each asked for once. */
function clocksBy(of: (zone: string) => Shows) {
  const known = new Map<string, number>();
  return (zone: string, local: string): number => {
    const key = `${zone} ${local}`;
    const found = known.get(key) ?? firstShown(of(zone), local);
    known.set(key, found);
    return found;
  };
}

/** Compares what was sent with what each device should get; null: nothing. */
async function compare(
  world: World,
  once: Once[],
  dueOf: (zone: string, local: string, it: Once) => number | null,
) {
  const campaigns = await campaignsOf(world);
  const byId = new Map(campaigns.map((it) => [it.id, it]));
  const line = (local: string, id: string, when: number) =>
    `${local} ${id} ${new Date(when).toISOString()}`;
  const sent = world.script.sent.map((it) => {
    const { schedule, late } = saidOf(byId.get(it.seed.split('.')[0]!)!);
    return line(`${schedule} ${late}`, it.installationId, it.at);
  });
  const expected = campaigns.flatMap((campaign) => {
    const { schedule, late } = saidOf(campaign);
    const accepted = once.find((it) => it.local === schedule && (it.late ?? 'now') === late);
    return devices.flatMap(({ id, zone }) => {
      const due = dueOf(zone, schedule, accepted ?? { accepted: 0, local: schedule });
      return due === null ? [] : [line(`${schedule} ${late}`, id, due)];
    });
  });
  assert.ok(campaigns.length >= once.length && expected.length > 0);
  assert.deepEqual(sent.toSorted(), expected.toSorted());
  for (const { id } of campaigns) await world.closed(id);
}

function saidOf({
  schedule,
  scheduleId,
}: {
  schedule?: { local?: string; late?: string } | undefined;
  scheduleId?: string;
}) {
  return { schedule: schedule!.local!, late: scheduleId ? 'run' : schedule!.late! };
}
