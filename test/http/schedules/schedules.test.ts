import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CampaignView } from '../../../functions/http/campaigns/view.ts';
import type { Problem } from '../../../functions/http/core/problems.ts';
import type { ScheduleView } from '../../../functions/http/schedules/view.ts';
import { campaign, createFixture, jsonOf, NOW } from '../fixture.ts';

type Ask = Awaited<ReturnType<typeof createFixture>>['ask'];

const at = (ms: number) => new Date(ms).toISOString();
const DAY = 24 * 3_600_000;
const morning = { name: 'Morning', cron: '30 9 * * *', timeZone: 'Europe/Berlin', campaign };

async function made(ask: Ask, rest: object = {}) {
  const response = await ask('POST', '/v1/schedules', { ...morning, ...rest });
  assert.equal(response.status, 201);
  const view = await jsonOf<ScheduleView>(response);
  assert.equal(response.headers.get('Location'), `/v1/schedules/${view.id}`);
  return { view, path: `/v1/schedules/${view.id}` };
}

test('a schedule is made, read, changed, paused, resumed and removed', async (t) => {
  const { ask } = await createFixture(t);
  const { view, path } = await made(ask, { until: at(NOW + 3 * DAY) });
  assert.equal(view.state, 'active');
  // it is winter there
  assert.deepEqual(
    view.nextRuns,
    [1, 2, 3].map((day) => `2026-11-2${1 + day}T08:30:00.000Z`),
  );
  assert.deepEqual(await jsonOf(await ask('GET', path)), view);
  const { items, next } = await jsonOf<{ items: ScheduleView[]; next: null }>(
    await ask('GET', '/v1/schedules'),
  );
  assert.deepEqual([items, next], [[view], null]);
  const changed = await jsonOf<ScheduleView>(
    await ask('PUT', path, { ...morning, cron: '0 10 * * *', maxRuns: 2 }),
  );
  assert.deepEqual([changed.until, changed.maxRuns, changed.nextRuns.length], [undefined, 2, 2]);
  const verb = async (name: string) => jsonOf<ScheduleView>(await ask('POST', `${path}/${name}`));
  assert.deepEqual([(await verb('pause')).state, (await verb('pause')).nextRuns], ['paused', []]);
  const still = await ask('PUT', path, morning);
  assert.equal((await jsonOf<ScheduleView>(still)).state, 'paused', 'a change does not resume it');
  assert.deepEqual(
    [(await verb('resume')).state, (await verb('resume')).state],
    ['active', 'active'],
  );
  assert.equal((await ask('DELETE', path)).status, 204);
  for (const [method, rest, body] of [
    ['GET', ''],
    ['PUT', '', morning],
    ['DELETE', ''],
    ['POST', '/pause'],
    ['POST', '/resume'],
    ['POST', '/run'],
  ] as const) {
    const gone = await ask(method, path + rest, body);
    assert.equal(gone.status, 404, `${method} ${rest}`);
    assert.match((await jsonOf<Problem>(gone)).next, /GET \/v1\/schedules lists all/);
  }
});

test('what could never run is refused with its place, and nothing is stored', async (t) => {
  const { ask, store } = await createFixture(t);
  const { path, view } = await made(ask);
  for (const [wrong, status, place, words] of [
    [{ cron: '0 0 31 2 *' }, 400, 'cron', /never matches a day; check the day of the month/],
    [{ cron: '0 0 30 2 *' }, 400, 'cron', /never matches/],
    [{ cron: '' }, 400, 'cron', /must be five fields such as "30 9 \* \* 1-5"/],
    [{ cron: '* * * *' }, 400, 'cron', /must be five fields/],
    [{ cron: '0 * * * * *' }, 400, 'cron', /must be five fields/],
    [{ cron: '60 * * * *' }, 400, 'cron', /must be five fields/],
    [{ cron: '* 24 * * *' }, 400, 'cron', /must be five fields/],
    [{ cron: '* * * 13 *' }, 400, 'cron', /must be five fields/],
    [{ cron: '* * * * 9' }, 400, 'cron', /must be five fields/],
    [{ cron: '*/0 * * * *' }, 400, 'cron', /must be five fields/],
    [{ cron: 'every morning' }, 400, 'cron', /must be five fields/],
    [{ cron: 5 }, 400, 'cron', /string/],
    [{ cron: '*'.repeat(300) }, 400, 'cron', /200/],
    [{ timeZone: 'Mars/Olympus' }, 400, 'timeZone', /must be a zone such as Europe\/Berlin/],
    [{ timeZone: '' }, 400, 'timeZone', /must be a zone/],
    [{ until: '2027-02-30T00:00:00Z' }, 400, 'until', /time|date/i],
    [{ until: '2027-01-01' }, 400, 'until', /time|date/i],
    [{ until: 'never' }, 400, 'until', /time|date/i],
    [{ until: at(NOW - 1) }, 422, 'until', /comes before the next run/],
    [{ until: at(NOW + 60_000) }, 422, 'until', /comes before the next run/],
    [{ maxRuns: 0 }, 400, 'maxRuns', /1/],
    [{ maxRuns: 1.5 }, 400, 'maxRuns', /int/],
    [{ missed: 'thrice' }, 400, 'missed', /once/],
    [{ zone: 'UTC' }, 400, 'zone', /unknown/],
    [{ local: true }, 400, 'timeZone', /says nothing with `local`/],
    [{ local: 'yes', timeZone: undefined }, 400, 'local', /boolean/],
    [{ late: 'now' }, 400, 'late', /goes with `local`/],
    [{ local: false, late: 'skip' }, 400, 'late', /goes with `local`/],
    [{ local: true, late: 'never', timeZone: undefined }, 400, 'late', /next-day/],
    [{ local: true, cron: '0 0 30 2 *', timeZone: undefined }, 400, 'cron', /never matches/],
    [{ local: true, until: at(NOW), timeZone: undefined }, 422, 'until', /comes before/],
    [
      { campaign: { ...campaign, schedule: { at: at(NOW + DAY) } } },
      400,
      'campaign.schedule',
      /cron/,
    ],
    [{ campaign: { ...campaign, app: 'other' } }, 422, 'campaign.app', /no credentials/],
    [
      { campaign: { ...campaign, audience: { segment: 'x' } } },
      422,
      'campaign.audience.segment',
      /x/,
    ],
  ] as const)
    for (const [method, where] of [
      ['POST', '/v1/schedules'],
      ['PUT', path],
    ] as const) {
      const told = await ask(method, where, { ...morning, ...wrong });
      const label = `${method} ${JSON.stringify(wrong)}`;
      assert.equal(told.status, status, label);
      const { faults = [], next } = await jsonOf<Problem>(told);
      const fault = faults.find((it) => it.path === place);
      assert.match(fault?.message ?? `none of ${JSON.stringify(faults)}`, words, label);
      assert.ok(next);
    }
  assert.equal((await store.listSchedules(null, 10)).items.length, 1);
  assert.deepEqual(await jsonOf(await ask('GET', path)), view, 'and it is as it was');
});

test('the runs of a local schedule are shown as clocks show them', async (t) => {
  const { ask, store } = await createFixture(t);
  const local = { timeZone: undefined, local: true };
  const { view, path } = await made(ask, { ...local, late: 'next-day', until: at(NOW + 3 * DAY) });
  assert.deepEqual(view.nextRuns, ['2026-11-22T09:30', '2026-11-23T09:30', '2026-11-24T09:30']);
  assert.deepEqual([view.timeZone, view.local, view.late], [undefined, true, 'next-day']);
  const kept = await store.getSchedule(view.id);
  assert.equal(kept!.nextAt, Date.parse('2026-11-22T09:30:00+14:00'));
  const until = '2026-11-23T09:30:00Z';
  const one = await jsonOf<ScheduleView>(await ask('GET', `${path}?runsUntil=${until}`));
  assert.deepEqual(one.nextRuns, ['2026-11-22T09:30'], 'that time is not before itself');
  const zoned = await jsonOf<ScheduleView>(await ask('PUT', path, morning));
  assert.deepEqual(
    [zoned.timeZone, zoned.local, zoned.late, zoned.nextRuns[0]],
    ['Europe/Berlin', undefined, undefined, '2026-11-22T08:30:00.000Z'],
  );
  const again = await jsonOf<ScheduleView>(await ask('PUT', path, { ...morning, ...local }));
  assert.deepEqual([again.timeZone, again.local, again.late], [undefined, true, undefined]);
  const run = await jsonOf<CampaignView>(await ask('POST', `${path}/run`));
  assert.deepEqual([run.state, run.schedule], ['accepted', undefined], 'by hand it is for all now');
});

test('an ended schedule is neither paused nor resumed, but can be run by hand', async (t) => {
  const { ask, store } = await createFixture(t);
  const { view, path } = await made(ask, { maxRuns: 1 });
  const kept = (await store.getSchedule(view.id))!;
  const ended = { ...kept, state: 'ended' as const, nextAt: null, runs: 1, version: 1 };
  assert.equal(await store.putSchedule(ended, 0), true);
  for (const verb of ['pause', 'resume']) {
    const told = await ask('POST', `${path}/${verb}`);
    assert.equal(told.status, 409);
    const { detail, next } = await jsonOf<Problem>(told);
    assert.equal(detail, `A schedule that has ended cannot be ${verb}d.`);
    assert.match(next, /change.*until.*maxRuns|PUT/i);
  }
  const run = await ask('POST', `${path}/run`);
  assert.equal(run.status, 202);
  assert.equal((await jsonOf<CampaignView>(run)).scheduleId, view.id);
  const longer = await ask('PUT', path, { ...morning, maxRuns: 3 });
  assert.equal((await jsonOf<ScheduleView>(longer)).nextRuns.length, 2, 'it goes on');
});

test('a key needs the scopes for schedules: to write and to read', async (t) => {
  const { ask, addKey } = await createFixture(t);
  const { path } = await made(ask);
  const as = async (scope: 'read' | 'installations') => ({
    Authorization: `Bearer ${await addKey(scope)}`,
  });
  for (const [method, rest, body] of [
    ['PUT', '', morning],
    ['DELETE', ''],
    ['POST', '/pause'],
    ['POST', '/resume'],
    ['POST', '/run'],
  ] as const)
    assert.equal((await ask(method, path + rest, body, await as('read'))).status, 403, rest);
  assert.equal((await ask('POST', '/v1/schedules', morning, await as('read'))).status, 403);
  assert.equal((await ask('GET', path, undefined, await as('read'))).status, 200);
  assert.equal((await ask('GET', path, undefined, await as('installations'))).status, 403);
});

test('the runs before a time are shown, of one schedule and in the list', async (t) => {
  const { ask } = await createFixture(t);
  const { path } = await made(ask);
  await made(ask, { name: 'Often', cron: '*/5 * * * *' });
  const until = encodeURIComponent(at(NOW + 30 * DAY));
  const one = await jsonOf<ScheduleView>(await ask('GET', `${path}?runsUntil=${until}`));
  assert.deepEqual(
    [one.nextRuns.length, one.nextRuns[0], one.nextRuns.at(-1)],
    [30, '2026-11-22T08:30:00.000Z', '2026-12-21T08:30:00.000Z'],
  );
  const list = `/v1/schedules?limit=20&runsUntil=${until}`;
  const { items } = await jsonOf<{ items: ScheduleView[] }>(await ask('GET', list));
  assert.deepEqual(items.map((it) => [it.name, it.nextRuns.length]).sort(), [
    ['Morning', 30],
    ['Often', 100],
  ]);
  const many = await ask('GET', `/v1/schedules?limit=21&runsUntil=${until}`);
  assert.deepEqual((await jsonOf<Problem>(many)).faults, [
    { path: 'query.limit', message: 'is at most 20 with runsUntil' },
  ]);
});

test('a repeated request with its Idempotency-Key gives the schedule that it made, as it is by now', async (t) => {
  const { ask, clock } = await createFixture(t);
  const body = { ...morning, until: at(NOW + 3 * DAY) };
  const key = { 'Idempotency-Key': 'draft 1' };
  const first = await ask('POST', '/v1/schedules', body, key);
  assert.equal(first.status, 201);
  const { id } = await jsonOf<ScheduleView>(first);
  await ask('POST', `/v1/schedules/${id}/pause`);
  const again = await ask('POST', '/v1/schedules', body, key);
  assert.equal(again.status, 201);
  const view = await jsonOf<ScheduleView>(again);
  assert.deepEqual([view.id, view.state], [id, 'paused']);
  const other = await ask('POST', '/v1/schedules', { ...body, name: 'Evening' }, key);
  assert.equal(other.status, 409);
  assert.match((await jsonOf<Problem>(other)).next, /new key for a new schedule/);
  const { items } = await jsonOf<{ items: unknown[] }>(await ask('GET', '/v1/schedules'));
  assert.equal(items.length, 1);
  // by now it would be refused: its end has passed
  clock.now = NOW + 4 * DAY;
  const late = await ask('POST', '/v1/schedules', body, key);
  assert.equal((await jsonOf<ScheduleView>(late)).id, id);
});
