/** Caps on any store: which campaigns they hold for, what counts, and what a cap says afterwards. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Cap, defaultPolicy } from '../../functions/model/app-policy.ts';
import { messageRequestSchema, toCampaignRequest } from '../../functions/model/schemas/push.ts';
import { putAppPolicy } from '../../functions/pipeline/app-policy.ts';
import { estimate } from '../../functions/pipeline/audience/estimate.ts';
import { cancel } from '../../functions/pipeline/control/control.ts';
import { retryFailures } from '../../functions/pipeline/control/retry.ts';
import { report, reportText } from '../../functions/pipeline/report.ts';
import { singlePush } from '../../functions/pipeline/single-push.ts';
import { why } from '../../functions/pipeline/why/why.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { accepted } from '../pipeline/script.ts';
import { createWorld, DAY, MINUTE, NOW, ticking, type World } from '../pipeline/world.ts';

type MakeStore = (t: TestContext, now?: () => number) => Promise<Store>;

const HOUR = 60 * MINUTE;
const ONCE: Cap[] = [{ max: 1, per: '24h' }];
const ME = 'ada@example.com';

const put = ({ ports }: World, caps: Cap[], exempt: string[] = []) =>
  putAppPolicy(ports, { app: 'default', policy: { ...defaultPolicy, caps, exempt }, by: ME });

/** The devices that were sent to since it was asked before, in order. */
const sentTo = ({ script }: World) =>
  script.sent
    .splice(0)
    .map((it) => it.installationId)
    .sort();

const capped = async (world: World, id: string) =>
  (await world.closed(id)).counts.skippedBy?.capped ?? 0;

export function capPipelineContract(
  name: string,
  makeStore: MakeStore,
  skip: string | false = false,
) {
  const walk = (title: string, walked: (world: World) => Promise<void>) =>
    test(`${name}: ${title}`, { skip }, async (t) => {
      const clock = { now: NOW };
      const store = await makeStore(t, () => clock.now);
      await walked(createWorld(t, { store, clock }));
    });

  walk('who is over a cap is skipped, and the report and the device say so', async (world) => {
    const { ports, announced } = world;
    await world.people(3, (n) => ({ userId: `user-${n}` }));
    await put(world, ONCE);
    await world.send({ audience: { userIds: ['user-0'] } });
    assert.deepEqual(sentTo(world), ['device-0']);
    const id = await world.send();
    assert.deepEqual(sentTo(world), ['device-1', 'device-2']);
    const { counts } = await world.closed(id);
    assert.deepEqual(counts.skippedBy, { capped: 1 });
    assert.deepEqual([counts.recipients, counts.accepted, counts.skipped], [3, 2, 1]);
    const event = announced.find((it) => it.subject === id)!.data as { counts: object };
    assert.deepEqual(event.counts, {
      ...{ recipients: 3, accepted: 2, failed: 0, skipped: 1, pending: 0 },
      skippedBy: { capped: 1 },
    });
    assert.match(reportText((await report(ports, id))!), /^Skipped +1 \(capped\)$/m);
    const told = await why(ports, id, 'device-0');
    assert.ok(told.kind === 'known');
    assert.equal(told.why.state, 'skipped');
    assert.match(told.why.summary, /over a cap/);
    assert.ok(told.why.timeline.some((it) => it.kind === 'skipped' && /over a cap/.test(it.text)));
    // all of them are over it by now, and it closes without a push
    const last = await world.send();
    assert.deepEqual(sentTo(world), []);
    assert.equal(await capped(world, last), 3);
    world.clock.now += DAY;
    const later = await world.send();
    assert.equal(sentTo(world).length, 3);
    assert.equal(await capped(world, later), 0);
  });

  walk(
    'the caps are those of the time of the freeze, however long a campaign waits',
    async (world) => {
      const { clock } = world;
      await world.people(2);
      const waits = await world.campaign({ schedule: { at: clock.now + HOUR } });
      await put(world, ONCE);
      await world.send();
      assert.equal(sentTo(world).length, 2);
      assert.equal(await capped(world, waits), 2, 'accepted before there were caps');
      const next = await world.campaign({ schedule: { at: clock.now + HOUR } });
      await put(world, []);
      await world.run();
      assert.equal(await capped(world, next), 0, 'accepted while there were caps');
      assert.equal(sentTo(world).length, 2);
    },
  );

  walk('messages, tests, dry runs and retries are neither capped nor counted', async (world) => {
    const { ports, script } = world;
    await world.people(2, () => ({ userId: 'ada' }));
    await put(world, ONCE);
    const named = { audience: { userIds: ['ada'] } };
    const message = () =>
      singlePush(
        ports,
        toCampaignRequest(
          messageRequestSchema.parse({ userIds: ['ada'], message: { title: 'Hallo' } }),
        ),
        null,
      );
    const free = async () => {
      await message();
      await world.send({ ...named, test: true });
      await world.send({ dryRun: true });
      await world.run();
      // a dry run too is given to the sender
      assert.equal(sentTo(world).length, 6);
    };
    await free();
    script.answer = () => ({ kind: 'unknown', reason: 'ConnectionLost' });
    const first = await world.send();
    assert.equal((await world.closed(first)).counts.failed, 2);
    script.sent.length = 0;
    script.answer = () => accepted;
    await retryFailures(ports, first, null, ME);
    await world.run();
    assert.equal(sentTo(world).length, 2, 'they did not get the first one');
    await free();
    assert.equal(await capped(world, await world.send()), 2, 'the first one has counted');
  });

  walk('a category that is exempt is neither capped nor counted, and others are', async (world) => {
    await world.people(1);
    await put(world, ONCE, ['security']);
    const of = (category: string) =>
      world.send({ message: { title: 'Hallo', ttlSeconds: 60, priority: 'high', category } });
    await of('security');
    await of('offers');
    await of('security');
    assert.equal(sentTo(world).length, 3);
    assert.equal(await capped(world, await of('offers')), 1);
  });

  walk(
    'what was reserved counts, also when the campaign is cancelled before it is sent',
    async (world) => {
      const { ports, clock } = world;
      await world.people(2);
      await put(world, ONCE);
      const { queue } = ports;
      ports.queue = {
        ...queue,
        create: (tasks) => queue.create(tasks.filter((it) => it.body.kind !== 'send')),
      };
      const first = await world.campaign();
      await world.run(clock.now + 1_000);
      ports.queue = queue;
      await cancel(ports, first, ME);
      await world.run();
      assert.deepEqual(sentTo(world), []);
      assert.equal(await capped(world, first), 0);
      assert.equal(await capped(world, await world.send()), 2);
    },
  );

  walk('a planner that dies between two pages neither counts nor leaves out any', async (world) => {
    const { ports, store } = world;
    const people = await world.people(2_500);
    await put(world, ONCE);
    let pages = 0;
    ports.store = {
      ...store,
      async freezePage(page) {
        const frozen = await store.freezePage(page);
        pages += 1;
        if (pages === 1) throw new Error('killed');
        return frozen;
      },
    };
    const id = await world.campaign();
    await ticking(world, NOW + HOUR);
    assert.ok(pages > 2);
    assert.deepEqual(sentTo(world), people.map((it) => it.id).sort());
    assert.equal(await capped(world, id), 0);
  });

  walk(
    'many campaigns at once, canaries too: each device gets as many as its cap allows',
    async (world) => {
      const people = await world.people(1_200);
      await put(world, [{ max: 3, per: '24h' }]);
      const canary = { percent: 10, holdSeconds: 1, maxFailureRate: 0.5 };
      const ids = await Promise.all(
        Array.from({ length: 5 }, (_, index) => world.campaign(index % 2 === 0 ? { canary } : {})),
      );
      await world.run();
      const sent = Map.groupBy(sentTo(world), (it) => it);
      assert.deepEqual(
        people.filter(({ id }) => sent.get(id)?.length !== 3),
        [],
      );
      let skipped = 0;
      for (const id of ids) skipped += await capped(world, id);
      assert.equal(skipped, 2 * people.length);
    },
  );

  walk('an estimate says which caps hold, and that none do for a topic', async (world) => {
    const { ports } = world;
    await world.people(2);
    const asked = {
      name: '-',
      app: 'default',
      dryRun: false,
      message: { title: 'Hallo', ttlSeconds: 60, priority: 'high' as const },
    };
    const before = await estimate(ports, { ...asked, audience: {} });
    assert.deepEqual(before.caps, []);
    await put(world, ONCE);
    const { caps, costUsd } = await estimate(ports, { ...asked, audience: {} });
    assert.deepEqual(caps, ONCE);
    assert.ok(costUsd > before.costUsd);
    const topic = await estimate(ports, { ...asked, audience: { topic: 'news' } });
    assert.deepEqual(topic.caps, []);
    assert.ok(topic.problems.some((it) => it.kind === 'not-capped'));
  });
}
