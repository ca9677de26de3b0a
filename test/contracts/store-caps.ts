/** The contract of caps: how many campaigns reach a device, however many are frozen at once. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Cap, windowOf } from '../../functions/model/app-policy.ts';
import { BUCKETS, bucketOf } from '../../functions/model/bucket.ts';
import type { NewChunk } from '../../functions/model/chunk.ts';
import { unregisteredId } from '../../functions/model/installation.ts';
import type { FrozenPage, Store } from '../../functions/ports/ports.ts';
import {
  chance,
  chunkOf,
  claimed,
  finish,
  leaseOf,
  type MakeStore,
  NOW,
  pageOf,
  person,
  running,
} from './store-fixture.ts';

const HOUR = 60 * 60 * 1000;
const TWICE: Cap[] = [{ max: 2, per: '24h' }];

/** Chunks of a page to these devices, `most` in each. */
const chunksTo = (campaignId: string, page: number, ids: string[], most = 1_000): NewChunk[] =>
  Array.from({ length: Math.ceil(ids.length / most) }, (_, part) => {
    const some = ids.slice(part * most, (part + 1) * most);
    const recipients = some.map((id) => ({ installationId: id, token: `token-of-${id}` }));
    return { ...chunkOf(campaignId, [0, page, part], 0), recipients };
  });

const pageTo = (campaignId: string, ids: string[], rest: Partial<FrozenPage> = {}): FrozenPage => ({
  ...pageOf(campaignId, [], { last: true, caps: TWICE, ...rest }),
  chunks: chunksTo(campaignId, rest.page ?? 0, ids),
});

/** A campaign to these devices, frozen as one page. */
async function sendTo(store: Store, ids: string[], rest: Partial<FrozenPage> = {}) {
  const id = await running(store);
  const frozen = await store.freezePage(pageTo(id, ids, rest));
  return { id, frozen, reached: await reachedBy(store, id) };
}

/** The devices to which something of a campaign is still to be sent. */
async function reachedBy(store: Store, campaignId: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const chunks of store.openChunks(campaignId, null))
    for (const { chunkId } of chunks) {
      const lease = leaseOf(`look-${chunkId}`, NOW - 1);
      const { chunk } = claimed(await store.claimChunk(chunkId, lease, NOW - 2));
      ids.push(...chunk.open.map((it) => chunk.recipients[it]!.installationId));
    }
  return ids.sort();
}

async function erase(store: Store, userId: string, now: number) {
  let after: string | null = null;
  do after = (await store.eraseUser(userId, now, after)).next;
  while (after !== null);
}

const inOrder = (ids: string[]) => ids.toSorted((a, b) => bucketOf(a) - bucketOf(b));
const devices = (count: number, name = 'device') =>
  inOrder(Array.from({ length: count }, (_, i) => `${name}-${i}`));

export function capContract(name: string, makeStore: MakeStore) {
  test(`${name}: a device gets as many campaigns as its cap allows, and is skipped in the next`, async (t) => {
    const store = await makeStore(t);
    const at = (hours: number) => ({ now: NOW + hours * HOUR });
    const both = ['ada', 'ben'];
    assert.deepEqual((await sendTo(store, both)).reached, both);
    assert.deepEqual((await sendTo(store, ['ada'], at(1))).reached, ['ada']);
    const third = await sendTo(store, both, at(23));
    assert.deepEqual(third.reached, ['ben']);
    assert.deepEqual(third.frozen, { kind: 'frozen', campaignClosed: false });
    const counts = await store.counts(third.id);
    assert.deepEqual([counts.recipients, counts.skipped, counts.skippedBy], [2, 1, { capped: 1 }]);
    await finish(store, `${third.id}.0.0.0`);
    const closed = (await store.getCampaign(third.id))!;
    assert.equal(closed.state, 'completed');
    assert.deepEqual(closed.sums, {
      recipients: 2,
      accepted: 1,
      failed: 0,
      skipped: 1,
      skippedBy: { capped: 1 },
    });
    assert.deepEqual((await store.counts(third.id)).skippedBy, { capped: 1 });
    // its first push is 24 hours old
    assert.deepEqual((await sendTo(store, both, at(24))).reached, ['ada', 'ben']);
    assert.deepEqual((await sendTo(store, both, at(24.5))).reached, []);
  });

  test(`${name}: a campaign all of whose recipients are over a cap closes, and each is told why`, async (t) => {
    const store = await makeStore(t);
    for (const _ of TWICE.map((it) => it.max)) {
      await sendTo(store, ['ada', 'ben']);
      await sendTo(store, ['ada', 'ben']);
    }
    const { id, frozen } = await sendTo(store, ['ada', 'ben']);
    assert.deepEqual(frozen, { kind: 'frozen', campaignClosed: true, settled: [`${id}.0.0.0`] });
    const campaign = (await store.getCampaign(id))!;
    assert.equal(campaign.state, 'completed');
    assert.deepEqual((await store.claimChunk(`${id}.0.0.0`, leaseOf('a'), NOW)).kind, 'done');
    const sought = { installationId: 'ada', token: null, userId: null, listedBy: null };
    const { recipients } = await store.findRecipient(campaign, sought);
    assert.deepEqual(
      recipients.map(({ state, failure }) => ({ state, failure })),
      [{ state: 'capped', failure: null }],
    );
  });

  test(`${name}: all caps hold together, each app has its own, and none hold where none are`, async (t) => {
    const store = await makeStore(t);
    const caps: Cap[] = [
      { max: 1, per: '1h' },
      { max: 2, per: '7d' },
    ];
    const at = (hours: number) => ({ caps, now: NOW + hours * HOUR });
    const reached = async (hours: number) => (await sendTo(store, ['ada'], at(hours))).reached;
    assert.deepEqual(await reached(0), ['ada']);
    assert.deepEqual(await reached(0.9), []);
    assert.deepEqual(await reached(1), ['ada']);
    assert.deepEqual(await reached(100), []);
    assert.deepEqual((await sendTo(store, ['ada'], { caps: [], now: NOW + HOUR })).reached, [
      'ada',
    ]);
    assert.deepEqual((await sendTo(store, ['ada'], { caps: undefined })).reached, ['ada']);
    const other = await running(store, 1, { app: 'other' });
    const page = pageTo(other, ['ada'], at(1));
    await store.freezePage({ ...page, chunks: page.chunks.map((it) => ({ ...it, app: 'other' })) });
    assert.deepEqual(await reachedBy(store, other), ['ada']);
    assert.deepEqual(await reached(7 * 24), ['ada'], 'the first is seven days old');
    // from now on more are allowed: what was reserved counts, whichever caps held then
    const more = { caps: [{ max: 3, per: '7d' }], now: NOW + 170 * HOUR };
    assert.deepEqual((await sendTo(store, ['ada'], more)).reached, ['ada']);
    assert.deepEqual((await sendTo(store, ['ada'], more)).reached, ['ada']);
    assert.deepEqual((await sendTo(store, ['ada'], more)).reached, []);
  });

  test(`${name}: a page that is frozen again counts once, and one that is stale does not count`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store);
    const page = pageTo(id, ['ada'], { last: false });
    assert.equal((await store.freezePage(page)).kind, 'frozen');
    for (const _ of Array.from({ length: 3 }))
      assert.equal((await store.freezePage(page)).kind, 'stale');
    assert.deepEqual((await sendTo(store, ['ada'])).reached, ['ada']);
    assert.deepEqual((await sendTo(store, ['ada'])).reached, []);
  });

  test(`${name}: who is named twice in a page is reached by one campaign, or skipped twice`, async (t) => {
    const store = await makeStore(t);
    const twice = ['ada', 'ada', 'ben'];
    assert.deepEqual((await sendTo(store, twice)).reached, twice);
    assert.deepEqual((await sendTo(store, twice)).reached, twice);
    const { id } = await sendTo(store, twice);
    const { recipients, skipped, skippedBy } = await store.counts(id);
    assert.deepEqual([recipients, skipped, skippedBy], [3, 3, { capped: 3 }]);
    assert.equal((await store.getCampaign(id))!.state, 'completed');
  });

  test(`${name}: a page of a chunk that is settled and one that is not closes with the second`, async (t) => {
    const store = await makeStore(t);
    const caps: Cap[] = [{ max: 1, per: '24h' }];
    await sendTo(store, ['ada', 'ben'], { caps });
    const id = await running(store);
    const chunks = chunksTo(id, 0, ['ada', 'ben', 'cem', 'dee'], 2);
    const frozen = await store.freezePage({ ...pageTo(id, [], { caps }), chunks });
    assert.deepEqual(frozen, { kind: 'frozen', campaignClosed: false, settled: [`${id}.0.0.0`] });
    assert.deepEqual(await reachedBy(store, id), ['cem', 'dee']);
    const committed = await finish(store, `${id}.0.0.1`);
    assert.ok(committed.kind === 'committed' && committed.campaignClosed);
    assert.deepEqual((await store.getCampaign(id))!.sums, {
      recipients: 4,
      accepted: 2,
      failed: 0,
      skipped: 2,
      skippedBy: { capped: 2 },
    });
  });

  test(`${name}: a cap ends to the second, not before its time, and each cap at its own`, async (t) => {
    const store = await makeStore(t);
    const caps: Cap[] = [
      { max: 1, per: '1h' },
      { max: 2, per: '2h' },
    ];
    const reached = async (ms: number) => {
      const { reached: ids } = await sendTo(store, ['ada'], { caps, now: NOW + ms });
      return ids.length;
    };
    assert.equal(await reached(0), 1);
    assert.equal(await reached(HOUR - 1), 0);
    assert.equal(await reached(HOUR), 1);
    // that one was at the beginning of a second; the next one is not, and is kept as the end of it
    assert.equal(await reached(2 * HOUR - 1), 0);
    assert.equal(await reached(2 * HOUR + 1), 1);
    assert.equal(await reached(3 * HOUR + 1), 0);
    assert.equal(await reached(3 * HOUR + 999), 0);
    assert.equal(await reached(3 * HOUR + 1000), 1);
  });

  test(`${name}: of planners whose clocks differ, none takes a device above its cap`, async (t) => {
    const store = await makeStore(t);
    const caps: Cap[] = [{ max: 1, per: '24h' }];
    const at = (ms: number) => ({ caps, now: NOW + ms });
    assert.deepEqual((await sendTo(store, ['ada'], at(5_000))).reached, ['ada']);
    assert.deepEqual((await sendTo(store, ['ada', 'ben'], at(0))).reached, ['ben']);
    assert.deepEqual((await sendTo(store, ['ada', 'ben'], at(5_000))).reached, []);
    const day = 24 * HOUR;
    assert.deepEqual((await sendTo(store, ['ada', 'ben'], at(day))).reached, ['ben']);
    assert.deepEqual((await sendTo(store, ['ada', 'ben'], at(day + 5_000))).reached, ['ada']);
  });

  test(`${name}: who is over a cap counts no badge up`, async (t) => {
    const store = await makeStore(t);
    const caps: Cap[] = [{ max: 1, per: '24h' }];
    const send = async (ids: string[], now = NOW) => {
      const id = await running(store);
      const [chunk] = chunksTo(id, 0, ids);
      const recipients = chunk!.recipients.map((it) => ({ ...it, badge: 1 }));
      const chunks = [{ ...chunk!, recipients }];
      await store.freezePage({ ...pageTo(id, ids, { caps, now }), chunks });
      const claim = await store.claimChunk(chunk!.id, leaseOf(id), NOW);
      if (claim.kind !== 'claimed') return claim.kind;
      const { open, recipients: all } = claim.chunk;
      return open.map((it) => [all[it]!.installationId, all[it]!.badge]);
    };
    assert.deepEqual(await send(['ada']), [['ada', 1]]);
    assert.deepEqual(await send(['ada', 'ben']), [['ben', 1]]);
    assert.deepEqual(await send(['ada', 'ben']), 'done');
    assert.deepEqual(await send(['ada'], NOW + 24 * HOUR), [['ada', 2]]);
  });

  test(`${name}: ten campaigns at once take no device above its cap, and leave none below it`, async (t) => {
    const store = await makeStore(t);
    const { random } = chance(7);
    const all = devices(300);
    const caps: Cap[] = [{ max: 3, per: '24h' }];
    // each device is in the audience of some of them
    const audiences = Array.from({ length: 10 }, () => all.filter(() => random() < 0.5));
    const wanted = new Map(all.map((id) => [id, audiences.filter((it) => it.includes(id)).length]));
    const reached = await Promise.all(
      audiences.map(async (ids) => {
        const id = await running(store);
        const pages = [ids.slice(0, 70), ids.slice(70)];
        for (const [page, some] of pages.entries()) {
          const last = page === pages.length - 1;
          const frozen = await store.freezePage(pageTo(id, some, { page, last, caps }));
          assert.equal(frozen.kind, 'frozen');
        }
        const counts = await store.counts(id);
        const got = await reachedBy(store, id);
        assert.equal(counts.recipients, ids.length);
        assert.equal(counts.skipped, ids.length - got.length);
        assert.equal(counts.skippedBy?.capped ?? 0, counts.skipped);
        return got;
      }),
    );
    const got = Map.groupBy(reached.flat(), (id) => id);
    for (const id of all) assert.equal(got.get(id)?.length ?? 0, Math.min(wanted.get(id)!, 3), id);
  });

  test(`${name}: what is kept of many devices is cut, and each still has its own`, async (t) => {
    const store = await makeStore(t);
    const all = devices(5_000);
    const caps: Cap[] = [{ max: 1, per: '24h' }];
    const [odd, even] = [0, 1].map((rest) => all.filter((_, index) => index % 2 === rest));
    assert.equal((await sendTo(store, odd!, { caps })).reached.length, 2_500);
    const second = await sendTo(store, all, { caps });
    assert.deepEqual(second.reached, even!.toSorted());
    assert.deepEqual((await sendTo(store, all, { caps })).reached, []);
    // in a range where there were none before
    assert.equal((await sendTo(store, devices(3_000, 'late'), { caps })).reached.length, 3_000);
    const later = { caps, now: NOW + 24 * HOUR };
    assert.equal((await sendTo(store, all, later)).reached.length, 5_000);
  });

  test(`${name}: what is kept of a user is erased, and what is kept of others is not`, async (t) => {
    const store = await makeStore(t);
    const caps: Cap[] = [{ max: 1, per: '24h' }];
    await store.putInstallations([
      person('ada', { userId: 'ann' }),
      person('ben', { userId: 'bob' }),
    ]);
    assert.deepEqual((await sendTo(store, ['ada', 'ben'], { caps })).reached, ['ada', 'ben']);
    await erase(store, 'ann', NOW + 1);
    // ten minutes later: no page that was read before is frozen then
    const later = { caps, now: NOW + HOUR };
    assert.deepEqual((await sendTo(store, ['ada', 'ben'], later)).reached, ['ada']);
  });

  test(`${name}: an erasure leaves what a device got for its next user, and takes what a token got unregistered`, async (t) => {
    let now = NOW;
    const store = await makeStore(t, () => now);
    const caps: Cap[] = [{ max: 2, per: '7d' }];
    const token = 'token-of-ada';
    const both = ['ada', unregisteredId(token)];
    const register = (userId: string) =>
      store.putInstallations([person('ada', { userId, token }, now)]);
    const send = async () => {
      now += 24 * HOUR;
      return (await sendTo(store, both, { caps, now })).reached.length;
    };
    await register('ann');
    assert.equal(await send(), 2);
    await register('bob');
    assert.equal(await send(), 2);
    assert.equal(await send(), 0);
    await erase(store, 'ann', now);
    assert.equal(await send(), 2, 'what was hers does not count');
    assert.equal(await send(), 0, 'what was his does');
  });

  test(`${name}: who was over a cap is erased from the campaign, whose ledger stays`, async (t) => {
    const store = await makeStore(t);
    const caps: Cap[] = [{ max: 1, per: '24h' }];
    await store.putInstallations([
      person('ada', { userId: 'ann' }),
      person('ben', { userId: 'bob' }),
    ]);
    await sendTo(store, ['ada'], { caps });
    const some = await sendTo(store, ['ada', 'ben'], { caps });
    const all = await sendTo(store, ['ada'], { caps });
    const recordsOf = async (userId: string) => {
      const found: string[] = [];
      for await (const records of store.readUser(userId))
        for (const it of records)
          if (it.kind === 'recipient') found.push(`${it.campaignId} ${it.outcome}`);
      return found;
    };
    const records = await recordsOf('ann');
    for (const { id } of [some, all]) assert.ok(records.includes(`${id} capped`), id);
    await erase(store, 'ann', NOW + 1);
    assert.deepEqual(await recordsOf('ann'), []);
    const campaign = (await store.getCampaign(all.id))!;
    const sought = { installationId: 'ada', token: null, userId: null, listedBy: null };
    assert.deepEqual((await store.findRecipient(campaign, sought)).recipients, []);
    await finish(store, `${some.id}.0.0.0`);
    const { sums } = (await store.getCampaign(some.id))!;
    const one = { recipients: 2, accepted: 1, failed: 0, skipped: 1, skippedBy: { capped: 1 } };
    assert.deepEqual(sums, one);
  });

  test(`${name}: campaigns at once cut what is kept of many devices, and miss none of it`, async (t) => {
    const store = await makeStore(t);
    const caps: Cap[] = [{ max: 2, per: '24h' }];
    const all = devices(4_000);
    const ids = await Promise.all(Array.from({ length: 4 }, () => running(store)));
    await Promise.all(
      ids.map(async (id, index) => {
        for (let page = 0; page < 4; page++) {
          // each begins with another quarter
          const from = ((page + index) % 4) * 1_000;
          const frozen = pageTo(id, all.slice(from, from + 1_000), {
            page,
            last: page === 3,
            caps,
          });
          assert.equal((await store.freezePage(frozen)).kind, 'frozen');
        }
      }),
    );
    const reached = await Promise.all(ids.map((id) => reachedBy(store, id)));
    const got = Map.groupBy(reached.flat(), (id) => id);
    assert.deepEqual(
      all.filter((id) => got.get(id)?.length !== 2),
      [],
    );
  });

  test(`${name}: sets that no cap counts any more are forgotten`, async (t) => {
    let now = NOW;
    const store = await makeStore(t, () => now);
    const caps: Cap[] = [{ max: 1, per: '24h' }];
    const all = devices(3_000);
    await sendTo(store, all, { caps });
    now = NOW + windowOf(caps[0]!) + 1_001;
    while (await store.expire(0, now));
    assert.equal((await sendTo(store, all, { caps, now })).reached.length, 3_000);
    assert.equal((await sendTo(store, all, { caps, now })).reached.length, 0);
  });

  test(`${name}: a page over many ranges is refused with where to cut it, or frozen whole`, async (t) => {
    const store = await makeStore(t);
    const caps: Cap[] = [{ max: 1, per: '24h' }];
    const all = devices(500);
    const id = await running(store);
    let left = all;
    for (let page = 0; left.length > 0; ) {
      let some = left;
      for (;;) {
        const frozen = await store.freezePage(pageTo(id, some, { page, last: false, caps }));
        if (frozen.kind !== 'wide') break;
        const { from } = frozen;
        assert.ok(from > 0 && from < BUCKETS);
        some = some.filter((it) => bucketOf(it) < from);
        assert.ok(some.length > 0 && some.length < left.length);
      }
      left = left.slice(some.length);
      page += 1;
    }
    assert.deepEqual(await reachedBy(store, id), all.toSorted());
  });
}
