import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Expired } from '../../../functions/lib/errors.ts';
import { offsetAt } from '../../../functions/lib/wall-clock.ts';
import { type AppPolicy, defaultPolicy } from '../../../functions/model/app-policy.ts';
import type { Registration } from '../../../functions/model/schemas/registration.ts';
import { isLarge } from '../../../functions/model/sizes.ts';
import { timeOf } from '../../../functions/pipeline/accept/time.ts';
import { putAppPolicy } from '../../../functions/pipeline/app-policy.ts';
import { cancel, pause, reschedule, resume } from '../../../functions/pipeline/control/control.ts';
import { planShard } from '../../../functions/pipeline/plan/shard.ts';
import { report, reportLines } from '../../../functions/pipeline/report.ts';
import { standingOf } from '../../../functions/pipeline/waves.ts';
import { person } from '../../contracts/store-fixture.ts';
import { createWorld, DAY, MINUTE, type World } from '../world.ts';

const HOUR = 60 * MINUTE;
const utc = (text: string) => Date.parse(`${text}Z`);
/** A Thursday in winter. */
const BEGIN = utc('2026-12-24T00:00');

/** A device in each of these zones, named by it; undefined: one that tells none. */
async function devices(world: World, ...zones: (string | undefined)[]) {
  world.clock.now = BEGIN;
  await world.store.putInstallations(
    zones.map((it) => person(it ?? 'none', it === undefined ? {} : { timeZone: it })),
  );
}

const policy = (world: World, it: Partial<AppPolicy>) =>
  putAppPolicy(world.ports, { app: 'default', policy: { ...defaultPolicy, ...it }, by: 'me' });

/** When each device was sent to, in UTC. */
const times = ({ script }: World) =>
  Object.fromEntries(
    script.sent.map((it) => [it.installationId, new Date(it.at).toISOString().slice(0, 16)]),
  );

const sentOnce = ({ script }: World) =>
  assert.equal(new Set(script.sent.map((it) => it.installationId)).size, script.sent.length);

async function worldOf(t: TestContext, ...zones: (string | undefined)[]) {
  const world = createWorld(t);
  await devices(world, ...zones);
  return world;
}

const move = (world: World, id: string, rest: Partial<Registration>) =>
  world.store.putInstallations([person(id, rest)]);

test('each device is sent to once, when its own clock shows the local time', async (t) => {
  const world = await worldOf(
    t,
    'Pacific/Kiritimati',
    'Asia/Kathmandu',
    'Europe/Berlin',
    'Europe/Paris',
    'America/New_York',
    'Pacific/Pago_Pago',
    'Mars/Olympus',
    undefined,
  );
  await policy(world, { defaultZone: 'Europe/Berlin' });
  const id = await world.campaign({ schedule: { local: '2026-12-26T09:00' } });
  assert.equal(await world.stateOf(id), 'scheduled');
  await world.run();
  assert.deepEqual(times(world), {
    'Pacific/Kiritimati': '2026-12-25T19:00',
    'Asia/Kathmandu': '2026-12-26T03:15',
    'Europe/Berlin': '2026-12-26T08:00',
    'Europe/Paris': '2026-12-26T08:00',
    'Mars/Olympus': '2026-12-26T08:00',
    none: '2026-12-26T08:00',
    'America/New_York': '2026-12-26T14:00',
    'Pacific/Pago_Pago': '2026-12-26T20:00',
  });
  sentOnce(world);
  const { campaign, recipients, accepted } = await world.closed(id);
  assert.deepEqual([recipients, accepted], [8, 8]);
  assert.deepEqual([campaign.shards, campaign.parts], [6, 1]);
  assert.equal(isLarge(campaign), false, 'it gets no analytics label of its own');
  assert.deepEqual(
    campaign.waves?.map((it) => new Date(it.at).toISOString().slice(0, 16)),
    [
      '2026-12-25T19:00',
      '2026-12-26T03:15',
      '2026-12-26T08:00',
      '2026-12-26T14:00',
      '2026-12-26T20:00',
      '2026-12-26T20:00',
    ],
  );
});

test('what becomes of devices whose time has passed: now, the next day, or skipped', async (t) => {
  const zones = ['Asia/Tokyo', 'Europe/Berlin', 'America/New_York'];
  // in Tokyo it is 9:00 of the 24th, in Berlin 1:00, in New York 19:00 of the 23rd
  const sentFor = async (late: 'now' | 'next-day' | 'skip' | undefined) => {
    const world = await worldOf(t, ...zones);
    const id = await world.send({ schedule: { local: '2026-12-24T01:00', ...(late && { late }) } });
    return { sent: times(world), ...(await world.closed(id)) };
  };
  const rest = { 'Europe/Berlin': '2026-12-24T00:00', 'America/New_York': '2026-12-24T06:00' };
  assert.deepEqual((await sentFor(undefined)).sent, { ...rest, 'Asia/Tokyo': '2026-12-24T00:00' });
  assert.deepEqual((await sentFor('now')).sent, { ...rest, 'Asia/Tokyo': '2026-12-24T00:00' });
  assert.deepEqual((await sentFor('next-day')).sent, { ...rest, 'Asia/Tokyo': '2026-12-24T16:00' });
  const { sent, counts } = await sentFor('skip');
  assert.deepEqual(sent, rest);
  assert.deepEqual(
    [counts.recipients, counts.accepted, counts.skipped, counts.skippedBy],
    [3, 2, 1, { late: 1 }],
  );
});

test('quiet hours hold by the clock of each device, and drop nothing', async (t) => {
  // 1:00 in Berlin, 9:00 in Tokyo, 19:00 in New York
  const zones = ['Asia/Tokyo', 'Europe/Berlin', 'America/New_York', undefined];
  const world = await worldOf(t, ...zones);
  await policy(world, { quiet: { from: '22:00', to: '08:00' } });
  const id = await world.send();
  assert.deepEqual(times(world), {
    'Asia/Tokyo': '2026-12-24T00:00',
    'America/New_York': '2026-12-24T00:00',
    'Europe/Berlin': '2026-12-24T07:00',
    none: '2026-12-24T08:00',
  });
  const { counts } = await world.closed(id);
  assert.deepEqual(
    [counts.accepted, counts.held, counts.heldUntil],
    [4, 2, utc('2026-12-24T08:00')],
  );
});

test('recipients of a wave that is planned after its time have waited until that', async (t) => {
  const world = await worldOf(t, 'Asia/Tokyo', 'Europe/Berlin');
  await policy(world, { quiet: { from: '22:00', to: '08:00' } });
  const id = await world.campaign();
  await world.run(utc('2026-12-24T06:00'));
  world.clock.now = utc('2026-12-24T07:05');
  await world.run();
  const { counts } = await world.closed(id);
  assert.deepEqual(
    [counts.accepted, counts.held, counts.heldUntil],
    [2, 1, utc('2026-12-24T07:00')],
  );
});

test('quiet hours do not hold for exempt categories, tests and dry runs', async (t) => {
  const world = await worldOf(t, 'Europe/Berlin', undefined);
  await policy(world, { quiet: { from: '22:00', to: '08:00' }, exempt: ['security'] });
  const message = { title: 'Hallo', ttlSeconds: 3600, priority: 'high' as const };
  const audience = { installationIds: ['Europe/Berlin'] };
  for (const rest of [
    { message: { ...message, category: 'security' } },
    { test: true, audience },
    { dryRun: true },
  ]) {
    world.script.sent.length = 0;
    const id = await world.campaign(rest);
    await world.settle();
    const { counts } = await world.closed(id);
    assert.equal(counts.held, undefined);
    assert.ok(world.script.sent.every((it) => it.at === BEGIN));
    assert.ok(world.script.sent.length > 0);
  }
  const held = await world.campaign({ message: { ...message, category: 'news' } });
  await world.settle();
  assert.equal(await world.stateOf(held), 'running');
  await world.run();
  assert.equal((await world.closed(held)).counts.held, 2);
});

test('a device that is over a cap is not among those that quiet hours hold', async (t) => {
  const world = await worldOf(t, 'Europe/Berlin', 'Europe/Paris');
  const caps: AppPolicy['caps'] = [{ max: 1, per: '24h' }];
  await policy(world, { caps });
  await world.send({ audience: { installationIds: ['Europe/Berlin'] } });
  await policy(world, { caps, quiet: { from: '22:00', to: '08:00' } });
  const { counts } = await world.closed(await world.send());
  assert.deepEqual([counts.accepted, counts.skippedBy, counts.held], [1, { capped: 1 }, 1]);
});

test('a campaign for which it is nowhere quiet has no waves', async (t) => {
  const world = await worldOf(t, 'Europe/Berlin', 'Europe/Paris', undefined);
  await policy(world, { quiet: { from: '03:00', to: '04:00' }, defaultZone: 'Europe/Berlin' });
  const id = await world.campaign();
  await world.settle();
  const { campaign } = await world.closed(id);
  assert.equal(campaign.waves, undefined);
});

test('a token and an opt-out are as they are when the wave comes, and new devices are in it', async (t) => {
  const world = await worldOf(t, 'Asia/Tokyo', 'Europe/Berlin', 'Europe/Paris');
  const id = await world.campaign({ schedule: { local: '2026-12-25T12:00' } });
  await world.run(utc('2026-12-25T09:00'));
  assert.deepEqual(Object.keys(times(world)), ['Asia/Tokyo']);
  await move(world, 'Europe/Berlin', { timeZone: 'Europe/Berlin', token: 'new-token' });
  await world.store.updateInstallation('default', 'Europe/Paris', (it) => ({
    ...it,
    optedOut: true,
  }));
  await move(world, 'new', { timeZone: 'Europe/Berlin' });
  await world.run();
  assert.deepEqual(times(world), {
    'Asia/Tokyo': '2026-12-25T03:00',
    'Europe/Berlin': '2026-12-25T11:00',
    new: '2026-12-25T11:00',
  });
  assert.equal(
    world.script.sent.find((it) => it.installationId === 'Europe/Berlin')?.token,
    'new-token',
  );
  await world.closed(id);
});

test('a device that changes its zone is sent to once, at the time of the new zone if that is yet to come', async (t) => {
  const world = await worldOf(
    t,
    'Asia/Tokyo',
    'Asia/Seoul',
    'Europe/Berlin',
    'Europe/Paris',
    'America/New_York',
  );
  const id = await world.campaign({ schedule: { local: '2026-12-26T12:00' } });
  await world.run(utc('2026-12-26T05:00'));
  // was sent to at 3:00, and lands where it is not noon yet
  await move(world, 'Asia/Tokyo', { timeZone: 'America/New_York' });
  // has not been sent to: one lands where noon is over, one where it is yet to come, one tells no zone
  await move(world, 'Europe/Berlin', { timeZone: 'Asia/Tokyo' });
  await move(world, 'Europe/Paris', { timeZone: 'America/New_York' });
  await world.run();
  const { 'Europe/Berlin': late, ...rest } = times(world);
  assert.deepEqual(rest, {
    'Asia/Tokyo': '2026-12-26T03:00',
    'Asia/Seoul': '2026-12-26T03:00',
    'Europe/Paris': '2026-12-26T17:00',
    'America/New_York': '2026-12-26T17:00',
  });
  // with the last shard
  assert.ok(Date.parse(`${late}Z`) >= utc('2026-12-26T17:00'));
  sentOnce(world);
  assert.equal((await world.closed(id)).accepted, 5);
});

test('a device that moves is sent to once, though quiet hours are given up before the next wave', async (t) => {
  const world = await worldOf(t, 'Asia/Tokyo', 'Europe/Berlin');
  await policy(world, { quiet: { from: '22:00', to: '08:00' } });
  const id = await world.campaign();
  await world.run(utc('2026-12-24T05:00'));
  await policy(world, { quiet: null });
  await move(world, 'Asia/Tokyo', { timeZone: 'Europe/Berlin' });
  await world.run();
  assert.deepEqual(times(world), {
    'Asia/Tokyo': '2026-12-24T00:00',
    'Europe/Berlin': '2026-12-24T07:00',
  });
  sentOnce(world);
  await world.closed(id);
});

test('a device that moved before a campaign was made is late where it is now, in whichever wave it comes', async (t) => {
  const world = await worldOf(t, 'Asia/Tokyo', 'Europe/Berlin');
  const { clock } = world;
  await move(world, 'was', { timeZone: 'Europe/Berlin' });
  await move(world, 'goes', { timeZone: 'Europe/Berlin' });
  clock.now = BEGIN + HOUR;
  await move(world, 'was', { timeZone: 'Asia/Tokyo' });
  // noon is over in Tokyo, and three minutes away in Berlin: no wave is alone
  clock.now = utc('2026-12-24T10:57');
  const id = await world.campaign({ schedule: { local: '2026-12-24T12:00', late: 'skip' } });
  clock.now += 1;
  await move(world, 'goes', { timeZone: 'Asia/Tokyo' });
  await world.run();
  assert.deepEqual(Object.keys(times(world)).sort(), ['Europe/Berlin', 'goes']);
  assert.deepEqual((await world.closed(id)).counts.skippedBy, { late: 2 });
});

test('one that moves after that is not late, in the wave that skips others too', async (t) => {
  const world = await worldOf(t, 'Asia/Tokyo', 'Europe/Berlin');
  const { clock } = world;
  for (let n = 0; n < 20; n++) await move(world, `first-${n}`, { timeZone: 'Europe/Berlin' });
  await policy(world, { quiet: { from: '19:00', to: '23:00' } });
  // in Tokyo it is 19:57, and quiet; what is skipped waits for the canary too
  clock.now = utc('2026-12-24T10:57');
  const id = await world.campaign({
    schedule: { local: '2026-12-24T12:00', late: 'skip' },
    canary: { percent: 50, holdSeconds: 600, maxFailureRate: 0.1 },
  });
  await world.run(clock.now + MINUTE);
  await move(world, 'Europe/Berlin', { timeZone: 'Asia/Tokyo' });
  await world.run();
  const { 'Europe/Berlin': sent } = times(world);
  assert.equal(sent, '2026-12-24T14:00');
  const { counts } = await world.closed(id);
  assert.deepEqual([counts.accepted, counts.skippedBy], [21, { late: 1 }]);
  assert.deepEqual([counts.held, counts.heldUntil], [1, utc('2026-12-24T14:00')]);
});

test('a cancelled campaign closes its waves without reading them', async (t) => {
  const world = await worldOf(t, 'Asia/Tokyo', 'Europe/Berlin', 'America/New_York');
  const id = await world.campaign({ schedule: { local: '2026-12-25T12:00' } });
  await world.run(utc('2026-12-25T09:00'));
  const { store } = world;
  let reads = 0;
  world.ports.store = {
    ...store,
    streamAudience: (it) => {
      reads += 1;
      return store.streamAudience(it);
    },
  };
  assert.equal((await cancel(world.ports, id)).kind, 'ok');
  await world.settle();
  const { campaign, recipients, accepted, skipped } = await world.closed(id);
  assert.deepEqual(
    [campaign.state, recipients, accepted, skipped, reads],
    ['cancelled', 1, 1, 0, 0],
  );
  const { waves } = await standingOf(store, campaign);
  assert.deepEqual(
    waves.map((it) => it.state),
    ['done', 'cancelled', 'cancelled', 'cancelled', 'cancelled'],
  );
  await world.run();
  assert.deepEqual(Object.keys(times(world)), ['Asia/Tokyo']);
});

test('a wave that comes while the campaign is paused goes when it is resumed, the others at their times', async (t) => {
  const world = await worldOf(t, 'Asia/Tokyo', 'Europe/Berlin', 'America/New_York');
  const id = await world.campaign({ schedule: { local: '2026-12-25T12:00' } });
  await world.run(utc('2026-12-25T09:00'));
  await pause(world.ports, id, 'a look');
  await world.run(utc('2026-12-25T13:00'));
  assert.deepEqual(Object.keys(times(world)), ['Asia/Tokyo']);
  world.clock.now = utc('2026-12-25T13:00');
  assert.equal((await resume(world.ports, id)).kind, 'ok');
  await world.run();
  assert.deepEqual(times(world), {
    'Asia/Tokyo': '2026-12-25T03:00',
    'Europe/Berlin': '2026-12-25T13:00',
    'America/New_York': '2026-12-25T17:00',
  });
  sentOnce(world);
  await world.closed(id);
});

const canary = { percent: 25, holdSeconds: 60, maxFailureRate: 0.1 };

test('a canary is the first waves, and a share of the one in which it is large enough', async (t) => {
  const world = createWorld(t);
  world.clock.now = BEGIN;
  const zones = ['Asia/Tokyo', 'Asia/Kolkata'];
  await world.people(400, (n) => ({
    timeZone: zones[n] ?? (n % 2 === 0 ? 'Europe/Berlin' : 'America/New_York'),
  }));
  const schedule = { local: '2026-12-25T12:00' };
  const id = await world.campaign({ schedule, canary });
  await world.run(utc('2026-12-25T11:00'));
  await world.settle();
  assert.equal((await world.store.getCampaign(id))!.guard, 'canary');
  const first = world.script.sent.length;
  assert.ok(first > 75 && first < 125, `${first} of 400`);
  assert.equal(times(world)['device-0'], '2026-12-25T03:00');
  assert.equal(times(world)['device-1'], '2026-12-25T06:30');
  await world.run();
  const sent = world.script.sent.map((it) => it.at);
  assert.equal(sent.filter((at) => at < utc('2026-12-25T11:05')).length, 201);
  assert.equal(sent.filter((at) => at === utc('2026-12-25T17:00')).length, 199);
  sentOnce(world);
  await world.closed(id);
  const history = await world.store.history(id);
  assert.ok(
    history.some((it) => it.reason === `the canary has passed: ${first} accepted, 0 failed`),
  );

  const bad = await world.campaign({ schedule: { local: '2026-12-27T12:00' }, canary });
  world.script.answer = () => ({ kind: 'rejected', reason: 'BadTopic' });
  world.script.sent.length = 0;
  await world.run(utc('2026-12-27T12:00'));
  assert.equal(await world.stateOf(bad), 'paused');
  assert.ok(world.script.sent.length <= 125, 'no other wave begins');
  const { canary: result } = (await report(world.ports, bad))!;
  assert.deepEqual([result!.state, result!.accepted, result!.isSmall], ['waiting', 0, false]);
  await resume(world.ports, bad);
  assert.equal((await report(world.ports, bad))!.canary!.state, 'overruled');
});

test('a canary of few ends with the wave in which it is reached; those that are late are none', async (t) => {
  const world = createWorld(t);
  world.clock.now = BEGIN;
  const zones = ['Asia/Tokyo', 'Europe/Berlin', 'Europe/Berlin', 'America/New_York'];
  await world.people(4, (n) => ({ timeZone: zones[n] }));
  // it has passed in Tokyo
  const schedule = { local: '2026-12-24T08:00', late: 'skip' as const };
  const id = await world.campaign({ schedule, canary });
  await world.run(utc('2026-12-24T07:30'));
  await world.run();
  const { counts } = await world.closed(id);
  assert.deepEqual([counts.accepted, counts.skippedBy], [3, { late: 1 }]);
  const history = await world.store.history(id);
  const passed = history.find((it) => it.reason?.startsWith('the canary has passed'));
  assert.match(passed!.reason!, /[12] accepted, 0 failed, too few to say much$/);
  const told = await report(world.ports, id);
  const lines = Object.fromEntries(reportLines(told!));
  assert.match(lines.Canary!, /^([12]) of \1 accepted; passed: too few to say much$/);
});

test('the rules of a zone, and the policy, are those of the freeze', async (t) => {
  const world = await worldOf(t, 'Asia/Tokyo', 'Europe/Berlin', 'Europe/Paris', 'America/New_York');
  const id = await world.campaign({ schedule: { local: '2026-12-25T12:00' } });
  await world.run(utc('2026-12-25T04:00'));
  // Berlin has abolished winter, and gone west
  world.ports.offsetAt = (zone, at) => (zone === 'Europe/Berlin' ? -HOUR : offsetAt(zone, at));
  // and in New York noon has become quiet
  await policy(world, { quiet: { from: '11:00', to: '13:30' }, defaultZone: 'Asia/Tokyo' });
  await world.run();
  assert.deepEqual(times(world), {
    'Asia/Tokyo': '2026-12-25T03:00',
    'Europe/Paris': '2026-12-25T12:30',
    'Europe/Berlin': '2026-12-25T14:30',
    'America/New_York': '2026-12-25T18:30',
  });
  const { counts } = await world.closed(id);
  assert.deepEqual([counts.held, counts.heldUntil], [3, utc('2026-12-25T18:30')]);
});

test('a list is read once, and its recipients wait in their chunks', async (t) => {
  const world = await worldOf(t, 'Asia/Tokyo', 'Europe/Berlin', 'America/New_York', undefined);
  const installationIds = ['Asia/Tokyo', 'Europe/Berlin', 'none'];
  const schedule = { local: '2026-12-25T12:00' };
  const id = await world.send({ schedule, audience: { installationIds } });
  assert.deepEqual(times(world), {
    'Asia/Tokyo': '2026-12-25T03:00',
    'Europe/Berlin': '2026-12-25T11:00',
    none: '2026-12-25T12:00',
  });
  const { campaign } = await world.closed(id);
  assert.deepEqual([campaign.shards, campaign.waves], [1, undefined]);
  const late = {
    schedule: { local: '2026-12-26T00:00', late: 'skip' as const },
    audience: { installationIds },
  };
  world.clock.now = utc('2026-12-25T20:00');
  world.script.sent.length = 0;
  const skipped = await world.send(late);
  assert.deepEqual(times(world), {
    'Europe/Berlin': '2026-12-25T23:00',
    none: '2026-12-26T00:00',
  });
  assert.deepEqual((await world.closed(skipped)).counts.skippedBy, { late: 1 });
});

test('a topic waits for the end of quiet hours in the default zone', async (t) => {
  const world = await worldOf(t);
  await policy(world, { quiet: { from: '22:00', to: '08:00' }, defaultZone: 'Europe/Berlin' });
  await world.send({ audience: { topic: 'news' } });
  assert.deepEqual(Object.values(times(world)), ['2026-12-24T07:00']);
});

test('the rate of a campaign holds over all of its waves', async (t) => {
  const world = createWorld(t);
  world.clock.now = BEGIN;
  // 8:00 and 7:00 UTC: the second wave comes when half of the first has left
  await world.people(240, (n) => ({ timeZone: n % 2 === 0 ? 'Europe/Kyiv' : 'Europe/Berlin' }));
  await policy(world, { defaultZone: 'Europe/Kyiv' });
  const rate = { perMinute: 60 };
  const id = await world.campaign({ schedule: { local: '2026-12-25T09:00' }, rate });
  await world.run();
  const at = world.script.sent.map((it) => it.at).sort((a, b) => a - b);
  assert.equal(at.length, 240);
  assert.equal(at[0], utc('2026-12-25T07:00'));
  for (const [i, it] of at.entries())
    assert.ok(i < 80 || it - at[i - 80]! >= MINUTE - 11_000, `${i}`);
  await world.closed(id);
});

test('a planner that dies in a wave goes on after the last frozen page', async (t) => {
  const world = createWorld(t);
  world.clock.now = BEGIN;
  await world.people(9_000, (n) => ({ timeZone: n % 2 === 0 ? 'Asia/Tokyo' : 'Europe/Berlin' }));
  const id = await world.campaign({ schedule: { local: '2026-12-25T12:00' } });
  await world.run(utc('2026-12-25T10:00'));
  world.clock.now = utc('2026-12-25T10:59:30');
  // the wave of Berlin, in which a page is frozen
  await assert.rejects(planShard(world.ports, id, 1, AbortSignal.abort()));
  assert.ok((await world.store.getShard(id, 1))!.pages > 0);
  await world.run();
  sentOnce(world);
  assert.equal((await world.closed(id)).accepted, 9_000);
  assert.ok(world.script.sent.every((it) => it.at < utc('2026-12-25T11:01')));
});

test('a campaign that is moved to an earlier local time while it is planned goes by that one', async (t) => {
  const world = await worldOf(t, 'Asia/Tokyo', 'Europe/Berlin', 'America/New_York');
  const { store, clock } = world;
  const id = await world.campaign({ schedule: { local: '2026-12-25T12:00' } });
  let moved = false;
  world.ports.store = {
    ...store,
    async zonesOf(app) {
      const zones = await store.zonesOf(app);
      if (moved) return zones;
      moved = true;
      const time = timeOf({ local: '2026-12-25T08:00', late: 'skip' }, clock.now);
      assert.equal((await reschedule(world.ports, id, time, 'me')).kind, 'ok');
      return zones;
    },
  };
  await world.run();
  assert.deepEqual(times(world), {
    'Asia/Tokyo': '2026-12-24T23:00',
    'Europe/Berlin': '2026-12-25T07:00',
    'America/New_York': '2026-12-25T13:00',
  });
  await world.closed(id);
});

test('a campaign that is paused for good looks at nothing, and goes on when it is resumed', async (t) => {
  const world = await worldOf(t, 'Asia/Tokyo', 'Europe/Berlin');
  const { store, clock } = world;
  const id = await world.campaign({ schedule: { local: '2026-12-25T12:00' } });
  await world.run(utc('2026-12-25T10:00'));
  // as where its audience cannot be read any more
  world.ports.store = {
    ...store,
    async *streamAudience() {
      yield* [];
      throw new Expired('the past');
    },
  };
  await world.run(utc('2026-12-25T12:00'));
  assert.equal(await world.stateOf(id), 'paused');
  let looks = 0;
  world.ports.store = {
    ...store,
    openShards(it) {
      looks += 1;
      return store.openShards(it);
    },
  };
  await world.run(utc('2026-12-28T12:00'));
  assert.equal(looks, 0);
  clock.now = utc('2026-12-28T12:00');
  await resume(world.ports, id, 'me');
  await world.run();
  sentOnce(world);
  assert.equal((await world.closed(id)).accepted, 2);
});

test('what is frozen is asked for of devices that move while the campaign goes on, and of waves that are planned', async (t) => {
  const world = await worldOf(t, 'Asia/Tokyo', 'Europe/Berlin', 'Europe/London', 'Asia/Dubai');
  const { store } = world;
  // it moves a long time before
  await move(world, 'Asia/Tokyo', { timeZone: 'Europe/Athens' });
  const asked: unknown[] = [];
  world.ports.store = {
    ...store,
    frozenAmong(id, ids, waves) {
      asked.push([ids, waves]);
      return store.frozenAmong(id, ids, waves);
    },
  };
  const id = await world.campaign({ schedule: { local: '2026-12-25T12:00' } });
  await world.run(utc('2026-12-25T09:30'));
  await move(world, 'Asia/Dubai', { timeZone: 'Europe/London' });
  await world.run();
  // the waves: Dubai, Athens, Berlin, London (UTC is the default zone), and those that move
  const once = [['Asia/Dubai'], [0, 1, 2]];
  assert.deepEqual(asked, [once, [['Asia/Dubai'], [0, 1, 2, 3]]]);
  sentOnce(world);
  assert.equal((await world.closed(id)).accepted, 4);
});

test('the shard of the movers waits until all others are planned', async (t) => {
  const world = await worldOf(t, 'Asia/Tokyo', 'Europe/Berlin');
  const id = await world.campaign({ schedule: { local: '2026-12-25T12:00' } });
  await world.run(utc('2026-12-25T10:00'));
  const movers = (await world.store.openShards(id)).find((it) => it.wave?.zones === 'movers')!;
  world.clock.now = utc('2026-12-25T10:59');
  const { store } = world;
  let read = 0;
  world.ports.store = {
    ...store,
    streamAudience: (it) => {
      read += 1;
      return store.streamAudience(it);
    },
  };
  await planShard(world.ports, id, movers.index, new AbortController().signal);
  assert.equal(read, 0);
  await world.run();
  await world.closed(id);
  assert.ok(world.clock.now < utc('2026-12-25T11:00') + DAY);
});
