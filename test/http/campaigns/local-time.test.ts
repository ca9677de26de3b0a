/** Campaigns with a local time by the API: what is refused and how it is said, and what is shown. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { EstimateView } from '../../../functions/http/campaigns/estimate.ts';
import { createLive } from '../../../functions/http/campaigns/live.ts';
import type { CampaignView } from '../../../functions/http/campaigns/view.ts';
import type { Problem } from '../../../functions/http/core/problems.ts';
import { BUCKETS } from '../../../functions/model/bucket.ts';
import type { ShardWave } from '../../../functions/model/chunk.ts';
import type { Store } from '../../../functions/ports/ports.ts';
import { person } from '../../contracts/store-fixture.ts';
import { campaign, createFixture, jsonOf, NOW } from '../fixture.ts';

const HOUR = 60 * 60 * 1000;

/** What is wrong with a request: `422 schedule.local: has passed in every time zone`. */
async function faultsOf(response: Response): Promise<string[]> {
  if (response.ok) return [];
  const { status, faults = [] } = await jsonOf<Problem>(response);
  return faults.map(({ path, message }) => `${status} ${path}: ${message}`);
}

const TOPIC =
  'is for devices that Volley knows: a topic is one push, which FCM sends to all together; give `at`';
const ONE_OF =
  'must have either `at`, a point in time, or `local`, what the clock of each device shows';

// it is 13:00 UTC on the 21st of November: at UTC-12:00 it is 01:00
const REFUSED = [
  [
    { local: '2026-02-31T09:00' },
    '400 schedule.local: is no time: there is no such day, hour or minute',
  ],
  [
    { local: '2027-01-01T24:00' },
    '400 schedule.local: is no time: there is no such day, hour or minute',
  ],
  [{ local: '9999-01-01T09:00' }, '400 schedule.local: is too far away'],
  ...[
    '2027-01-01T09:00Z',
    '2027-01-01T09:00+01:00',
    '2027-01-01 09:00',
    '2027-01-01',
    '2027-01-01T09:00:00',
    'tomorrow',
  ].map(
    (local) =>
      [
        { local },
        '400 schedule.local: must be a date and a time without a zone, such as 2030-12-24T09:00',
      ] as const,
  ),
  [{ local: '2026-11-21T01:00' }, '422 schedule.local: has passed in every time zone'],
  [
    { local: '2027-01-01T09:00', late: 'drop' },
    '400 schedule.late: must be one of now, next-day, skip',
  ],
  [
    { at: '2027-01-01T09:00:00Z', late: 'now' },
    '400 schedule.late: goes with `local`: one point in time is late for all or none',
  ],
  [{ at: '2027-01-01T09:00:00Z', local: '2027-01-01T09:00' }, `400 schedule: ${ONE_OF}`],
  [{}, `400 schedule: ${ONE_OF}`],
] as const;

test('a local time that is none, has passed everywhere or has company is refused with its place', async (t) => {
  const { ask, store } = await createFixture(t);
  for (const [schedule, expected] of REFUSED) {
    const asked = await ask('POST', '/v1/campaigns', { ...campaign, schedule });
    assert.deepEqual(await faultsOf(asked), [expected]);
    const checked = await ask('POST', '/v1/campaigns:check', { ...campaign, schedule });
    const { faults } = await jsonOf<{ faults: { path: string; message: string }[] }>(checked);
    const [fault] = faults;
    assert.equal(`${fault?.path}: ${fault?.message}`, expected.slice('400 '.length));
  }
  assert.deepEqual((await store.listCampaigns(null, 10)).items, []);
});

test('a topic and a condition have no local time, neither at first nor when they are moved', async (t) => {
  const { ask } = await createFixture(t);
  const topic = { ...campaign, audience: { topic: 'news' } };
  const local = { local: '2027-01-01T09:00' };
  assert.deepEqual(
    await faultsOf(await ask('POST', '/v1/campaigns', { ...topic, schedule: local })),
    [`422 schedule.local: ${TOPIC}`],
  );
  const at = { schedule: { at: '2027-01-01T09:00:00Z' } };
  const { id } = await jsonOf<CampaignView>(
    await ask('POST', '/v1/campaigns', { ...topic, ...at }),
  );
  const moved = await ask('PUT', `/v1/campaigns/${id}/schedule`, local);
  assert.deepEqual(await faultsOf(moved), [`422 local: ${TOPIC}`]);
});

test('a campaign is moved to a local time and back, and shows the one it has', async (t) => {
  const { ask } = await createFixture(t);
  const at = { at: '2027-01-01T09:00:00.000Z' };
  const made = await jsonOf<CampaignView>(
    await ask('POST', '/v1/campaigns', { ...campaign, schedule: at }),
  );
  for (const time of [
    { local: '2027-01-01T09:00', late: 'next-day' },
    { local: '2026-11-21T01:01', late: 'now' },
    at,
  ]) {
    const moved = await ask('PUT', `/v1/campaigns/${made.id}/schedule`, time);
    assert.equal(moved.status, 200);
    assert.deepEqual((await jsonOf<CampaignView>(moved)).schedule, time);
  }
  const passed = await ask('PUT', `/v1/campaigns/${made.id}/schedule`, {
    local: '2026-11-21T01:00',
  });
  assert.deepEqual(await faultsOf(passed), ['422 local: has passed in every time zone']);
});

test('an estimate has the waves of a local time that has passed in some zones', async (t) => {
  const { ask, store } = await createFixture(t);
  await store.putInstallations([
    person('a', { timeZone: 'Pacific/Kiritimati' }),
    person('b', { timeZone: 'Europe/Berlin' }),
    person('c'),
  ]);
  const schedule = { local: '2026-11-21T15:00', late: 'skip' };
  const found = await jsonOf<EstimateView>(
    await ask('POST', '/v1/audiences:estimate', { audience: { everybody: true }, schedule }),
  );
  assert.deepEqual(found.waves, [
    {
      at: '2026-11-21T13:00:00.000Z',
      zones: ['Pacific/Kiritimati'],
      installations: 1,
      held: false,
      late: true,
    },
    {
      at: '2026-11-21T14:00:00.000Z',
      zones: ['Europe/Berlin'],
      installations: 1,
      held: false,
      late: false,
    },
    {
      at: '2026-11-21T15:00:00.000Z',
      zones: ['Etc/UTC'],
      installations: 1,
      held: false,
      late: false,
    },
  ]);
  assert.equal(found.held, null);
  assert.deepEqual(
    found.problems.map((it) => [it.severity, it.kind, it.installations]),
    [
      ['warning', 'no-zone', 1],
      ['warning', 'late', 1],
    ],
  );
});

/** A campaign in three waves, of which none is read yet: in Berlin, elsewhere, and those that move. */
async function inWaves({ ask, store, clock }: Awaited<ReturnType<typeof createFixture>>) {
  const schedule = { local: '2026-11-22T09:00' };
  const { id } = await jsonOf<CampaignView>(
    await ask('POST', '/v1/campaigns', { ...campaign, schedule }),
  );
  clock.now = NOW + 6 * HOUR;
  const whole = { from: 0, to: BUCKETS };
  const turn = { of: 1, part: 0, isHeld: false, isLate: false };
  const waves: ShardWave[] = [
    { ...turn, index: 0, at: NOW + 19 * HOUR, zones: { in: ['Europe/Berlin'] } },
    { ...turn, index: 1, at: NOW + 20 * HOUR, isHeld: true, zones: { except: ['Europe/Berlin'] } },
    { ...turn, index: 2, at: NOW + 20 * HOUR, zones: 'movers' },
  ];
  await store.startCampaign({
    id,
    shards: waves.map((wave) => ({ ...whole, wave })),
    waves: waves.map(({ at, zones }) => ({
      at,
      shards: 1,
      ...(zones !== 'movers' && { size: 7 }),
    })),
    dueAt: NOW,
    at: clock.now,
  });
  return id;
}

test('a campaign that is planned shows its waves; lists and changes leave them out', async (t) => {
  const fixture = await createFixture(t);
  const { ask } = fixture;
  const id = await inWaves(fixture);
  const shown = await jsonOf<CampaignView>(await ask('GET', `/v1/campaigns/${id}`));
  const none = { recipients: 0, accepted: 0, failed: 0, skipped: 0, pending: 0 };
  const mover = { state: 'waiting', held: false, late: false, counts: none };
  const wave = { ...mover, expected: 7 };
  assert.deepEqual(shown.waves, [
    { ...wave, at: '2026-11-22T08:00:00.000Z', of: 'zones', zones: ['Europe/Berlin'] },
    { ...wave, at: '2026-11-22T09:00:00.000Z', of: 'others', zones: [], held: true },
    { ...mover, at: '2026-11-22T09:00:00.000Z', of: 'movers', zones: [] },
  ]);
  assert.equal(shown.expected, 14);
  assert.deepEqual(shown.schedule, { local: '2026-11-22T09:00', late: 'now' });
  const report = await jsonOf<{ campaign: CampaignView }>(
    await ask('GET', `/v1/campaigns/${id}/report`),
  );
  assert.deepEqual(report.campaign.waves, shown.waves);
  const { items } = await jsonOf<{ items: CampaignView[] }>(await ask('GET', '/v1/campaigns'));
  assert.deepEqual([items[0]!.id, items[0]!.waves, items[0]!.expected], [id, undefined, 14]);
  const paused = await jsonOf<CampaignView>(await ask('POST', `/v1/campaigns/${id}/pause`));
  assert.deepEqual([paused.state, paused.waves], ['paused', undefined]);
  const events = await ask('GET', `/v1/campaigns/${id}/events?wait=0`);
  const told = await jsonOf<{ events: { event: string; data: CampaignView }[] }>(events);
  assert.deepEqual(told.events.find((it) => it.event === 'campaign')?.data.waves, shown.waves);
});

test('while all waves wait, the live stream reads their shards every 30 seconds, or when the state changes', async (t) => {
  const fixture = await createFixture(t);
  const id = await inWaves(fixture);
  const looks = { campaign: 0, shards: 0 };
  const { store } = fixture;
  const counted: Store = {
    ...store,
    getCampaign: (it) => {
      looks.campaign += 1;
      return store.getCampaign(it);
    },
    listShards: (it) => {
      looks.shards += 1;
      return store.listShards(it);
    },
  };
  const clock = { now: 0 };
  const ports = { store: counted, log: fixture.ports.log, now: fixture.ports.now };
  const live = createLive(ports, { pollMs: 1, now: () => clock.now });
  const listener = live.listen(id)!;
  t.after(() => listener.close());
  const { signal } = new AbortController();
  const next = async (after: string | null, waitMs: number) =>
    (await listener.next(after, waitMs, signal))!;
  const first = await next(null, 0);
  const { id: last, data } = first.messages.at(-1)!;
  assert.equal((data as CampaignView).waves?.length, 3);
  const looked = async () => {
    for (const until = looks.campaign + 3; looks.campaign < until; ) await setTimeout(1);
    return looks.shards;
  };
  assert.equal(await looked(), 1);
  clock.now = 30_000;
  assert.equal(await looked(), 2);
  // the first of them is due: it may begin with each look
  fixture.clock.now = NOW + 19 * HOUR - 60_000;
  assert.ok((await looked()) > 3);
  fixture.clock.now = NOW + 20 * HOUR;
  const before = await looked();
  assert.equal(await looked(), before);
  await fixture.ask('POST', `/v1/campaigns/${id}/pause`);
  const paused = await next(last, 60_000);
  assert.equal((paused.messages.at(-1)!.data as CampaignView).state, 'paused');
  assert.equal(await looked(), before + 1);
});
