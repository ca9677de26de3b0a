import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tick } from '../../functions/pipeline/tick.ts';
import { createWorld, MINUTE, NOW } from './world.ts';

test('a tick that did its work is noted, with its time', async (t) => {
  const world = createWorld(t);
  await tick(world.ports);
  assert.equal(await world.store.lastTick(), NOW);
  world.clock.now += MINUTE;
  await tick(world.ports);
  assert.equal(await world.store.lastTick(), NOW + MINUTE);
});

test('a tick of which a part fails is not noted, and its other part is done', async (t) => {
  const world = createWorld(t);
  let asked = 0;
  world.ports.store = {
    ...world.store,
    takeOverdue: () => Promise.reject(new Error('no sweep')),
    // biome-ignore lint/correctness/useYield: there are none
    async *dueSchedules() {
      asked += 1;
    },
  };
  await assert.rejects(tick(world.ports), /no sweep/);
  assert.equal(asked, 1);
  assert.equal(await world.store.lastTick(), null);

  world.ports.store = {
    ...world.ports.store,
    // biome-ignore lint/correctness/useYield: it fails before
    async *dueSchedules() {
      throw new Error('no schedules');
    },
  };
  await assert.rejects(tick(world.ports), /no sweep.*no schedules/);
  assert.equal(await world.store.lastTick(), null);
});
