/** Messages on any store: sent by the process that accepts them, and never lost with it. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { defaultPolicy } from '../../functions/model/app-policy.ts';
import { ledgerCloses } from '../../functions/model/campaign.ts';
import type { Outcome } from '../../functions/model/outcome.ts';
import { messageRequestSchema, toCampaignRequest } from '../../functions/model/schemas/push.ts';
import {
  CHECKPOINT_MS,
  MESSAGE_DEADLINE_MS,
  MESSAGE_LEASE_MS,
} from '../../functions/model/timing.ts';
import { putAppPolicy } from '../../functions/pipeline/app-policy.ts';
import { cancel, pauseBy } from '../../functions/pipeline/control/control.ts';
import { createInline } from '../../functions/pipeline/send/inline.ts';
import { singlePush } from '../../functions/pipeline/single-push.ts';
import { sweep } from '../../functions/pipeline/sweep.ts';
import { why } from '../../functions/pipeline/why/why.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { accepted } from '../pipeline/script.ts';
import { createWorld, DAY, eachOnce, MINUTE, NOW, type World } from '../pipeline/world.ts';

type MakeStore = (t: TestContext, now?: () => number) => Promise<Store>;

const inZone = (timeZone?: string) => (timeZone === undefined ? {} : { timeZone });

const toAda = (message: object = { title: 'Hallo' }) =>
  toCampaignRequest(messageRequestSchema.parse({ userIds: ['ada'], message }));

/**
 * However long a sender here waits for its store, no message is late for it, and no checkpoint comes: these go by
 * the real clock.
 */
function unhurried(t: TestContext) {
  const slow = new Set<number | undefined>([CHECKPOINT_MS, MESSAGE_DEADLINE_MS]);
  for (const name of ['setInterval', 'setTimeout'] as const) {
    const real = globalThis[name] as (...all: unknown[]) => unknown;
    t.mock.method(globalThis, name, (work: () => void, ms?: number, ...rest: unknown[]) =>
      real(work, slow.has(ms) ? DAY : ms, ...rest),
    );
  }
}

/** A world whose process sends messages itself; `ada` has so many devices. */
async function messages(
  t: TestContext,
  makeStore: MakeStore,
  devices = 2,
  platform: 'android' | 'ios' = 'android',
) {
  unhurried(t);
  const clock = { now: NOW };
  const store = await makeStore(t, () => clock.now);
  const world = createWorld(t, { store, clock });
  const inline = createInline({ outlivesRequests: false });
  world.ports.inline = inline;
  const people = await world.people(devices, () => ({ userId: 'ada', platform }));
  const push = (key: string | null = null) => singlePush(world.ports, toAda(), key);
  return { world, store, people, push, inline };
}

/** Puts the verb in place of the store's. */
const replace = (world: World, verbs: Partial<Store>): (() => void) => {
  const { store } = world.ports;
  world.ports.store = { ...store, ...verbs };
  return () => {
    world.ports.store = store;
  };
};

const idOf = (it: Awaited<ReturnType<typeof singlePush>>): string => {
  assert.ok('campaign' in it.accepted, it.accepted.kind);
  return it.accepted.campaign.id;
};

async function isClosed(store: Store, id: string) {
  const campaign = (await store.getCampaign(id))!;
  const counts = await store.counts(id);
  assert.ok(campaign.closedAt !== null, `open: ${campaign.state} ${JSON.stringify(counts)}`);
  assert.ok(ledgerCloses(counts));
  return { state: campaign.state, counts };
}

export function messagePipelineContract(
  name: string,
  makeStore: MakeStore,
  skip: string | false = false,
) {
  const it = (title: string, run: (t: TestContext) => Promise<void>) =>
    test(`${name}: ${title}`, { skip }, run);

  it('a message is sent by the process that accepts it', async (t) => {
    const { world, store, people, push } = await messages(t, makeStore);
    const answer = await push();
    assert.equal(answer.counts.recipients, 2);
    const closed = await answer.sent;
    assert.deepEqual([closed?.campaign.state, closed?.counts.accepted], ['completed', 2]);
    const { counts } = await isClosed(store, idOf(answer));
    assert.deepEqual(counts, closed?.counts);
    eachOnce(world, people);
    await world.run();
    eachOnce(world, people);
    assert.equal(await sweep(world.ports), 0);
  });

  it('a message has the receipts of its app, whether it is sent here or later', async (t) => {
    const { world, store, push } = await messages(t, makeStore);
    const policy = { ...defaultPolicy, receipts: { enabled: true, delivered: 0.25 } };
    await putAppPolicy(world.ports, { app: 'default', policy, by: 'ann' });
    world.script.answer = ({ before }) =>
      before === 0 ? { kind: 'retry', reason: 'busy', afterMs: 1, scope: 'device' } : accepted;
    const later = await push();
    world.script.answer = () => accepted;
    const here = await push();
    const off = { ...defaultPolicy, receipts: { enabled: false, delivered: 0.25 } };
    await putAppPolicy(world.ports, { app: 'default', policy: off, by: 'ann' });
    await Promise.all([later.sent, here.sent]);
    await world.run();
    for (const answer of [later, here]) {
      await isClosed(store, idOf(answer));
      assert.deepEqual((await store.getCampaign(idOf(answer)))?.receipts, { delivered: 0.25 });
    }
    assert.ok(world.script.sent.length >= 4);
    for (const { receipts } of world.script.sent) assert.deepEqual(receipts, { delivered: 0.25 });
    world.script.sent.length = 0;
    await (await push()).sent;
    assert.deepEqual(
      world.script.sent.map((it) => it.receipts),
      [undefined, undefined],
    );
  });

  it('a message without recipients is closed', async (t) => {
    const { store, push } = await messages(t, makeStore, 0);
    const answer = await push();
    assert.equal((await answer.sent)?.campaign.state, 'completed');
    await isClosed(store, idOf(answer));
  });

  it('a failure and a retry of a message end in its ledger', async (t) => {
    const { world, store, push } = await messages(t, makeStore, 4);
    const outcomes: Record<string, Outcome> = {
      'device-0': { kind: 'rejected', reason: 'BadDeviceToken' },
      'device-1': { kind: 'retry', reason: 'busy', afterMs: 1, scope: 'device' },
      'device-2': { kind: 'unknown', reason: 'no answer' },
    };
    world.script.answer = ({ installationId, before }) =>
      (before === 0 && outcomes[installationId]) || { kind: 'accepted' };
    const answer = await push();
    assert.equal(await answer.sent, null, 'the rest is queued');
    await world.run();
    const { counts } = await isClosed(store, idOf(answer));
    assert.deepEqual(
      [counts.recipients, counts.accepted, counts.failed, counts.skipped],
      [4, 3, 1, 0],
    );
    assert.deepEqual(counts.reasons, { BadDeviceToken: 1 });
    assert.equal(world.script.sent.filter(({ before }) => before > 0).length, 2);
  });

  it('the names of its pushes are kept, also if the rest is sent later; campaigns ask for none', async (t) => {
    const { world, store, people, push } = await messages(t, makeStore);
    const asked: unknown[] = [];
    const { send } = world.script.sender;
    world.script.sender.send = (batch) => {
      asked.push(batch.keepsNames);
      return send(batch);
    };
    world.script.answer = ({ installationId }) => ({
      kind: 'accepted',
      name: `n/${installationId}`,
    });
    const namesIn = async (id: string) => {
      const campaign = (await store.getCampaign(id))!;
      const found = await Promise.all(
        people.map(({ id: installationId }) =>
          store.findRecipient(campaign, {
            installationId,
            token: null,
            userId: null,
            listedBy: null,
          }),
        ),
      );
      return found.flatMap(({ recipients }) => recipients.map((one) => one.pushName));
    };
    const whole = await push();
    await whole.sent;
    const [first, second] = people.map((one) => `n/${one.id}`);
    assert.deepEqual(await namesIn(idOf(whole)), [first, second]);
    const { answer: accepts } = world.script;
    let isFirst = true;
    world.script.answer = (one) => {
      const waits = isFirst && one.installationId === people[1]!.id;
      if (!waits) return accepts(one);
      isFirst = false;
      return { kind: 'retry', reason: 'busy', afterMs: 1, scope: 'device' };
    };
    const parts = await push();
    assert.equal(await parts.sent, null, 'the rest is queued');
    world.script.answer = () => ({ kind: 'accepted' });
    await world.run();
    await isClosed(store, idOf(parts));
    assert.deepEqual(await namesIn(idOf(parts)), [first, null]);
    assert.deepEqual(asked, [true, true, false]);
  });

  it('a message is paused if the provider refuses all of it, and resumed', async (t) => {
    const { world, store, push } = await messages(t, makeStore, 3);
    world.script.answer = () => ({ kind: 'blocked', reason: 'InvalidProviderToken' });
    const answer = await push();
    await answer.sent;
    const id = idOf(answer);
    const paused = (await store.getCampaign(id))!;
    assert.deepEqual(
      [paused.state, paused.reason?.includes('InvalidProviderToken')],
      [...['paused', true]],
    );
    world.script.answer = () => ({ kind: 'accepted' });
    await world.resume(id);
    assert.equal((await isClosed(store, id)).counts.accepted, 3);
  });

  it('a message paused or cancelled while it is sent keeps what was learnt', async (t) => {
    for (const [what, state] of [
      ['paused', 'completed'],
      ['cancelled', 'cancelled'],
    ] as const) {
      const { world, store, push, people } = await messages(t, makeStore);
      let act = async (id: string): Promise<unknown> =>
        what === 'paused' ? pauseBy(world.ports, id, 'ann') : cancel(world.ports, id, 'ann');
      world.script.answer = async () => {
        const { items } = await store.listCampaigns(null, 1);
        await act(items[0]!.id);
        act = async () => {};
        return { kind: 'accepted' };
      };
      const answer = await push();
      await answer.sent;
      await world.run();
      const closed = await isClosed(store, idOf(answer));
      assert.deepEqual([closed.state, closed.counts.accepted], [state, 2]);
      eachOnce(world, people);
    }
  });

  it('a message that is paused with recipients open goes on when it is resumed', async (t) => {
    const { world, store, push } = await messages(t, makeStore);
    world.script.answer = async ({ before, installationId }) => {
      if (before > 0) return { kind: 'accepted' };
      const { items } = await store.listCampaigns(null, 1);
      await pauseBy(world.ports, items[0]!.id, 'ann');
      return installationId === 'device-0'
        ? { kind: 'retry', reason: 'busy', afterMs: 1, scope: 'device' }
        : { kind: 'accepted' };
    };
    const answer = await push();
    assert.equal(await answer.sent, null);
    const id = idOf(answer);
    await world.run();
    const { state, reason } = (await store.getCampaign(id))!;
    assert.deepEqual([state, reason], ['paused', 'paused by ann']);
    await world.resume(id);
    assert.equal((await isClosed(store, id)).counts.accepted, 2);
    assert.equal(world.script.sent.length, 3, 'one was sent again, the other was not');
  });

  it('the same key sends once, also while the first is under way', async (t) => {
    const { world, people, push } = await messages(t, makeStore);
    let again: Awaited<ReturnType<typeof push>> | undefined;
    world.script.answer = async () => {
      again ??= await push('k');
      return { kind: 'accepted' };
    };
    const first = await push('k');
    await first.sent;
    await world.run();
    assert.equal(again?.accepted.kind, 'existing');
    const late = await push('k');
    assert.deepEqual([idOf(again!), idOf(late)], [idOf(first), idOf(first)]);
    eachOnce(world, people);
  });

  for (const dies of ['before it reads', 'before it sends', 'before it stores'] as const)
    it(`a message whose process dies ${dies} is sent by the sweep`, async (t) => {
      const { world, store, people, push } = await messages(t, makeStore);
      const dead = async () => {
        throw new Error('killed');
      };
      const revive = replace(
        world,
        dies === 'before it reads'
          ? { readNamed: dead }
          : { closeMessage: dead, startCampaign: async () => false },
      );
      const { send } = world.script.sender;
      if (dies === 'before it sends') world.script.sender.send = dead;
      const first = await push('k');
      assert.equal((await first.sent) ?? null, null);
      revive();
      world.script.sender.send = send;
      const id = idOf(first);
      assert.equal((await store.getCampaign(id))?.state, 'accepted');
      const before = world.script.sent.length;
      assert.equal(before, dies === 'before it stores' ? people.length : 0);
      delete world.logged.unexpected;
      world.clock.now += MESSAGE_LEASE_MS - 1;
      assert.equal(idOf(await push('k')), id);
      await world.run(world.clock.now);
      assert.equal(world.script.sent.length, before, 'its process has time until then');
      world.clock.now += 1;
      await sweep(world.ports);
      await world.run();
      const { counts } = await isClosed(store, id);
      assert.deepEqual([counts.recipients, counts.accepted], [2, 2]);
      assert.equal(world.script.sent.length, before + people.length);
      assert.equal((await store.listCampaigns(null, 9)).items.length, 1);
    });

  it('a process that ends starts no push, and the rest is queued', async (t) => {
    const { world, store, people, push, inline } = await messages(t, makeStore, 3);
    world.script.answer = () => {
      void inline.stop();
      return { kind: 'accepted' };
    };
    const answer = await push();
    assert.equal(await answer.sent, null);
    assert.equal(world.script.sent.length, 1);
    world.script.answer = () => ({ kind: 'accepted' });
    await world.run();
    assert.equal((await isClosed(store, idOf(answer))).counts.accepted, 3);
    eachOnce(world, people);
  });

  it('a message of a paused app waits until the app is resumed', async (t) => {
    const { world, store, people, push } = await messages(t, makeStore);
    await store.putAppPause('default', { at: NOW, by: 'ann' });
    const answer = await push();
    await world.run();
    const id = idOf(answer);
    assert.equal((await store.getCampaign(id))?.state, 'paused');
    assert.equal(world.script.sent.length, 0);
    await store.putAppPause('default', null);
    await world.resume(id);
    await isClosed(store, id);
    eachOnce(world, people);
  });

  it('a message with a category waits for the end of quiet hours on each device', async (t) => {
    const { world, store, inline } = await messages(t, makeStore);
    const quiet = { from: '12:00', to: '14:00' };
    await putAppPolicy(world.ports, {
      app: 'default',
      policy: { ...defaultPolicy, quiet, exempt: ['alarms'] },
      by: 'ann',
    });
    const zones = ['Asia/Kathmandu', 'Etc/UTC', undefined];
    await world.people(3, (n) => ({ userId: n < 2 ? 'ada' : 'bob', ...inZone(zones[n]) }));
    const send = (to: string, category?: string) => {
      const message = { title: 'Hallo', ...(category !== undefined && { category }) };
      const request = messageRequestSchema.parse({ userIds: [to], message });
      return singlePush(world.ports, toCampaignRequest(request), null);
    };
    for (const category of [undefined, 'alarms']) {
      const answer = await send('bob', category);
      assert.equal((await answer.sent)?.counts.accepted, 1);
      assert.equal(world.script.sent.at(-1)!.deliverBy, undefined);
    }
    world.script.sent.length = 0;
    const answer = await send('ada', 'news');
    assert.deepEqual(
      [answer.accepted.kind, answer.counts.recipients, answer.sent],
      ['accepted', 2, null],
    );
    await world.run();
    const HOUR = 60 * MINUTE;
    const sent = () =>
      world.script.sent.map((it) => [it.installationId, it.at, it.deliverBy]).toSorted();
    assert.deepEqual(sent(), [
      // 18:45 there
      ['device-0', NOW, NOW + 17 * HOUR + 15 * MINUTE],
      ['device-1', NOW + HOUR, NOW + 23 * HOUR],
    ]);
    assert.equal((await isClosed(store, idOf(answer))).counts.accepted, 2);
    // and one that no device has to wait for is sent here
    world.script.sent.length = 0;
    const later = await send('ada', 'news');
    assert.equal((await later.sent)?.counts.accepted, 2);
    assert.deepEqual(sent(), [
      ['device-0', NOW + HOUR, NOW + 17 * HOUR + 15 * MINUTE],
      ['device-1', NOW + HOUR, NOW + 23 * HOUR],
    ]);
    const told = await why(world.ports, idOf(later), 'device-0');
    assert.equal(
      told.kind === 'known' && told.why.delivery?.expiresAt,
      NOW + 17 * HOUR + 15 * MINUTE,
    );
    await inline.stop();
  });

  it('the rest of a message does not leave in quiet hours', async (t) => {
    const { world, store } = await messages(t, makeStore);
    const policy = { ...defaultPolicy, quiet: { from: '18:50', to: '19:50' } };
    await putAppPolicy(world.ports, { app: 'default', policy, by: 'ann' });
    await world.people(2, (n) => ({
      userId: 'ada',
      ...inZone(n === 0 ? 'Asia/Kathmandu' : 'Etc/UTC'),
    }));
    world.script.answer = ({ before }) =>
      before === 0
        ? { kind: 'retry', reason: 'Busy', afterMs: 10 * MINUTE, scope: 'device' }
        : accepted;
    const answer = await singlePush(world.ports, toAda({ title: 'Hallo', category: 'news' }), null);
    assert.equal(await answer.sent, null);
    await world.run();
    const times = Map.groupBy(world.script.sent, (it) => it.installationId);
    const [held, other] = ['device-0', 'device-1'].map((it) => times.get(it)!.map(({ at }) => at));
    assert.deepEqual(held, [NOW, NOW + 65 * MINUTE]);
    assert.ok(other!.length === 2 && other![1]! < NOW + 12 * MINUTE);
    assert.equal((await isClosed(store, idOf(answer))).counts.accepted, 2);
  });

  it('a badge that counts up is counted before the push, by the queue', async (t) => {
    const { world, store } = await messages(t, makeStore, 1, 'ios');
    const push = () => singlePush(world.ports, toAda({ title: 'Hallo', badge: '+1' }), null);
    for (let i = 0; i < 2; i++) {
      const answer = await push();
      await answer.sent;
      await world.run();
      await isClosed(store, idOf(answer));
    }
    assert.deepEqual(
      world.script.sent.map(({ badge }) => badge),
      [1, 2],
    );
  });

  it('a device erased after the message was stored is not kept in it', async (t) => {
    const { world, store, push } = await messages(t, makeStore, 1);
    world.script.answer = async () => {
      await store.eraseUser('ada', world.clock.now);
      return { kind: 'rejected', reason: 'BadDeviceToken' };
    };
    const answer = await push();
    const closed = await answer.sent;
    const id = idOf(answer);
    assert.deepEqual((await isClosed(store, id)).counts.failed, 1);
    assert.deepEqual(closed?.failures, []);
    assert.deepEqual((await store.listFailures(id, null, 9)).items, []);
    assert.deepEqual(await Array.fromAsync(store.readUser('ada')), []);
    assert.ok(!JSON.stringify(await store.getCampaign(id)).includes('ada'));
  });
}
