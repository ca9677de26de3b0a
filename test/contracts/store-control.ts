/** The part of the store's contract that is about the control of campaigns. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_HISTORY } from '../../functions/model/campaign.ts';
import { LOST_AFTER_MS } from '../../functions/model/timing.ts';
import {
  campaignOf,
  EVERYBODY,
  finish,
  lonelyChunk,
  type MakeStore,
  MINUTE,
  NOW,
  running,
} from './store-fixture.ts';

const canary = { percent: 5, holdSeconds: 60, maxFailureRate: 0.1 };

export function controlContract(name: string, makeStore: MakeStore) {
  test(`${name}: a scheduled campaign begins at its time, once, and not before`, async (t) => {
    const store = await makeStore(t);
    const at = NOW + 60 * MINUTE;
    const it = campaignOf({ state: 'scheduled', schedule: { at } });
    await store.createCampaign(it, null, at);
    assert.deepEqual(await store.getCampaign(it.id), it);
    assert.equal(
      await store.startCampaign({ id: it.id, shards: [EVERYBODY], dueAt: at, at: at - 1 }),
      false,
    );
    assert.equal((await store.getCampaign(it.id))?.state, 'scheduled');
    const both = await Promise.all(
      [0, 1].map((late) =>
        store.startCampaign({ id: it.id, shards: [EVERYBODY], dueAt: at + MINUTE, at: at + late }),
      ),
    );
    assert.deepEqual(both.toSorted(), [false, true]);
    const started = await store.getCampaign(it.id);
    assert.equal(started?.state, 'running');
    assert.ok(started.startedAt === at || started.startedAt === at + 1);
  });

  test(`${name}: its time can be changed until it begins`, async (t) => {
    const store = await makeStore(t);
    const at = NOW + 60 * MINUTE;
    const it = campaignOf({ state: 'scheduled', schedule: { at } });
    await store.createCampaign(it, null, at, 'key "ci"');
    const changed = await store.reschedule(
      it.id,
      { at: at + MINUTE },
      at,
      NOW + 1,
      'ada@example.com',
    );
    assert.deepEqual(changed, { ...it, schedule: { at: at + MINUTE } });
    assert.deepEqual(await store.getCampaign(it.id), changed);
    assert.equal(
      await store.startCampaign({ id: it.id, shards: [EVERYBODY], dueAt: at, at }),
      false,
      'the old time',
    );
    assert.deepEqual(await store.takeOverdue(at - 1, at + MINUTE, 10).then(campaigns), []);
    assert.equal((await store.takeOverdue(at, at + MINUTE, 10).then(campaigns)).length, 1);
    assert.equal(
      await store.startCampaign({ id: it.id, shards: [EVERYBODY], dueAt: at, at: at + MINUTE }),
      true,
    );
    assert.equal(await store.reschedule(it.id, { at }, at, NOW, 'x'), null);
    assert.equal(await store.reschedule('nothing', { at }, at, NOW, 'x'), null);
    assert.deepEqual(
      (await store.history(it.id)).map(({ by, from, to }) => [by, from, to]),
      [
        ['key "ci"', null, 'scheduled'],
        ['ada@example.com', 'scheduled', 'scheduled'],
        ['system', 'scheduled', 'running'],
      ],
    );
  });

  test(`${name}: a campaign that was moved while it was planned is not started for its old time`, async (t) => {
    const store = await makeStore(t);
    const old = { at: NOW + MINUTE, local: '2026-12-24T12:00', late: 'now' as const, since: NOW };
    const it = campaignOf({ state: 'scheduled', schedule: old });
    await store.createCampaign(it, null, old.at);
    // an earlier local time: its first clock has shown it, so it begins now
    const time = { ...old, local: '2026-12-24T08:00', since: NOW + MINUTE };
    const start = { id: it.id, shards: [EVERYBODY], dueAt: old.at, at: NOW + MINUTE };
    assert.ok(await store.reschedule(it.id, time, old.at, NOW + MINUTE, 'ada@example.com'));
    assert.equal(await store.startCampaign({ ...start, schedule: old }), false);
    assert.equal((await store.getCampaign(it.id))?.state, 'scheduled');
    assert.equal(await store.startCampaign({ ...start, schedule: time }), true);
  });

  test(`${name}: cancelled before it begins it is closed immediately, with its event`, async (t) => {
    const store = await makeStore(t);
    const it = campaignOf({ state: 'scheduled', schedule: { at: NOW + MINUTE } });
    await store.createCampaign(it, null, NOW + MINUTE);
    const closed = await store.moveCampaign({
      id: it.id,
      from: ['scheduled'],
      to: 'cancelled',
      reason: null,
      at: NOW + 5,
      by: 'me',
    });
    assert.equal(closed?.closedAt, NOW + 5);
    assert.equal((await store.getCampaign(it.id))?.closedAt, NOW + 5);
    const told = (await store.timeline(it.id, 0)).map(({ event }) => event.type);
    assert.deepEqual(told, ['campaign.accepted', 'campaign.completed']);
    assert.equal(
      await store.startCampaign({ id: it.id, shards: [EVERYBODY], dueAt: NOW, at: NOW + MINUTE }),
      false,
    );
    await store.published(await store.unpublished(it.id));
    assert.deepEqual(await store.takeOverdue(NOW + 99 * MINUTE, NOW + 100 * MINUTE, 10), []);
    assert.deepEqual(await idsOf(store.openCampaigns('default')), []);
  });

  test(`${name}: what goes on is due until its work is back on its queues, what is paused is not`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store);
    const due = (at: number) => store.takeOverdue(at, at, 10).then(campaigns);
    const dueAt = NOW + 1 + LOST_AFTER_MS;
    await store.moveCampaign({ id, from: ['running'], to: 'paused', reason: 'why', at: NOW });
    assert.deepEqual(await due(dueAt), []);
    const resumed = await store.moveCampaign({
      id,
      from: ['paused'],
      to: 'running',
      reason: null,
      at: NOW + 1,
    });
    const task = resumed!.task!;
    assert.equal(task, `running-${NOW + 1}`);
    assert.equal((await store.getCampaign(id))?.task, task);
    assert.deepEqual(await due(dueAt - 1), []);
    assert.deepEqual(await due(dueAt), [{ kind: 'campaign', campaignId: id, dueAt, task }]);
    await store.redriven(id, 'another');
    assert.equal((await due(dueAt)).length, 1);
    await store.noteTasks([{ kind: 'campaign', campaignId: id, task: 'sweep-1' }]);
    await store.noteTasks([{ kind: 'campaign', campaignId: 'nothing', task: 'sweep-1' }]);
    await store.redriven(id, task);
    assert.deepEqual(await due(dueAt), [
      { kind: 'campaign', campaignId: id, dueAt, task: 'sweep-1' },
    ]);
    await store.redriven(id, 'sweep-1');
    assert.deepEqual(await due(NOW + 99 * MINUTE), []);
    assert.equal((await store.getCampaign(id))?.task, undefined);
    await store.redriven('nothing', task);
    await store.noteTasks([{ kind: 'shard', campaignId: id, shard: 0, task: 'sweep-2' }]);
    assert.equal((await store.getShard(id, 0))?.task, 'sweep-2');

    const watched = await running(store, 2, { canary });
    await store.moveCampaign({
      id: watched,
      from: ['running'],
      to: 'paused',
      reason: 'why',
      at: NOW,
    });
    assert.deepEqual(await due(dueAt), []);
    await store.moveCampaign({
      id: watched,
      from: ['paused'],
      to: 'running',
      reason: null,
      at: NOW + 1,
    });
    await store.redriven(watched, task);
    assert.equal((await due(dueAt)).length, 1, 'until its canary has passed');
  });

  test(`${name}: each change of state is kept with who and when, the latest ones`, async (t) => {
    const store = await makeStore(t);
    const { campaignId: id, chunkId } = await lonelyChunk(store, 1);
    await store.moveCampaign({
      id,
      from: ['running'],
      to: 'paused',
      reason: 'why',
      at: NOW + 1,
      by: 'ada@example.com',
    });
    await store.moveCampaign({
      id,
      from: ['completed'],
      to: 'paused',
      reason: 'no',
      at: NOW + 2,
      by: 'nobody',
    });
    await store.moveCampaign({
      id,
      from: ['paused'],
      to: 'running',
      reason: null,
      at: NOW + 3,
      by: 'key "ci"',
    });
    await finish(store, chunkId, NOW + 4);
    const system = { by: 'system', reason: null };
    assert.deepEqual(await store.history(id), [
      { at: NOW, from: null, to: 'accepted', ...system },
      { at: NOW, from: 'accepted', to: 'running', ...system },
      { at: NOW + 1, by: 'ada@example.com', from: 'running', to: 'paused', reason: 'why' },
      { at: NOW + 3, by: 'key "ci"', from: 'paused', to: 'running', reason: null },
      { at: NOW + 4, from: 'running', to: 'completed', ...system },
    ]);
    assert.deepEqual(await store.history('nothing'), []);

    const busy = await running(store);
    for (let i = 1; i <= MAX_HISTORY; i++)
      await store.moveCampaign({
        id: busy,
        from: [i % 2 ? 'running' : 'paused'],
        to: i % 2 ? 'paused' : 'running',
        reason: `${i}`,
        at: NOW + i,
      });
    const kept = await store.history(busy);
    assert.equal(kept.length, MAX_HISTORY);
    assert.deepEqual([kept[0]?.from, kept.at(-1)?.reason], [null, `${MAX_HISTORY}`]);
    assert.deepEqual([kept[1]?.reason, kept[2]?.reason], ['2', '3']);
  });

  test(`${name}: a canary guards its campaign until it has passed, or an operator overrules it`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store, 2, { canary });
    assert.equal((await store.getCampaign(id))?.guard, 'canary');
    const due = await store.takeOverdue(NOW + 15 * MINUTE, NOW + 30 * MINUTE, 10);
    assert.equal(campaigns(due).length, 1, 'it is looked after until then');
    await store.moveCampaign({ id, from: ['running'], to: 'paused', reason: 'by hand', at: NOW });
    assert.equal(await store.passCanary(id, NOW, 'fine'), false);
    await store.moveCampaign({ id, from: ['paused'], to: 'running', reason: null, at: NOW });
    assert.equal((await store.getCampaign(id))?.guard, 'canary');
    assert.equal(await store.passCanary(id, NOW + 7, 'fine'), true);
    assert.equal(await store.passCanary(id, NOW + 8, 'fine'), false);
    const passed = await store.getCampaign(id);
    assert.deepEqual(
      [passed?.guard, passed?.startedAt, passed?.state],
      [undefined, NOW + 7, 'running'],
    );
    assert.equal((await store.history(id)).at(-1)?.reason, 'fine');
    const later = await store.takeOverdue(NOW + 99 * MINUTE, NOW + 100 * MINUTE, 10);
    assert.deepEqual(campaigns(later), []);

    const other = await running(store, 2, { canary });
    await store.moveCampaign({
      id: other,
      from: ['running'],
      to: 'paused',
      reason: 'canary: 50 %',
      at: NOW,
    });
    await store.moveCampaign({
      id: other,
      from: ['paused'],
      to: 'running',
      reason: null,
      at: NOW + 9,
      by: 'me',
      guard: 'off',
    });
    const overruled = await store.getCampaign(other);
    assert.deepEqual([overruled?.guard, overruled?.startedAt], ['off', NOW + 9]);
  });

  test(`${name}: an app's open campaigns are found, and it is switched off and on`, async (t) => {
    const store = await makeStore(t);
    const { campaignId: closed, chunkId } = await lonelyChunk(store, 1);
    await finish(store, chunkId);
    const open = [await running(store), await running(store)];
    await running(store, 1, { app: 'other' });
    const scheduled = campaignOf({ state: 'scheduled', schedule: { at: NOW + MINUTE } });
    await store.createCampaign(scheduled, null, NOW);
    const found = await idsOf(store.openCampaigns('default'));
    assert.deepEqual(found.toSorted(), [...open, scheduled.id].toSorted());
    assert.ok(!found.includes(closed));
    for (const app of ['default', 'a/b~__x__', '..']) {
      assert.equal(await store.getAppPause(app), null);
      await store.putAppPause(app, { at: NOW, by: 'me' });
      await store.putAppPause(app, { at: NOW + 1, by: 'you' });
      assert.deepEqual(await store.getAppPause(app), { at: NOW + 1, by: 'you' });
      await store.putAppPause(app, null);
      await store.putAppPause(app, null);
      assert.equal(await store.getAppPause(app), null);
    }
  });

  test(`${name}: the policy of an app is kept apart from its pause, and a campaign keeps its own`, async (t) => {
    const store = await makeStore(t);
    const few = {
      receipts: { enabled: true, delivered: 0.5 },
      caps: [{ max: 2, per: '24h' }],
      quiet: null,
      defaultZone: 'Etc/UTC',
      exempt: [],
    };
    const none = {
      receipts: { enabled: false, delivered: 0.02 },
      caps: [],
      quiet: null,
      defaultZone: 'Etc/UTC',
      exempt: [],
    };
    for (const app of ['default', 'a/b~__x__', '..']) {
      assert.equal(await store.getAppPolicy(app), null);
      await store.putAppPolicy(app, few);
      await store.putAppPolicy(app, none);
      assert.deepEqual(await store.getAppPolicy(app), none);
      assert.equal(await store.getAppPause(app), null);
      await store.putAppPause(app, { at: NOW, by: 'me' });
      await store.putAppPause(app, null);
      assert.deepEqual(await store.getAppPolicy(app), none);
    }
    assert.equal(await store.getAppPolicy('other'), null);
    const id = await running(store, 1, { receipts: { delivered: 0.5 } });
    assert.deepEqual((await store.getCampaign(id))?.receipts, { delivered: 0.5 });
  });
}

const campaigns = (overdue: { kind: string }[]) => overdue.filter((it) => it.kind === 'campaign');

async function idsOf(pages: AsyncIterable<string[]>) {
  const all: string[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}
