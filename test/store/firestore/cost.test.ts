/** What the store costs, counted call by call: the numbers behind the tables in docs/operations.md. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultPolicy } from '../../../functions/model/app-policy.ts';
import type { Outcome } from '../../../functions/model/outcome.ts';
import { messageRequestSchema, toCampaignRequest } from '../../../functions/model/schemas/push.ts';
import { CHUNK_SIZE, QUERY_SIZE } from '../../../functions/model/sizes.ts';
import { putAppPolicy } from '../../../functions/pipeline/app-policy.ts';
import { createInline } from '../../../functions/pipeline/send/inline.ts';
import { singlePush } from '../../../functions/pipeline/single-push.ts';
import { tick } from '../../../functions/pipeline/tick.ts';
import { campaignOf, MINUTE, NOW, person } from '../../contracts/store-fixture.ts';
import { webhookOf } from '../../contracts/store-webhooks.ts';
import { withoutEmulators } from '../../emulators.ts';
import { summary, takeCosts, total } from './costs.ts';
import { openThroughProxy } from './emulated.ts';
import { oneByOne } from './one-by-one.ts';

const skip = withoutEmulators('firestore');

const PEOPLE = 12_000;
/** the first ends with the first query; all are of one provider, so a page is a chunk */
const PAGES = 1 + Math.ceil((PEOPLE - QUERY_SIZE) / CHUNK_SIZE);
const CHUNKS = PAGES;

const people = Array.from({ length: PEOPLE }, (_, n) =>
  person(`device-${n}`, { language: 'de', tags: ['news'], userId: `user-${n}` }),
);

test('an import reads two documents a row, and writes two if it is new', { skip }, async (t) => {
  const { store, proxy } = await openThroughProxy(t);
  const some = people.slice(0, 1_000);
  const both = { installations: 1_000, tokens: 1_000 };
  await store.putInstallations(some);
  const first = takeCosts(proxy);
  assert.deepEqual(first, { reads: both, writes: both, deletes: {} });
  await store.putInstallations(some);
  const again = takeCosts(proxy);
  assert.deepEqual(again, { reads: both, writes: { installations: 1_000 }, deletes: {} });
  t.diagnostic(`1,000 new installations: ${summary(first)}`);
  t.diagnostic(`the same 1,000 again: ${summary(again)}`);
});

test('a campaign costs a read a recipient, and little else', { skip }, async (t) => {
  const { store, proxy, script, campaign, run } = await oneByOne(t);
  await store.putInstallations(people);
  takeCosts(proxy);
  // one in a hundred is gone, one in a hundred refused
  const gone: Outcome = { kind: 'unregistered', reason: 'UNREGISTERED', since: null };
  const refused: Outcome = { kind: 'rejected', reason: 'INVALID_ARGUMENT' };
  script.answer = () => {
    const of100 = script.sent.length % 100;
    return of100 === 0 ? gone : of100 === 50 ? refused : { kind: 'accepted' };
  };

  const id = await campaign({});
  const accepting = takeCosts(proxy);
  assert.deepEqual(accepting, {
    // the policy of its app: once in 30 seconds for each process and app
    reads: { switches: 1 },
    writes: { campaigns: 1, events: 1 },
    deletes: {},
  });
  await run();
  const costs = takeCosts(proxy);
  const percent = PEOPLE / 100;
  assert.deepEqual(costs, {
    reads: {
      // the estimate: a share of the buckets, and since that holds few, one for each 1,000
      '(count)': 1 + PEOPLE / 1_000,
      // whether there are pages: for the estimate, for the plan, and where a chunk's dead tokens are
      layouts: 2 + CHUNKS,
      // all installations, an empty page at the end, and those that are gone once more
      installations: PEOPLE + 1 + percent,
      // claimed and committed; which others of the shard are open, then and after the last page
      chunks: 3 * CHUNKS + 1,
      // whether those that are gone have any
      badges: CHUNKS,
      // claimed
      recipients: CHUNKS,
      campaigns: 2 * CHUNKS + PAGES + 7,
      // accepted, started, completed: stored, and looked at again when they are out; who listens
      events: 5,
      webhooks: 1,
      shards: CHUNKS + PAGES + 3,
      // when it is planned, and when it closes
      counters: 1 + CHUNKS,
      // who was erased lately
      erasures: PAGES,
      // whether its app is switched off
      switches: 1,
    },
    writes: {
      // whose the dead tokens were, of each chunk
      formerUsers: CHUNKS,
      // which are gone: one for each of 16 cells, and one more where a chunk ends within a cell
      gone: 16 + (CHUNKS - 1),
      // frozen, claimed, committed
      chunks: 3 * CHUNKS,
      // frozen, settled
      recipients: 2 * CHUNKS,
      failures: CHUNKS,
      // started, each page and the end, closed
      shards: 1 + (PAGES + 1) + 1,
      // each chunk
      counters: CHUNKS,
      // started, who tries it first, first push accepted, closed
      campaigns: 4,
      events: 5,
    },
    deletes: {
      installations: percent,
      tokens: percent,
      // summed up
      counters: CHUNKS,
    },
  });
  const besides = total(costs.reads) - PEOPLE - percent;
  assert.ok(besides < percent, `${besides} reads besides the recipients`);
  t.diagnostic(`a campaign to 10,000, 100 of which are gone: ${summary(costs)}`);

  const counts = await store.counts(id);
  assert.deepEqual([counts.accepted, counts.failed], [0.98 * PEOPLE, 0.02 * PEOPLE]);
  assert.equal((await store.getCampaign(id))?.state, 'completed');
  const looking = takeCosts(proxy);
  // of a campaign that is closed there is no counter left
  assert.deepEqual(looking.reads, { campaigns: 1, shards: 1, counters: 1 });
  t.diagnostic(`a look at it: ${summary(looking)}`);
});

test('a push to one user costs a few dozen documents', { skip }, async (t) => {
  const { store, proxy, script, campaign, run } = await oneByOne(t);
  await store.putInstallations(people.slice(0, 100));
  takeCosts(proxy);
  await campaign({ userIds: ['user-7'] });
  await run();
  const costs = takeCosts(proxy);
  assert.equal(script.sent.length, 1);
  assert.deepEqual(costs, {
    reads: {
      '(count)': 1,
      // it, and the empty answer that ends the list
      installations: 2,
      campaigns: 9,
      shards: 5,
      counters: 2,
      chunks: 4,
      recipients: 1,
      events: 5,
      erasures: 1,
      // whether its app is paused, and the app's policy
      switches: 2,
    },
    writes: { campaigns: 4, shards: 4, chunks: 3, recipients: 2, events: 6, counters: 1 },
    deletes: { counters: 1 },
  });
  t.diagnostic(`a push to one user: ${summary(costs)}`);
});

test('a message to a device is two reads and two writes, and a delete when it expires', {
  skip,
}, async (t) => {
  const { store, proxy, script, ports, run } = await oneByOne(t);
  ports.inline = createInline({ outlivesRequests: false });
  await store.putInstallations(people.slice(0, 100));
  const push = async (to: object, key: string | null = null, category?: string) => {
    takeCosts(proxy);
    const message = { title: 'Hallo', ...(category !== undefined && { category }) };
    const request = messageRequestSchema.parse({ ...to, message });
    const { accepted, sent } = await singlePush(ports, toCampaignRequest(request), key);
    assert.equal(accepted.kind, 'accepted');
    const closed = await sent;
    await run();
    assert.equal(closed?.counts.recipients, 1);
    return takeCosts(proxy);
  };
  // for each process and app: whether it was paused before pauses had a mark, once; and its policy, once
  // in 30 seconds
  assert.deepEqual((await push({ userIds: ['user-6'] })).reads, {
    installations: 1,
    webhooks: 1,
    switches: 2,
  });
  const costs = await push({ userIds: ['user-7'] });
  assert.deepEqual(costs, {
    reads: {
      installations: 1,
      // who listens, and whether the app is paused
      webhooks: 1,
    },
    writes: { campaigns: 2 },
    deletes: {},
  });
  t.diagnostic(`a message: ${summary(costs)}`);
  assert.deepEqual(await push({ userIds: ['user-8'] }, 'order-8'), costs, 'with a key as well');
  assert.deepEqual(await push({ installationIds: ['device-9'] }), costs);
  const byToken = await push({ tokens: [people[10]!.token] });
  assert.deepEqual(byToken, { ...costs, reads: { ...costs.reads, tokens: 1 } });
  assert.equal(script.sent.length, 5);
  const policy = { ...defaultPolicy, quiet: { from: '14:00', to: '15:00' } };
  await putAppPolicy(ports, { app: 'default', policy, by: 'ann' });
  await push({ userIds: ['user-7'] });
  assert.deepEqual(
    await push({ userIds: ['user-8'] }, null, 'news'),
    costs,
    'where it is not quiet',
  );
  assert.equal(script.sent.at(-1)!.deliverBy, NOW + 60 * MINUTE);
});

test('a message that fails costs what is forgotten, and one with a webhook its events', {
  skip,
}, async (t) => {
  const { store, proxy, script, ports } = await oneByOne(t);
  ports.inline = createInline({ outlivesRequests: false });
  await store.putInstallations(people.slice(0, 2));
  const push = async (user: string) => {
    takeCosts(proxy);
    const request = messageRequestSchema.parse({ userIds: [user], message: { title: 'Hallo' } });
    await (await singlePush(ports, toCampaignRequest(request), null)).sent;
    return takeCosts(proxy);
  };
  await store.addWebhook({ ...webhookOf(), types: ['campaign.completed'] }, 9);
  const told = await push('user-0');
  // stored with the outcome, read for the outbox, and marked when they are out
  assert.deepEqual([told.writes, told.reads.events], [{ campaigns: 2, events: 6 }, 3]);
  script.answer = () => ({ kind: 'unregistered', reason: 'UNREGISTERED', since: null });
  const gone = await push('user-1');
  assert.equal(gone.reads.installations, 2);
  assert.deepEqual(gone.deletes, { installations: 1, tokens: 1, badges: 1 });
});

test('a tick is four reads and a write, and a dozen reads more while a campaign is open', {
  skip,
}, async (t) => {
  const { store, proxy, ports } = await oneByOne(t);
  await tick(ports);
  const idle = takeCosts(proxy);
  assert.deepEqual(idle, {
    reads: { campaigns: 1, events: 1, deliveries: 1, schedules: 1 },
    writes: { ticks: 1 },
    deletes: {},
  });
  await store.createCampaign(campaignOf(), null, NOW + MINUTE);
  takeCosts(proxy);
  await tick(ports);
  const open = takeCosts(proxy);
  assert.deepEqual(open.reads, {
    campaigns: 5,
    shards: 4,
    chunks: 4,
    events: 5,
    deliveries: 1,
    schedules: 1,
  });
  t.diagnostic(`a tick: ${summary(idle)}; while a campaign is open: ${summary(open)}`);
});
