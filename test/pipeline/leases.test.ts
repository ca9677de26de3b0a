import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Unavailable } from '../../functions/lib/errors.ts';
import { CHECKPOINT_MS, LEASE_MS } from '../../functions/model/timing.ts';
import { sweep } from '../../functions/pipeline/sweep.ts';
import { accepted } from './script.ts';
import { createWorld, frozen, MINUTE } from './world.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Opens at the test's end at the latest, so that nothing waits after a failure. */
function makeGate(t: TestContext) {
  const gate = Promise.withResolvers<void>();
  t.after(() => gate.resolve());
  return gate;
}

test('a worker whose lease ran out while it sends changes nothing', async (t) => {
  const gate = makeGate(t);
  const world = createWorld(t);
  await world.people(10);
  const { id, chunkId, send } = await frozen(world);
  world.script.answer = async ({ index, before }) => {
    if (index === 5 && before === 0) await gate.promise;
    return accepted;
  };
  const late = send();
  await turn();
  world.clock.now += LEASE_MS;
  await send();
  const counts = await world.store.counts(id);
  assert.equal(counts.accepted, 10);
  gate.resolve();
  await late;
  assert.deepEqual(await world.store.counts(id), counts);
  assert.deepEqual(world.logged.chunkFenced, [{ chunkId }]);
  await world.run();
  await world.closed(id);
});

test('recipients of a checkpoint are not sent to by the worker that takes over', async (t) => {
  const gate = makeGate(t);
  const world = createWorld(t);
  await world.people(10);
  const { id, send } = await frozen(world);
  t.mock.timers.enable({ apis: ['setInterval'] });
  world.script.answer = async ({ index, before }) => {
    if (index === 5 && before === 0) {
      t.mock.timers.tick(CHECKPOINT_MS);
      await gate.promise;
      t.mock.timers.tick(CHECKPOINT_MS);
      for (let i = 0; i < 3; i++) await turn();
    }
    return accepted;
  };
  const late = send();
  for (let i = 0; i < 3; i++) await turn();
  assert.equal((await world.store.counts(id)).accepted, 5, 'the checkpoint');
  world.clock.now += LEASE_MS;
  await send();
  gate.resolve();
  await late;
  await world.run();
  assert.equal((await world.closed(id)).accepted, 10);
  const twice = world.script.sent.filter((it) => it.before > 0).map((it) => it.index);
  assert.deepEqual(twice, [5], 'only the one that was under way');
});

test('a worker whose chunk was taken over stops at its next checkpoint', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  const { id, send } = await frozen(world);
  t.mock.timers.enable({ apis: ['setInterval'] });
  world.script.answer = async ({ index, before }) => {
    if (index === 2 && before === 0) {
      world.clock.now += LEASE_MS;
      await send();
      t.mock.timers.tick(CHECKPOINT_MS);
      for (let i = 0; i < 3; i++) await turn();
    }
    return accepted;
  };
  await send();
  await world.run();
  assert.equal((await world.closed(id)).accepted, 10);
  assert.equal(world.script.sent.length, 13);
});

for (const what of ['the last commit', 'a commit with some left'] as const)
  test(`${what} that was applied though its answer was lost counts once`, async (t) => {
    const world = createWorld(t);
    await world.people(10);
    let lost = 0;
    const { store } = world;
    world.ports.store = {
      ...store,
      async commitChunk(commit) {
        const committed = await store.commitChunk(commit);
        if (lost++ === 0) throw new Unavailable('no answer');
        return committed;
      },
    };
    world.script.answer = ({ index, before }) =>
      index === 3 && before === 0 && what !== 'the last commit'
        ? { kind: 'retry', reason: 'Busy', afterMs: null, scope: 'device' }
        : accepted;
    const id = await world.send();
    assert.equal((await world.store.counts(id)).accepted, 10);
    if (what === 'the last commit') {
      assert.equal(world.announced.length, 0, 'the close of the campaign is not announced yet');
      world.clock.now += 2 * MINUTE;
      await sweep(world.ports);
      await world.run();
    }
    await world.closed(id);
    assert.ok(world.script.sent.every((it) => it.before === 0 || it.index === 3));
  });

test('a checkpoint that cannot be written ends the attempt; the chunk goes on later', async (t) => {
  const world = createWorld(t);
  await world.people(10);
  const { store } = world;
  const { id, send, give } = await frozen(world);
  t.mock.timers.enable({ apis: ['setInterval'] });
  let tries = 0;
  world.ports.store = {
    ...store,
    async commitChunk(commit) {
      if (tries++ < 4) throw new Unavailable('the disk is full');
      return store.commitChunk(commit);
    },
  };
  world.script.answer = async ({ index, before }) => {
    if (index === 4 && before === 0) {
      t.mock.timers.tick(CHECKPOINT_MS);
      const deadline = performance.now() + 60_000;
      while (tries < 4 && performance.now() < deadline) await turn();
      await turn();
    }
    return accepted;
  };
  await assert.rejects(send(), /disk is full/);
  assert.equal(world.script.sent.length, 5, 'no other recipient is sent to');
  assert.equal((await world.store.counts(id)).accepted, 0, 'nothing half-written');
  world.clock.now += LEASE_MS;
  await give();
  await world.run();
  assert.equal((await world.closed(id)).accepted, 10);
});
