import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHECKPOINT_MS } from '../../../functions/model/timing.ts';
import { cancel } from '../../../functions/pipeline/control/control.ts';
import { accepted } from '../script.ts';
import { createWorld, NOW } from '../world.ts';

test('cancelled before it is planned, a campaign sends nothing', async (t) => {
  const world = createWorld(t);
  await world.people(2500);
  const id = await world.campaign();
  const cancelled = await cancel(world.ports, id);
  assert.equal(cancelled.kind === 'ok' && cancelled.campaign.state, 'cancelling');
  await world.run();
  const { campaign, skipped, recipients } = await world.closed(id);
  assert.deepEqual([campaign.state, recipients, skipped], ['cancelled', 2500, 2500]);
  assert.equal(world.script.sent.length, 0);
});

for (const when of ['before', 'after'] as const)
  test(`cancelled just ${when} a page is frozen, the ledger closes with the rest`, async (t) => {
    const world = createWorld(t);
    await world.people(6500);
    const { store } = world;
    world.ports.store = {
      ...store,
      async freezePage(page) {
        if (page.page === 1 && when === 'before') await cancel(world.ports, page.campaignId);
        const frozen = await store.freezePage(page);
        if (page.page === 1 && when === 'after') await cancel(world.ports, page.campaignId);
        return frozen;
      },
    };
    // so slow that only a cancellation lets it end today
    const id = await world.campaign({ rate: { perMinute: 600 } });
    await world.run(NOW);
    const { campaign, skipped, recipients, accepted: good } = await world.closed(id);
    assert.deepEqual([campaign.state, recipients, skipped + good], ['cancelled', 6500, 6500]);
    assert.ok(world.script.sent.length <= 200);
  });

test('cancelled while it is sent, a chunk stops at its next checkpoint', async (t) => {
  const world = createWorld(t);
  await world.people(1000);
  t.mock.timers.enable({ apis: ['setInterval'] });
  world.script.answer = async ({ index }) => {
    if (index === 400) {
      await cancel(world.ports, id);
      t.mock.timers.tick(CHECKPOINT_MS);
      // the checkpoint is written while this push is under way
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    return accepted;
  };
  const id = await world.campaign();
  await world.run();
  const { campaign, counts } = await world.closed(id);
  assert.equal(campaign.state, 'cancelled');
  assert.deepEqual([counts.accepted, counts.skipped], [401, 599]);
  assert.equal(world.script.sent.length, 401);
});

test('cancelled while its last pushes are under way, what was sent stays sent', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  world.script.answer = async ({ index }) => {
    if (index === 9) await cancel(world.ports, id);
    return accepted;
  };
  const id = await world.campaign();
  await world.run();
  const { campaign, counts } = await world.closed(id);
  assert.deepEqual([campaign.state, counts.accepted], ['cancelled', 10]);
});

test('cancelled while others wait to be tried again, those are skipped', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  world.script.answer = ({ index }) =>
    index < 4 ? { kind: 'retry', reason: 'Busy', afterMs: 3_600_000, scope: 'device' } : accepted;
  const id = await world.campaign();
  await world.run(NOW + 1);
  await cancel(world.ports, id);
  await world.run(NOW + 1);
  const { campaign, counts } = await world.closed(id);
  assert.deepEqual([campaign.state, counts.accepted, counts.skipped], ['cancelled', 6, 4]);
});

test('cancelled far ahead of its pace, a campaign ends now', async (t) => {
  const world = createWorld(t);
  await world.people(3000);
  const id = await world.campaign({ rate: { perMinute: 60 } });
  await world.run(NOW + 15_000);
  assert.equal(world.script.sent.length, 20);
  await cancel(world.ports, id);
  await world.run(NOW + 15_000);
  const { campaign, counts } = await world.closed(id);
  assert.deepEqual([campaign.state, counts.accepted, counts.skipped], ['cancelled', 20, 2980]);
});

test('a planner that died between the last page and a cancellation leaves nothing waiting', async (t) => {
  const world = createWorld(t);
  await world.people(300);
  const { store } = world;
  let died = false;
  world.ports.store = {
    ...store,
    async freezePage(page) {
      if (page.page === 0) await cancel(world.ports, page.campaignId);
      // the redrive of that cancellation is over before this page is there
      if (page.page === 0) await store.getCampaign(page.campaignId);
      const frozen = await store.freezePage(page);
      if (page.last && !died) {
        died = true;
        throw new Error('killed');
      }
      return frozen;
    },
  };
  world.ports.queue = {
    ...world.queue,
    create: (tasks) => world.queue.create(tasks.filter((it) => it.body.kind !== 'redrive')),
  };
  const id = await world.campaign({ rate: { perMinute: 60 } });
  await world.run(NOW + 5_000);
  const { campaign, counts } = await world.closed(id);
  assert.deepEqual([campaign.state, counts.recipients], ['cancelled', 300]);
});

test('cancelling twice is once, and what is over is not cancelled', async (t) => {
  const world = createWorld(t);
  await world.people(100);
  assert.deepEqual(await cancel(world.ports, 'nothing'), { kind: 'missing' });
  const id = await world.campaign();
  for (let i = 0; i < 2; i++) assert.equal((await cancel(world.ports, id)).kind, 'ok');
  await world.run();
  assert.equal((await world.closed(id)).skipped, 100);
  const late = await cancel(world.ports, id);
  assert.equal(late.kind === 'illegal' && late.campaign.state, 'cancelled');
});
