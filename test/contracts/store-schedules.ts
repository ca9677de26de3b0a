import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Schedule } from '../../functions/model/schedule.ts';
import { allPages, type MakeStore, MINUTE, NOW } from './store-fixture.ts';

export const schedule = (id: string, rest: Partial<Schedule> = {}): Schedule => ({
  id,
  name: id,
  cron: '0 9 * * *',
  timeZone: 'UTC',
  missed: 'once',
  state: 'active',
  runs: 0,
  nextAt: NOW,
  lastCampaignId: null,
  createdAt: NOW,
  version: 0,
  campaign: {
    name: 'Autumn',
    app: 'default',
    audience: {},
    dryRun: false,
    message: { title: 'Hallo', ttlSeconds: 3600, priority: 'high' },
  },
  ...rest,
});

const ids = (list: Schedule[]) => list.map((it) => it.id).toSorted();

export function scheduleContract(name: string, makeStore: MakeStore) {
  test(`${name}: a schedule is written by who has seen its last version`, async (t) => {
    const store = await makeStore(t);
    const first = schedule('s1', { until: NOW + MINUTE });
    assert.equal(await store.getSchedule('s1'), null);
    assert.equal(await store.putSchedule(first, 0), false, 'there is none to replace');
    assert.equal(await store.putSchedule(first, null), true);
    assert.equal(await store.putSchedule(first, null), false, 'it is there');
    assert.deepEqual(await store.getSchedule('s1'), first);
    const second = { ...first, version: 1, name: 'other' };
    assert.equal(await store.putSchedule(second, 0), true);
    assert.equal(await store.putSchedule({ ...second, name: 'late' }, 0), false);
    assert.deepEqual(await store.getSchedule('s1'), second);
    assert.equal(await store.deleteSchedule('s1'), true);
    assert.equal(await store.deleteSchedule('s1'), false);
    assert.equal(await store.getSchedule('s1'), null);
  });

  test(`${name}: of two changes of a schedule at the same time one is done`, async (t) => {
    const store = await makeStore(t);
    await store.putSchedule(schedule('s1'), null);
    const writes = Array.from({ length: 5 }, (_, i) =>
      store.putSchedule(schedule('s1', { version: 1, name: `by ${i}` }), 0),
    );
    const done = await Promise.all(writes);
    assert.equal(done.filter(Boolean).length, 1);
    assert.equal((await store.getSchedule('s1'))?.name, `by ${done.indexOf(true)}`);
  });

  test(`${name}: schedules are due at their time, and listed in pages`, async (t) => {
    const store = await makeStore(t);
    const all = Array.from({ length: 7 }, (_, i) => schedule(`s${i}`, { nextAt: NOW + i }));
    for (const it of [...all, schedule('paused', { nextAt: null, state: 'paused' })])
      await store.putSchedule(it, null);
    const due = async (now: number) => (await Array.fromAsync(store.dueSchedules(now))).flat();
    assert.deepEqual(await due(NOW - 1), []);
    assert.deepEqual(ids(await due(NOW + 2)), ['s0', 's1', 's2']);
    await store.putSchedule({ ...all[0]!, version: 1, nextAt: NOW + MINUTE }, 0);
    assert.deepEqual(ids(await due(NOW + 2)), ['s1', 's2']);
    await store.putSchedule({ ...all[1]!, version: 1, nextAt: null }, 0);
    assert.deepEqual(ids(await due(NOW + 2)), ['s2']);
    const listed = await allPages((after) => store.listSchedules(after, 3), 3);
    assert.deepEqual(ids(listed), [...ids(all), 'paused'].toSorted());
  });

  test(`${name}: hundreds that are due at the same moment come once each, whatever changes`, async (t) => {
    const store = await makeStore(t);
    const all = Array.from({ length: 250 }, (_, i) => schedule(`s${i}`));
    await Promise.all(all.map((it) => store.putSchedule(it, null)));
    const seen: string[] = [];
    for await (const page of store.dueSchedules(NOW)) {
      assert.ok(page.length <= 100);
      for (const it of page) {
        seen.push(it.id);
        // every second one moves on, the others stay due
        if (seen.length % 2 === 0)
          await store.putSchedule({ ...it, version: 1, nextAt: NOW + MINUTE }, 0);
      }
    }
    assert.deepEqual(seen.toSorted(), ids(all));
  });
}
