/** The part of the store's contract about what earlier campaigns were for the installations of an audience. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunked } from '../../functions/lib/chunked.ts';
import { matches } from '../../functions/model/audience/matches.ts';
import type { Past } from '../../functions/model/audience/past.ts';
import { BUCKETS, bucketOf, type Cursor } from '../../functions/model/bucket.ts';
import type { Campaign } from '../../functions/model/campaign.ts';
import type { Audience } from '../../functions/model/schemas/audience.ts';
import type { Store } from '../../functions/ports/ports.ts';
import {
  campaignOf,
  chance,
  EVERYBODY,
  finish,
  type MakeStore,
  MINUTE,
  NOW,
  pageOf,
  person,
  running,
} from './store-fixture.ts';
import { crowd, expression, inOrder } from './store-matching.ts';
import { created, failureOf, messageOf, sentMessage } from './store-messages.ts';

const DAY = 24 * 60 * MINUTE;

/** The devices of these ids report that they opened the campaign's push. */
export async function open(store: Store, campaignId: string, ids: string[], now = NOW) {
  const campaign = (await store.getCampaign(campaignId))!;
  const receipts = ids.map((id) => ({ installationId: id, kind: 'opened' as const, at: now }));
  const results = await store.addReceipts({ campaign, receipts, now, isTold: false });
  assert.deepEqual(
    results,
    ids.map(() => 'counted'),
  );
}

interface Sent {
  accepted: string[];
  id: string;
}

interface Freeze {
  ids: string[];
  shards?: number;
  size?: number;
  /** the order of the recipients; buckets if left out */
  unordered?: boolean;
  campaign?: Partial<Campaign>;
}

/** Freezes and sends a campaign to these ids as a planner does; every fifth fails. */
async function send(store: Store, it: Freeze): Promise<Sent> {
  const { ids, shards = 3, size = 7, unordered = false, campaign = {} } = it;
  const id = await running(store, shards, campaign);
  const accepted: string[] = [];
  for (let shard = 0; shard < shards; shard++) {
    const [from, to] = [(BUCKETS / shards) * shard, (BUCKETS / shards) * (shard + 1)];
    const own = unordered
      ? ids
      : ids.filter((each) => bucketOf(each) >= from && bucketOf(each) < to);
    const inPages = unordered
      ? own
      : own.toSorted((a, b) => bucketOf(a) - bucketOf(b) || (a < b ? -1 : 1));
    const pages = inPages.length > 0 ? chunked(inPages, size) : [[]];
    for (const [page, some] of pages.entries()) {
      const parts = [some.filter((_, i) => i % 3 > 0), some.filter((_, i) => i % 3 === 0)];
      const filled = parts.filter((part) => part.length > 0);
      const cursor: Cursor = { bucket: bucketOf(some.at(-1) ?? ''), id: some.at(-1) ?? '' };
      const last = page === pages.length - 1;
      const sizes = filled.map((part) => part.length);
      const frozen = pageOf(id, sizes, { shard, page, cursor, last });
      for (const [i, chunk] of frozen.chunks.entries())
        chunk.recipients = filled[i]!.map((each) => ({
          installationId: each,
          token: `token-of-${each}`,
        }));
      await store.freezePage(frozen);
      for (const [i, chunk] of frozen.chunks.entries()) {
        const failed = filled[i]!.flatMap((_, index) => (index % 5 === 4 ? [index] : []));
        await finish(store, chunk.id, NOW, failed);
        accepted.push(...filled[i]!.filter((_, index) => !failed.includes(index)));
      }
    }
  }
  assert.equal((await store.getCampaign(id))?.state, 'completed');
  return { id, accepted };
}

async function read(store: Store, audience: Audience, size: number, after: Cursor | null = null) {
  const ids: string[] = [];
  const cursors: Cursor[] = [];
  const asked = { app: 'default', audience, range: EVERYBODY, after, size };
  for await (const page of store.streamAudience(asked)) {
    ids.push(...page.installations.map((it) => it.id));
    cursors.push(page.cursor);
  }
  return { ids, cursors };
}

export function pastContract(name: string, makeStore: MakeStore) {
  test(`${name}: who opened earlier campaigns, and who did not, is in an audience as the plain reference says`, async (t) => {
    const store = await makeStore(t);
    const dice = chance(29);
    const people = crowd(dice);
    await store.putInstallations(people);
    const some = (of: number) => people.filter(() => dice.below(of) > 0).map((it) => it.id);
    const tokens = people.slice(0, 40).map((it) => it.token);
    const unregistered = { platform: 'android', environment: 'production' } as const;
    const sent = [
      await send(store, { ids: some(4), size: 25 }),
      await send(store, { ids: some(2), shards: 1, size: 70 }),
      await send(store, {
        ids: some(8).reverse(),
        shards: 1,
        size: 120,
        unordered: true,
        campaign: { audience: { tokens, unregistered } },
      }),
      await send(store, {
        ids: some(3).reverse(),
        shards: 1,
        size: 120,
        unordered: true,
        campaign: { retryOf: 'another' },
      }),
      await send(store, { ids: [] }),
    ];
    const ours = new Set(people.flatMap((it) => (it.app === 'default' ? it.id : [])));
    const openers = new Map(
      sent.map(({ id }) => [id, new Set(some(3).filter((it) => ours.has(it)))]),
    );
    for (const [id, ids] of openers) await open(store, id, [...ids]);
    const pastsOf = (device: string) =>
      new Map(
        sent.map(({ id, accepted }): [string, Past] => [
          id,
          { accepted: accepted.includes(device), opened: openers.get(id)!.has(device) },
        ]),
      );
    const own = (): Audience => {
      const campaign = dice.pick(sent).id;
      return dice.below(2) === 0 ? { opened: { campaign } } : { notOpened: { campaign } };
    };
    const kinds: (() => Audience)[] = [
      own,
      () => ({ ...own(), ...expression(dice, 1) }),
      () => ({ not: own() }),
      () => ({ or: [own(), expression(dice, 1)] }),
      () => ({ and: [own(), { not: own() }, expression(dice, 0)] }),
      () => ({ ...own(), not: { or: [own(), expression(dice, 0)] } }),
    ];
    const [first, second] = sent.map(({ id }) => ({ campaign: id }));
    const audiences: Audience[] = [
      { opened: first },
      { notOpened: first },
      { opened: first, notOpened: second },
      { notOpened: first, installationIds: people.slice(0, 90).map((it) => it.id) },
      { notOpened: first, userIds: Array.from({ length: 60 }, (_, n) => `user-${n}`) },
      { opened: second, tokens: tokens.slice(0, 30) },
      { opened: first, lastSeen: { after: new Date(NOW - 100 * DAY).toISOString() } },
      ...Array.from({ length: 20 }, () => dice.pick(kinds)()),
    ];
    let partly = 0;
    for (const audience of audiences) {
      const what = JSON.stringify(audience);
      const expected = people
        .filter((it) => it.app === 'default')
        .filter((it) => matches(audience, { ...it, pasts: pastsOf(it.id) }))
        .sort(inOrder)
        .map((it) => it.id);
      const { ids, cursors } = await read(store, audience, 1 + dice.below(60));
      assert.deepEqual(ids, expected, what);
      if (expected.length > 0 && expected.length < 240) partly += 1;
      const after = cursors[dice.below(cursors.length)];
      if (after) {
        const rest = (await read(store, audience, 50, after)).ids;
        assert.deepEqual(rest, expected.slice(expected.length - rest.length), what);
      }
      const sample = await store.sampleAudience({ app: 'default', audience });
      const sampled = sample.installations.map((it) => it.id);
      if (sample.asOf === null) assert.deepEqual(sampled.toSorted(), expected.toSorted(), what);
      // some pages of the registry are a sample
      else
        assert.deepEqual(
          sampled.filter((it) => !expected.includes(it)),
          [],
          what,
        );
      assert.ok((await store.estimateAudience('default', audience)) >= expected.length, what);
    }
    assert.ok(partly > 15, `the audiences say something: ${partly}`);
    const pasts = await store.pastOf(
      { and: [{ opened: first }, { not: { notOpened: second } }] },
      people.slice(0, 100).map((it) => it.id),
    );
    for (const [i, it] of pasts.entries()) {
      const all = pastsOf(people[i]!.id);
      assert.equal(it.get(first!.campaign)?.opened, all.get(first!.campaign)?.opened);
      assert.deepEqual(it.get(second!.campaign), all.get(second!.campaign));
    }
    const named = { installationIds: people.slice(0, 50).map((it) => it.id), notOpened: first };
    const reached = await store.readNamed({ app: 'default', audience: named, most: 100 });
    assert.deepEqual(
      reached?.map((it) => it.id),
      (await read(store, named, 100)).ids,
    );
  });

  test(`${name}: who got a message that was closed in one write, and did not open it, is known`, async (t) => {
    const store = await makeStore(t);
    const ids = ['a', 'b', 'c', 'd', 'e'];
    await store.putInstallations([...ids, 'f'].map((id) => person(id)));
    const audience = { installationIds: ids };
    const campaign = await created(store, messageOf('sender', { audience }));
    const message = sentMessage(campaign, [ids.length], (chunk) => ({
      accepted: 4,
      failures: [failureOf(chunk, 2)],
    }));
    for (const [index, it] of message.chunks[0]!.recipients.entries())
      it.installationId = ids[index]!;
    assert.ok(await store.closeMessage(message));
    await open(store, campaign.id, ['a', 'f']);
    const asked = { campaign: campaign.id };
    const inAudience = async (audience: Audience) =>
      (await read(store, audience, 3)).ids.toSorted();
    assert.deepEqual(await inAudience({ notOpened: asked }), ['b', 'd', 'e']);
    assert.deepEqual(await inAudience({ opened: asked }), ['a', 'f']);
    assert.deepEqual(await inAudience({ not: { notOpened: asked } }), ['a', 'c', 'f']);
  });

  test(`${name}: a part of the registry is merged with a part of an earlier campaign`, async (t) => {
    const store = await makeStore(t);
    const people = Array.from({ length: 400 }, (_, n) => person(`device-${n}`)).sort(inOrder);
    await store.putInstallations(people);
    const ids = people.map((it) => it.id);
    const { id, accepted } = await send(store, { ids, shards: 2, size: 11 });
    const opened = ids.filter((_, i) => i % 3 === 0);
    await open(store, id, opened);
    const audience: Audience = { notOpened: { campaign: id } };
    for (let n = 0; n < 16; n++) {
      const range = { from: (BUCKETS / 16) * n, to: (BUCKETS / 16) * (n + 1) };
      const found: string[] = [];
      const asked = { app: 'default', audience, range, after: null, size: 6 };
      for await (const page of store.streamAudience(asked))
        found.push(...page.installations.map((it) => it.id));
      assert.deepEqual(
        found,
        people
          .filter((it) => it.bucket >= range.from && it.bucket < range.to)
          .map((it) => it.id)
          .filter((it) => accepted.includes(it) && !opened.includes(it)),
      );
    }
  });

  test(`${name}: after its retention nothing is read about an earlier campaign, and that is an error`, async (t) => {
    let now = NOW;
    const store = await makeStore(t, () => now);
    const ids = Array.from({ length: 60 }, (_, n) => `device-${n}`);
    await store.putInstallations(ids.map((it) => person(it)));
    const { id, accepted } = await send(store, {
      ids,
      size: 30,
      shards: 1,
      campaign: { createdAt: NOW },
    });
    const campaign = (await store.getCampaign(id))!;
    const audience: Audience = { or: [{ notOpened: { campaign: id } }, { platform: ['web'] }] };
    assert.equal(await store.isKept(campaign), true);
    assert.deepEqual((await read(store, audience, 10)).ids.toSorted(), accepted.toSorted());
    now += 31 * DAY;
    while (await store.expire(now - 30 * DAY, now));
    assert.equal(await store.isKept(campaign), false);
    const gone = { name: 'Expired' };
    await assert.rejects(read(store, audience, 10), gone);
    await assert.rejects(store.sampleAudience({ app: 'default', audience }), gone);
    await assert.rejects(store.pastOf(audience, ids.slice(0, 1)), gone);
    const opened = { opened: { campaign: id } };
    await assert.rejects(read(store, opened, 10), gone);
    await assert.rejects(read(store, { opened: { campaign: campaignOf().id } }, 10), gone);
    assert.equal((await read(store, { platform: ['android'] }, 10)).ids.length, 60);
  });

  test(`${name}: one that was erased from an earlier campaign was not in it`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations([person('a', { userId: 'ada' }), person('b')]);
    const { id } = await send(store, { ids: ['a', 'b'], shards: 1, campaign: { createdAt: NOW } });
    await store.eraseUser('ada', NOW);
    await store.putInstallations([person('a')]);
    const audience: Audience = { notOpened: { campaign: id } };
    assert.deepEqual((await read(store, audience, 10)).ids, ['b']);
  });
}
