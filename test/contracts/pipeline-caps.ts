/** Caps on any store: which campaigns they hold for, what counts, and what a cap says afterwards. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Cap, defaultPolicy } from '../../functions/model/app-policy.ts';
import { BUCKETS, bucketOf } from '../../functions/model/bucket.ts';
import { unregisteredId } from '../../functions/model/installation.ts';
import { audienceSchema } from '../../functions/model/schemas/audience.ts';
import { messageSchema } from '../../functions/model/schemas/message.ts';
import { messageRequestSchema, toCampaignRequest } from '../../functions/model/schemas/push.ts';
import { NEVER_WIDE } from '../../functions/model/sizes.ts';
import type { Upload } from '../../functions/model/upload.ts';
import { putAppPolicy } from '../../functions/pipeline/app-policy.ts';
import { estimate } from '../../functions/pipeline/audience/estimate.ts';
import { cancel } from '../../functions/pipeline/control/control.ts';
import { retryFailures } from '../../functions/pipeline/control/retry.ts';
import { report, reportText } from '../../functions/pipeline/report.ts';
import { singlePush } from '../../functions/pipeline/single-push.ts';
import { why } from '../../functions/pipeline/why/why.ts';
import type { Store } from '../../functions/ports/ports.ts';
import { accepted } from '../pipeline/script.ts';
import { createWorld, DAY, eachOnce, MINUTE, NOW, ticking, type World } from '../pipeline/world.ts';

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

/** The store, as if each device had a set of its own, of which a page may span 64. */
const narrowed = (store: Store): Store => ({
  ...store,
  async freezePage(page) {
    const all = page.chunks.flatMap((it) =>
      it.recipients.map((one) => bucketOf(one.installationId)),
    );
    if (!page.caps?.length || all.length <= NEVER_WIDE) return store.freezePage(page);
    return { kind: 'wide', from: all.sort((a, b) => a - b)[64]! };
  },
});

const UNREGISTERED = { platform: 'android', provider: 'fcm', environment: 'production' };
const UPLOAD = 'a0'.repeat(10);

/** An audience of these tokens, which need no installation. */
async function uploaded(store: Store, tokens: string[]) {
  const upload: Upload = {
    id: UPLOAD,
    app: 'default',
    of: 'tokens',
    size: tokens.length,
    createdAt: NOW,
    expiresAt: NOW + 7 * DAY,
  };
  await store.putUpload(upload);
  await store.addToUpload(upload, tokens);
  return audienceSchema.parse({ upload: UPLOAD, unregistered: UNREGISTERED });
}

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
      recipients: 3,
      accepted: 2,
      failed: 0,
      skipped: 1,
      pending: 0,
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
    const asked = toCampaignRequest(
      messageRequestSchema.parse({ userIds: ['ada'], message: { title: 'Hallo' } }),
    );
    const message = () => singlePush(ports, asked, null);
    const free = async () => {
      await message();
      await world.send({ ...named, test: true });
      await world.send({ dryRun: true });
      await world.run();
      // a dry run too is given to the sender
      assert.equal(sentTo(world).length, 6);
    };
    await free();
    const bare = ['bare-one', 'bare-two'];
    const toTokens = async () => {
      const audience = audienceSchema.parse({ tokens: bare, unregistered: UNREGISTERED });
      await singlePush(ports, { ...asked, audience }, null);
      await world.run();
      assert.deepEqual(sentTo(world), bare.map(unregisteredId).sort(), 'it is planned as others');
    };
    await toTokens();
    await toTokens();
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
    'a page that is too wide for caps is cut, and a planner that dies between its parts loses none',
    async (world) => {
      const { ports, store } = world;
      const people = await world.people(1_000, (n) =>
        n % 4 === 0 ? { optedOutOf: ['offers'] } : {},
      );
      await put(world, ONCE);
      const narrow = narrowed(store);
      let frozen = 0;
      ports.store = {
        ...narrow,
        async freezePage(page) {
          const answer = await narrow.freezePage(page);
          if (answer.kind === 'frozen' && ++frozen === 1) throw new Error('killed');
          return answer;
        },
      };
      const message = messageSchema.parse({ title: 'Sale', category: 'offers' });
      const id = await world.campaign({ message });
      await ticking(world, NOW + HOUR);
      assert.ok(frozen > 4, `${frozen} pages`);
      eachOnce(
        world,
        people.filter((it) => !it.optedOutOf),
      );
      assert.equal(await capped(world, id), 0);
      assert.equal((await report(ports, id))!.unread, 0);
    },
  );

  walk(
    'named devices are in pages that need no cut, in whichever order they are',
    async (world) => {
      const { ports, store } = world;
      const people = await world.people(300, (n) => ({ optedOut: n % 2 === 0 }));
      const bare = Array.from({ length: 300 }, (_, n) => `bare-token-${n}`);
      ports.store = narrowed(store);
      await put(world, ONCE);
      const audience = await uploaded(store, [...people.map((it) => it.token), ...bare]);
      const wanted = [
        ...people.filter((it) => !it.optedOut).map((it) => it.id),
        ...bare.map(unregisteredId),
      ];
      assert.equal(await capped(world, await world.send({ audience })), 0);
      assert.deepEqual(sentTo(world), wanted.toSorted());
      assert.equal(await capped(world, await world.send({ audience })), wanted.length);
      assert.deepEqual(sentTo(world), []);
    },
  );

  walk('caps that are put while named devices are read hold for those', async (world) => {
    const { ports, store } = world;
    const people = await world.people(600);
    const narrow = narrowed(store);
    let isPut = false;
    ports.store = {
      ...narrow,
      async *streamAudience(read) {
        if (!isPut) await put(world, ONCE);
        isPut = true;
        yield* store.streamAudience(read);
      },
    };
    const tokens = people.map((it) => it.token);
    const id = await world.send({ audience: await uploaded(store, tokens) });
    eachOnce(world, people);
    assert.equal(await capped(world, id), 0);
    assert.equal(await capped(world, await world.send()), people.length);
  });

  walk('a canary all of whose recipients are over a cap lets the rest begin', async (world) => {
    const people = await world.people(400);
    await put(world, ONCE);
    const inCanary = people.filter((it) => it.bucket < 0.3 * BUCKETS).map((it) => it.id);
    await world.send({ audience: { installationIds: inCanary } });
    assert.deepEqual(sentTo(world), inCanary.toSorted());
    const canary = { percent: 10, holdSeconds: 60, maxFailureRate: 0.1 };
    const id = await world.send({ canary });
    assert.equal(sentTo(world).length, people.length - inCanary.length);
    assert.equal(await capped(world, id), inCanary.length);
  });

  walk(
    'ten campaigns whose planners die behind each write, each followed by two: none is above its cap',
    async (world) => {
      const { ports, store } = world;
      const people = await world.people(600);
      await put(world, [{ max: 3, per: '24h' }]);
      let writes = 0;
      ports.store = {
        ...store,
        async freezePage(page) {
          writes += 1;
          // a second planner has the same page, and may be first
          const both = [store.freezePage(page), store.freezePage(page)];
          const [first] = writes % 2 ? both : both.reverse();
          const frozen = await first!;
          await Promise.all(both);
          if (writes % 3 === 0) throw new Error('killed');
          return frozen;
        },
      };
      const ids = await Promise.all(Array.from({ length: 10 }, () => world.campaign()));
      await ticking(world, NOW + HOUR);
      const sent = Map.groupBy(sentTo(world), (it) => it);
      assert.deepEqual(
        people.filter(({ id }) => sent.get(id)?.length !== 3),
        [],
      );
      let skipped = 0;
      for (const id of ids) skipped += await capped(world, id);
      assert.equal(skipped, 7 * people.length);
    },
  );

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
    await put(world, ONCE, ['security']);
    const exempt = { ...asked.message, category: 'security' };
    const free = await estimate(ports, { ...asked, message: exempt, audience: {} });
    assert.deepEqual([free.caps, free.costUsd], [[], before.costUsd]);
    const topic = await estimate(ports, { ...asked, audience: { topic: 'news' } });
    assert.deepEqual(topic.caps, []);
    assert.ok(topic.problems.some((it) => it.kind === 'not-capped'));
  });
}
