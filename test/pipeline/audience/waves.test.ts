import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AppPolicy, defaultPolicy } from '../../../functions/model/app-policy.ts';
import type { CampaignRequest } from '../../../functions/model/campaign.ts';
import { campaignUsd } from '../../../functions/model/cost/estimate.ts';
import { campaignRequestSchema } from '../../../functions/model/schemas/campaign.ts';
import { putAppPolicy } from '../../../functions/pipeline/app-policy.ts';
import { estimate } from '../../../functions/pipeline/audience/estimate.ts';
import { createWorld, type World } from '../world.ts';

const asked = (rest: object = {}): CampaignRequest =>
  campaignRequestSchema.parse({
    name: 'x',
    audience: { everybody: true },
    message: { title: 'Hi' },
    ...rest,
  });

/** It is 13:00 UTC. Of 100 devices 60 are in Berlin, 20 in Kathmandu, 10 in New York, and 10 tell no zone. */
const people = (world: World) =>
  world.people(100, (n) => {
    if (n < 60) return { timeZone: 'Europe/Berlin' };
    if (n < 80) return { timeZone: 'Asia/Kathmandu' };
    return n < 90 ? { timeZone: 'America/New_York' } : {};
  });

const put = ({ ports }: World, policy: Partial<AppPolicy>) =>
  putAppPolicy(ports, { app: 'default', policy: { ...defaultPolicy, ...policy }, by: 'ada' });

const AT_15 = '2026-11-21T15:00';

/** Waves as lines: the UTC time, the zones, how many, and what is said of them. */
const lines = ({ waves }: Awaited<ReturnType<typeof estimate>>) =>
  waves.map(({ at, zones, installations, isHeld, isLate }) => {
    const words = [isHeld && 'held', isLate && 'late'].filter(Boolean).join();
    return `${new Date(at).toISOString().slice(5, 16)} ${zones.join()} ${installations} ${words}`.trim();
  });

const warned = ({ problems }: Awaited<ReturnType<typeof estimate>>) =>
  problems.map((it) => `${it.kind} ${it.installations}: ${it.message}`);

test('an estimate lists the waves of a local time, and says what becomes of those that are late', async (t) => {
  const world = createWorld(t);
  await people(world);
  await put(world, { defaultZone: 'America/New_York' });
  const late = '2026-11-21 15:00 has passed in Asia/Kathmandu';
  const zoneless =
    'no-zone 10: devices without a known time zone are in the default zone, America/New_York';
  const at14 = '11-21T14:00 Europe/Berlin 60';
  const at20 = '11-21T20:00 America/New_York 20';

  for (const isQuick of [false, true]) {
    const now = await estimate(world.ports, asked({ schedule: { local: AT_15 } }), isQuick);
    assert.deepEqual(lines(now), ['11-21T13:00 Asia/Kathmandu 20', at14, at20]);
    assert.deepEqual(warned(now), [
      zoneless,
      `late 20: ${late}: devices there are sent to immediately`,
    ]);
    assert.deepEqual([now.held, now.seconds], [null, 7 * 3600 + 1]);
    assert.equal(now.costUsd, campaignUsd(100, 0.02, { fcm: 100 }, 3), 'each wave reads all');
  }

  const next = await estimate(world.ports, asked({ schedule: { local: AT_15, late: 'next-day' } }));
  assert.deepEqual(lines(next), [at14, at20, '11-22T09:15 Asia/Kathmandu 20']);
  assert.equal(
    warned(next)[1],
    `late 20: ${late}: devices there are sent to at that time of the next day`,
  );

  const skipped = await estimate(world.ports, asked({ schedule: { local: AT_15, late: 'skip' } }));
  assert.deepEqual(lines(skipped), ['11-21T13:00 Asia/Kathmandu 20 late', at14, at20]);
  assert.equal(warned(skipped)[1], `late 20: ${late}: devices there are skipped`);
  assert.equal(skipped.seconds, 6 * 3600 + 1, 'nothing is sent to those that are skipped');
});

test('an estimate says who waits for the end of quiet hours, and until when', async (t) => {
  const world = createWorld(t);
  await people(world);
  assert.deepEqual(
    (await estimate(world.ports, asked())).waves,
    [],
    'they are sent to immediately',
  );
  // in Berlin it is 14:00, in Kathmandu 18:45, in New York 08:00
  await put(world, { quiet: { from: '18:00', to: '09:00' }, defaultZone: 'Europe/Berlin' });
  const found = await estimate(world.ports, asked());
  assert.deepEqual(lines(found), [
    '11-21T13:00 Europe/Berlin 70',
    '11-21T14:00 America/New_York 10 held',
    '11-22T03:15 Asia/Kathmandu 20 held',
  ]);
  assert.deepEqual(found.held, { installations: 30, until: Date.UTC(2026, 10, 22, 3, 15) });

  const message = { title: 'Hi', category: 'security' };
  await put(world, { quiet: { from: '18:00', to: '09:00' }, exempt: ['security'] });
  assert.deepEqual((await estimate(world.ports, asked({ message }))).waves, []);
  assert.equal((await estimate(world.ports, asked({ dryRun: true }))).held, null);
});

test('a wave that is not sent when the next one begins is warned about', async (t) => {
  const world = createWorld(t);
  await world.people(700, (n) => ({ timeZone: n < 650 ? 'Asia/Kathmandu' : 'Asia/Kolkata' }));
  const local = { schedule: { local: '2026-11-22T15:00' } };
  assert.deepEqual(warned(await estimate(world.ports, asked(local))), []);
  const found = await estimate(world.ports, asked({ ...local, rate: { perMinute: 60 } }));
  // 650 at 60 a minute take 10:50; the clocks differ by 15 minutes
  assert.deepEqual(warned(found), []);
  await world.people(1_050, (n) => ({ timeZone: n < 1_000 ? 'Asia/Kathmandu' : 'Asia/Kolkata' }));
  const more = await estimate(world.ports, asked({ ...local, rate: { perMinute: 60 } }));
  assert.deepEqual(warned(more), [
    'slow-wave 1000: the wave of 2026-11-22 09:15 UTC takes 17 minutes, and the next one begins after 15 minutes: 67 pushes a minute are needed',
  ]);
});

test('an estimate says in which waves a canary is, and warns of a small one', async (t) => {
  const world = createWorld(t);
  await people(world);
  const canary = (percent: number) => ({
    canary: { percent, holdSeconds: 60, maxFailureRate: 0.1 },
  });
  const local = { schedule: { local: '2026-11-22T15:00' } };
  const small = 'the canary has so few devices that it says little: give a larger percent';
  // 20 in Kathmandu come first, then 70 in Berlin
  const first = await estimate(world.ports, asked({ ...local, ...canary(10) }));
  const at = Date.UTC(2026, 10, 22, 9, 15);
  assert.deepEqual(first.canary, { installations: 10, waves: 1, until: at });
  assert.deepEqual(warned(first).slice(-1), [`small-canary 10: ${small}`]);
  const second = await estimate(world.ports, asked({ ...local, ...canary(40) }));
  assert.deepEqual(second.canary, {
    installations: 40,
    waves: 2,
    until: Date.UTC(2026, 10, 22, 14),
  });
  assert.doesNotMatch(warned(second).join(), /small-canary/);
  // without waves, and of a list, which is read once
  const plain = await estimate(world.ports, asked(canary(50)));
  assert.deepEqual(plain.canary, { installations: 50, waves: 0, until: null });
  const audience = { installationIds: Array.from({ length: 60 }, (_, n) => `device-${n}`) };
  const list = await estimate(world.ports, asked({ ...local, ...canary(50), audience }));
  assert.deepEqual(list.canary, { installations: 30, waves: 0, until: null });
  assert.equal((await estimate(world.ports, asked())).canary, null);
});
