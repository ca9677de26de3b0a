/** Room under way is never lost: whatever fails or is paused, a campaign goes on afterwards. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import type { Outcome } from '../../../functions/model/outcome.ts';
import { pauseBy, resume } from '../../../functions/pipeline/control/control.ts';
import type { Batch, CampaignMove } from '../../../functions/ports/ports.ts';
import { sendBatch } from '../../../functions/providers/shared/batch.ts';
import { createFlow } from '../../../functions/providers/shared/flow.ts';
import { allFailures, chance } from '../../contracts/store-fixture.ts';
import { accepted } from '../script.ts';
import { createWorld, NOW, type World } from '../world.ts';

const refused: Outcome = { kind: 'blocked', reason: 'InvalidProviderToken' };

/** Sends as the real senders do, within the ramp. */
function sendsWithin(world: World, answer: (batch: Batch) => Outcome | Promise<Outcome>) {
  const send = (batch: Batch) =>
    sendBatch(batch, createFlow(), (settle) => async (index) => {
      await new Promise((resolve) => setImmediate(resolve));
      settle(index, await answer(batch));
    });
  const sender = { ...world.script.sender, send };
  world.ports.senders = { apps: () => [], get: () => sender };
  return sender;
}

/** Does it before the campaign is paused for the first time. */
function beforePause({ ports, store }: World, act: () => void) {
  let isFirst = true;
  ports.store = {
    ...store,
    moveCampaign(it: CampaignMove) {
      const acts = isFirst && it.to === 'paused';
      if (acts) isFirst = false;
      if (acts) act();
      return store.moveCampaign(it);
    },
  };
}

test('a pause that cannot be written is made by the next attempt', async (t) => {
  const world = createWorld(t);
  await world.people(300);
  let mended = false;
  let sent = 0;
  sendsWithin(world, () => {
    sent += 1;
    return mended ? accepted : refused;
  });
  beforePause(world, () => {
    throw new Error('the store does not answer');
  });
  const id = await world.send();
  assert.equal(await world.stateOf(id), 'paused');
  assert.ok(sent <= 2 * 39, `${sent} refused`);
  assert.equal(world.logged.unexpected?.length, 1);
  delete world.logged.unexpected;
  mended = true;
  await world.resume(id);
  assert.equal((await world.closed(id)).accepted, 300);
});

test('resumed as soon as it was paused, a chunk that waited for room goes on', async (t) => {
  const world = createWorld(t);
  await world.people(3500);
  const chunks = new Set<string>();
  const all = Promise.withResolvers<void>();
  let mended = false;
  const sender = sendsWithin(world, async () => {
    await all.promise;
    return mended ? accepted : refused;
  });
  const { send } = sender;
  sender.send = (batch) => {
    chunks.add(batch.seed);
    const sent = send(batch);
    if (chunks.size === 3) all.resolve();
    return sent;
  };
  const id = await world.campaign();
  const { store } = world;
  world.ports.store = {
    ...store,
    async moveCampaign(it) {
      const moved = await store.moveCampaign(it);
      if (it.to === 'paused' && !mended) {
        mended = true;
        await resume(world.ports, id);
      }
      return moved;
    },
  };
  await world.run();
  assert.equal((await world.closed(id)).accepted, 3500);
});

test('a chunk that begins between a wave and its pause sends nothing, and delays no other chunk', async (t) => {
  const world = createWorld(t);
  await world.people(2000);
  const wave = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  let mended = false;
  let sent = 0;
  const sender = sendsWithin(world, () => {
    sent += 1;
    return mended ? accepted : refused;
  });
  const { send } = sender;
  let begun = 0;
  sender.send = async (batch) => {
    begun += 1;
    if (begun !== 2) return send(batch);
    await wave.promise;
    const before = sent;
    await send(batch);
    assert.equal(sent, before);
    ended.resolve();
  };
  const { store } = world;
  world.ports.store = {
    ...store,
    async moveCampaign(it) {
      if (it.to === 'paused') wave.resolve();
      if (it.to === 'paused') await ended.promise;
      return store.moveCampaign(it);
    },
  };
  const id = await world.send();
  assert.equal(await world.stateOf(id), 'paused');
  assert.ok(sent <= 39, `${sent} refused`);
  mended = true;
  await world.resume(id);
  assert.equal((await world.closed(id)).accepted, 2000);
});

test('a push accepted elsewhere shows that the recipients refused here were refused for their own sake', async (t) => {
  const world = createWorld(t);
  await world.people(2);
  const id = await world.campaign();
  const { script, store } = world;
  script.answer = async () => {
    await store.notePush(id, world.clock.now, 'fcm');
    return refused;
  };
  await world.run();
  assert.deepEqual((await world.closed(id)).counts.reasons, { [refused.reason]: 2 });
  assert.equal(world.logged.campaignPaused, undefined);
});

test('a sender that throws gives back its room, and what it had learnt is kept', async (t) => {
  const world = createWorld(t);
  await world.people(100);
  const sender = sendsWithin(world, () => accepted);
  const { send } = sender;
  let thrown = 0;
  sender.send = async (batch) => {
    if (thrown > 0) {
      assert.equal(batch.open.length, 95, 'to each once');
      return send(batch);
    }
    for (const index of batch.open.slice(0, 5)) batch.settle(index, accepted);
    while (batch.ramp?.take()) thrown += 1;
    throw new Error('no memory');
  };
  const id = await world.send();
  assert.equal(thrown, 20 + 4 * 5);
  assert.equal((await world.closed(id)).accepted, 100);
});

for (const [what, rest] of [
  ['the provider is busy', { kind: 'retry', reason: 'Busy', afterMs: null, scope: 'service' }],
  ['there is no answer', { kind: 'unknown', reason: 'ConnectionLost' }],
  ['the worker ends', null],
] satisfies [string, Outcome | null][])
  test(`one of ten is refused, and of the others ${what}: that proves nothing`, async (t) => {
    const world = createWorld(t);
    await world.people(10);
    let attempts = 0;
    const send = async ({ settle, open }: Batch) => {
      attempts += 1;
      for (const index of open) {
        const outcome = index === 7 ? refused : attempts === 1 ? rest : accepted;
        if (outcome) settle(index, outcome);
      }
    };
    world.ports.senders = { apps: () => [], get: () => ({ ...world.script.sender, send }) };
    const id = await world.send();
    const ledger = await world.closed(id);
    assert.equal(world.logged.campaignPaused, undefined);
    assert.deepEqual([ledger.accepted, ledger.counts.reasons], [9, { [refused.reason]: 1 }]);
  });

test('paused while a chunk waits for its turn: nothing is sent when it comes', async (t) => {
  const world = createWorld(t);
  await world.people(500);
  const { store } = world;
  const id = await world.campaign();
  let asked = 0;
  world.ports.store = {
    ...store,
    async claimTrial(it) {
      asked += 1;
      if (asked === 1) return 'other';
      if (asked === 2) await pauseBy(world.ports, id, 'test');
      return store.claimTrial(it);
    },
  };
  await world.run();
  assert.equal(asked, 2);
  assert.equal(await world.stateOf(id), 'paused');
  assert.equal(world.script.sent.length, 0);
  await world.resume(id);
  assert.equal((await world.closed(id)).accepted, 500);
});

test('time ends while a chunk waits for its turn: nothing is sent when it comes', async (t) => {
  const world = createWorld(t);
  await world.people(500);
  const { store } = world;
  let asked = 0;
  world.ports.store = {
    ...store,
    async claimTrial(it) {
      asked += 1;
      if (asked === 1) return 'other';
      world.clock.now = NOW + 61_000;
      return store.claimTrial(it);
    },
  };
  const id = await world.send({
    message: { title: 'Hallo', ttlSeconds: 60, priority: 'high' },
  });
  assert.deepEqual((await world.closed(id)).counts.reasons, { Expired: 500 });
  assert.equal(world.script.sent.length, 0);
});

test('a recipient that was refused before the pause of another chunk is not blamed', async (t) => {
  const world = createWorld(t);
  await world.people(3);
  let attempts = 0;
  let id = '';
  const send = async ({ settle, signal, open }: Batch) => {
    attempts += 1;
    if (attempts > 1) {
      for (const index of open) settle(index, accepted);
      return;
    }
    settle(0, refused);
    settle(1, accepted);
    await pauseBy(world.ports, id, 'another');
    if (!signal.aborted) await once(signal, 'abort');
  };
  world.ports.senders = { apps: () => [], get: () => ({ ...world.script.sender, send }) };
  id = await world.campaign();
  await world.run();
  assert.equal(await world.stateOf(id), 'paused');
  assert.deepEqual(await allFailures(world.store, id), []);
  await world.resume(id);
  assert.equal((await world.closed(id)).accepted, 3);
});

for (let seed = 1; seed <= 6; seed++)
  test(`refusals, waves, lost writes, pauses and resumes: all are reached once, seed ${seed}`, async (t) => {
    const world = createWorld(t, { seed, unkind: { duplicate: 0.1, disorder: true } });
    const { random } = chance(seed);
    const people = await world.people(1200 + seed);
    const bad = new Set(people.filter(() => random() < 0.05).map((it) => it.id));
    const delivered: string[] = [];
    let revoked = false;
    let isOver = false;
    const send = (batch: Batch) =>
      sendBatch(batch, createFlow(), (settle) => async (index) => {
        await new Promise((resolve) => setImmediate(resolve));
        const { installationId } = batch.recipients[index]!;
        if (!isOver && random() < 0.005) revoked = true;
        const at = random();
        if (revoked || bad.has(installationId)) settle(index, refused);
        else if (at < 0.01) settle(index, { kind: 'unknown', reason: 'Reset' });
        else if (at < 0.03)
          settle(index, { kind: 'retry', reason: 'Busy', afterMs: null, scope: 'service' });
        else {
          delivered.push(installationId);
          settle(index, accepted);
        }
      });
    world.ports.senders = { apps: () => [], get: () => ({ ...world.script.sender, send }) };
    const { store } = world;
    world.ports.store = {
      ...store,
      async moveCampaign(it) {
        if (!isOver && random() < 0.3) throw new Error('the store does not answer');
        return store.moveCampaign(it);
      },
      async claimTrial(it) {
        return random() < 0.2 ? 'other' : store.claimTrial(it);
      },
    };
    const id = await world.campaign();
    for (let resumes = 0; ; resumes++) {
      await world.run();
      const state = await world.stateOf(id);
      if (state === 'completed') break;
      assert.equal(state, 'paused');
      assert.ok(resumes < 40, 'it does not end');
      revoked = false;
      isOver = resumes > 10;
      await resume(world.ports, id).catch(() => {});
      world.clock.now += Math.floor(random() * 2000);
    }
    delete world.logged.unexpected;
    const { failures, ...ledger } = await world.closed(id);
    assert.equal(ledger.recipients, people.length);
    assert.equal(ledger.accepted, delivered.length);
    assert.equal(new Set(delivered).size, delivered.length, 'to each once');
    const reached = new Set([...delivered, ...failures.map((it) => it.installationId)]);
    assert.equal(reached.size, people.length);
  });
