/** Audiences that ask about earlier campaigns, from the request to the recipients. */

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Expired } from '../../../functions/lib/errors.ts';
import {
  type AudienceRequest,
  audienceSchema,
  segmentAudience,
} from '../../../functions/model/schemas/audience.ts';
import { planTask } from '../../../functions/model/tasks.ts';
import { draft } from '../../../functions/pipeline/accept/accept.ts';
import { estimate } from '../../../functions/pipeline/audience/estimate.ts';
import { cancel, resume } from '../../../functions/pipeline/control/control.ts';
import { singlePush } from '../../../functions/pipeline/single-push.ts';
import { why } from '../../../functions/pipeline/why/why.ts';
import { open } from '../../contracts/store-past.ts';
import { createWorld, DAY, eachOnce, NOW } from '../world.ts';

const audienceOf = (it: unknown): AudienceRequest => audienceSchema.parse(it);
const requestOf = (audience: AudienceRequest, app = 'default') => ({
  name: 'x',
  app,
  audience,
  dryRun: false,
  message: { title: 'x', ttlSeconds: 60, priority: 'high' as const },
});

/** An earlier campaign to 300, one in seven was not accepted, and one in four opened it. */
async function withEarlier(t: TestContext) {
  const world = createWorld(t);
  const people = await world.people(300, (n) => ({ tags: n % 2 ? ['odd'] : [] }));
  const failing = new Set(people.filter((_, i) => i % 7 === 0).map((it) => it.token));
  world.script.answer = (it) =>
    failing.has(it.token) ? { kind: 'rejected', reason: 'BadDeviceToken' } : { kind: 'accepted' };
  const earlier = await world.send({});
  assert.equal((await world.closed(earlier)).campaign.state, 'completed');
  world.script.answer = () => ({ kind: 'accepted' });
  const opened = people.filter((_, i) => i % 4 === 0);
  await open(
    world.store,
    earlier,
    opened.map((it) => it.id),
    world.clock.now,
  );
  const notOpened = people.filter((it) => !failing.has(it.token) && !opened.includes(it));
  world.script.sent.length = 0;
  return { world, people, earlier, opened, notOpened };
}

test('a campaign goes to those that did not open an earlier one, and its ledger closes over them', async (t) => {
  const { world, earlier, notOpened } = await withEarlier(t);
  const id = await world.send({ audience: audienceOf({ notOpened: { campaign: earlier } }) });
  const { counts } = await world.closed(id);
  assert.equal(counts.recipients, notOpened.length);
  eachOnce(world, notOpened);
});

test('a segment may ask it, together with other conditions; estimates count it', async (t) => {
  const { world, earlier, opened } = await withEarlier(t);
  const audience = { opened: { campaign: earlier } };
  await world.store.putSegment({ app: 'default', name: 'openers', audience, updatedAt: NOW });
  const asked = audienceOf({ segment: 'openers', not: { tags: ['odd'] } });
  const expected = opened.filter((it) => !it.tags.includes('odd'));
  for (const isQuick of [false, true]) {
    const it = await estimate(world.ports, requestOf(asked), isQuick);
    assert.deepEqual([it.installations, it.interval.low], [expected.length, expected.length]);
    assert.deepEqual(it.problems, []);
  }
  const id = await world.send({ audience: asked });
  assert.equal((await world.closed(id)).counts.recipients, expected.length);
  eachOnce(world, expected);
});

test('a message to named recipients asks it too', async (t) => {
  const { world, people, earlier, notOpened } = await withEarlier(t);
  const some = people.slice(0, 30);
  const asked = audienceOf({
    installationIds: some.map((it) => it.id),
    notOpened: { campaign: earlier },
  });
  const { accepted } = await singlePush(world.ports, requestOf(asked), null);
  assert.equal(accepted.kind, 'accepted');
  await world.run();
  eachOnce(
    world,
    some.filter((it) => notOpened.includes(it)),
  );
});

test('what cannot be asked about an earlier campaign is told at the door, at its place', async (t) => {
  const { world, earlier } = await withEarlier(t);
  const faults = async (audience: unknown, app = 'default') =>
    (await draft(world.ports, requestOf(audienceOf(audience), app))).unclear.map(
      (it) => `${it.path} ${it.message}`,
    );
  const asks = (campaign: string) => ({ notOpened: { campaign } });
  assert.deepEqual(await faults(asks(earlier)), []);
  assert.deepEqual(await faults({ and: [{ platform: 'ios' }, { not: asks('none') }] }), [
    'audience.and[1].not.notOpened.campaign there is no campaign "none" of "default", or its retention has ended',
  ]);
  assert.deepEqual(await faults(asks(earlier), 'other'), [
    `audience.notOpened.campaign there is no campaign "${earlier}" of "other", or its retention has ended`,
  ]);
  const open = await world.campaign({ schedule: { at: NOW + 400 * DAY } });
  assert.deepEqual(await faults({ or: [{ opened: { campaign: open } }, asks(open)] }), [
    `audience.or[0].opened.campaign the campaign "${open}" is scheduled: ask again when it is completed`,
    `audience.or[1].notOpened.campaign the campaign "${open}" is scheduled: ask again when it is completed`,
  ]);
  const topic = await world.send({ audience: audienceOf({ topic: 'news' }) });
  assert.deepEqual(await faults(asks(topic)), [
    `audience.notOpened.campaign the campaign "${topic}" went to a topic: its recipients are not known`,
  ]);
  const dry = await world.send({ dryRun: true });
  assert.deepEqual(await faults({ opened: { campaign: dry } }), [
    `audience.opened.campaign the campaign "${dry}" was a dry run: no device got it`,
  ]);
  const six = Array.from({ length: 6 }, (_, n) => asks(`campaign${n}`));
  assert.deepEqual(await faults({ or: six }), [
    'audience asks about 6 earlier campaigns: 5 are allowed',
  ]);
  const segment = { app: 'default', name: 'late', audience: asks('gone'), updatedAt: NOW };
  await world.store.putSegment(segment);
  assert.deepEqual(await faults({ segment: 'late' }), [
    'audience the segment "late": there is no campaign "gone" of "default", or its retention has ended',
  ]);
  const upload = {
    id: '0'.repeat(20),
    app: 'default',
    of: 'userIds' as const,
    size: 1,
    createdAt: NOW,
    expiresAt: NOW + 7 * DAY,
  };
  await world.store.putUpload(upload);
  assert.deepEqual(await faults({ upload: upload.id, ...asks(earlier) }), [
    'audience.upload goes with no opened and no notOpened',
  ]);
  world.clock.now += 31 * DAY;
  while (await world.store.expire(world.clock.now - 30 * DAY, world.clock.now));
  assert.deepEqual(await faults(asks(earlier)), [
    `audience.notOpened.campaign the retention of the campaign "${earlier}" has ended: its recipients are deleted`,
  ]);
});

test('ids of campaigns in a request are ids, and nothing else', () => {
  for (const campaign of ['', '../a', 'a b', 'x'.repeat(65), '__proto__', 7, null, undefined])
    assert.equal(audienceSchema.safeParse({ opened: { campaign } }).success, false, `${campaign}`);
  assert.equal(audienceSchema.safeParse({ opened: { campaign: 'a', extra: 1 } }).success, false);
  assert.equal(audienceSchema.safeParse({ opened: {} }).success, false);
});

test('an earlier campaign whose retention ends before it is read pauses the later one, which sends nothing', async (t) => {
  const { world, earlier } = await withEarlier(t);
  const create = world.ports.queue.create;
  world.ports.queue = { ...world.queue, create: async () => {} };
  const id = await world.campaign({ audience: audienceOf({ notOpened: { campaign: earlier } }) });
  world.ports.queue = { ...world.queue, create };
  world.clock.now += 31 * DAY;
  while (await world.store.expire(world.clock.now - 30 * DAY, world.clock.now));
  await world.queue.create([planTask(id)]);
  for (let times = 0; times < 2; times++) {
    await world.run(world.clock.now + DAY);
    const paused = await world.store.getCampaign(id);
    assert.equal(paused?.state, 'paused');
    assert.match(paused.reason ?? '', /earlier campaign whose retention has ended/);
    if (times === 0) await resume(world.ports, id);
  }
  await cancel(world.ports, id);
  await world.run();
  assert.equal((await world.closed(id)).recipients, 0);
  assert.equal(world.script.sent.length, 0);
});

test('what expires while it is read pauses the campaign, and is no end of the audience', async (t) => {
  const { world, earlier } = await withEarlier(t);
  const { store } = world;
  world.ports.store = {
    ...store,
    async *streamAudience(read) {
      for await (const page of store.streamAudience({ ...read, size: 10 })) {
        yield page;
        throw new Expired('the recipients are deleted');
      }
    },
  };
  const id = await world.campaign({ audience: audienceOf({ opened: { campaign: earlier } }) });
  await world.run(world.clock.now + 60_000);
  const paused = await store.getCampaign(id);
  assert.equal(paused?.state, 'paused');
  assert.match(paused.reason ?? '', /earlier campaign whose retention has ended/);
});

test('why tells who opened an earlier campaign, or did not, or that it is not known any more', async (t) => {
  const { world, people, earlier, opened, notOpened } = await withEarlier(t);
  const id = await world.send({ audience: audienceOf({ notOpened: { campaign: earlier } }) });
  const told = async (it: { id: string } | undefined, campaign = id) => {
    const answer = await why(world.ports, campaign, it!.id);
    assert.ok(answer.kind === 'known');
    return answer.why;
  };
  const one = await told(opened[0]);
  assert.equal(one.absence?.kind, 'conditions');
  assert.deepEqual(one.absence.unmet, [
    { path: 'notOpened', condition: `did not open campaign ${earlier}`, value: null },
  ]);
  assert.equal((await told(notOpened[0])).absence, null, 'it was sent to');
  const failed = people.find((it) => !opened.includes(it) && !notOpened.includes(it));
  assert.equal((await told(failed)).absence?.kind, 'conditions', 'it never arrived');
  const second = await world.send({ audience: audienceOf({ opened: { campaign: earlier } }) });
  assert.deepEqual((await told(notOpened[0], second)).absence?.unmet, [
    { path: 'opened', condition: `opened campaign ${earlier}`, value: null },
  ]);
  world.clock.now += DAY;
  const { pastOf } = world.store;
  world.ports.store = {
    ...world.store,
    pastOf: async (...asked) => {
      await pastOf(...asked);
      throw new Expired('deleted');
    },
  };
  assert.equal((await told(opened[0])).absence?.kind, 'too-old');
});

test('a quick estimate of those that did not open is near, and says how near', async (t) => {
  const world = createWorld(t);
  const people = await world.people(20_000);
  const earlier = await world.send({});
  const opened = people.filter((_, i) => i % 4 === 0).map((it) => it.id);
  await open(world.store, earlier, opened, world.clock.now);
  const asked = audienceOf({ notOpened: { campaign: earlier } });
  const it = await estimate(world.ports, requestOf(asked), true);
  assert.equal(it.exact, false);
  assert.ok(it.interval.low <= 15_000 && it.interval.high >= 15_000, JSON.stringify(it.interval));
  assert.ok(it.interval.high - it.interval.low < 1_500, JSON.stringify(it.interval));
});

test('a segment may ask about five earlier campaigns', () => {
  const asks = (count: number) => ({
    or: Array.from({ length: count }, (_, n) => ({ opened: { campaign: `c${n}` } })),
  });
  assert.equal(segmentAudience.safeParse(asks(5)).success, true);
  const refused = segmentAudience.safeParse(asks(6));
  assert.match(refused.error!.issues[0]!.message, /asks about 6 earlier campaigns: 5 are allowed/);
});
