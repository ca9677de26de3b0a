/** The part of the store's contract that reads what became of all recipients of a campaign. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecipientOutcome, Store } from '../../functions/ports/ports.ts';
import {
  claimed,
  commitOf,
  finish,
  leaseOf,
  type MakeStore,
  MINUTE,
  NOW,
  pageOf,
  person,
  running,
} from './store-fixture.ts';
import { created, failureOf, messageOf, sentMessage } from './store-messages.ts';

const DAY = 24 * 60 * MINUTE;

async function outcomes(store: Store, campaignId: string) {
  const all: RecipientOutcome[] = [];
  for await (const some of store.readOutcomes((await store.getCampaign(campaignId))!))
    all.push(...some);
  return all;
}

const shown = ({ installationId, provider, state, at, failure }: RecipientOutcome) =>
  [installationId, provider, state, at, failure?.reason ?? null].join(' ');

export function exportContract(name: string, makeStore: MakeStore) {
  test(`${name}: all recipients are read with what became of each, whatever that is`, async (t) => {
    const store = await makeStore(t);
    const id = await running(store, 2, { createdAt: NOW });
    const first = pageOf(id, [3, 2]);
    first.chunks[1] = { ...first.chunks[1]!, provider: 'apns' };
    await store.freezePage(first);
    await store.freezePage(pageOf(id, [1], { page: 1, last: true }));
    await store.freezePage(pageOf(id, [2], { shard: 1, last: true }));
    await finish(store, `${id}.0.0.0`, NOW + 1, [1]);
    const lease = leaseOf('x', NOW + 9);
    claimed(await store.claimChunk(`${id}.0.0.1`, lease, NOW + 2));
    const partly = { open: [1], inDoubt: [1], skipped: [0], now: NOW + 3 };
    await store.commitChunk(commitOf(`${id}.0.0.1`, 'x', partly));
    assert.deepEqual((await outcomes(store, id)).map(shown), [
      `${id}.0.0.0:0 fcm accepted ${NOW + 1} `,
      `${id}.0.0.0:1 fcm rejected ${NOW} INVALID_ARGUMENT`,
      `${id}.0.0.0:2 fcm accepted ${NOW + 1} `,
      `${id}.0.0.1:0 apns skipped ${NOW + 3} `,
      `${id}.0.0.1:1 apns in-doubt ${NOW + 3} `,
      `${id}.0.1.0:0 fcm open  `,
      `${id}.1.0.0:0 fcm open  `,
      `${id}.1.0.0:1 fcm open  `,
    ]);
    const empty = await running(store, 1, { createdAt: NOW });
    assert.deepEqual(await outcomes(store, empty), []);
  });

  test(`${name}: so is a message that was closed in one write, and one that was erased keeps its line`, async (t) => {
    const store = await makeStore(t);
    await store.putInstallations([person('a', { userId: 'ada' }), person('b'), person('c')]);
    const campaign = await created(store, messageOf());
    const message = sentMessage(campaign, [3], (chunk) => ({
      accepted: 2,
      failures: [failureOf(chunk, 2)],
    }));
    for (const [i, it] of message.chunks[0]!.recipients.entries()) {
      it.installationId = ['a', 'b', 'c'][i]!;
      it.token = `token-of-${it.installationId}`;
    }
    assert.ok(await store.closeMessage(message));
    const states = async () =>
      (await outcomes(store, campaign.id)).map((it) => [it.installationId, it.state]);
    const [b, c] = [
      ['b', 'accepted'],
      ['c', 'unregistered'],
    ];
    assert.deepEqual(await states(), [['a', 'accepted'], b, c]);
    assert.ok((await outcomes(store, campaign.id))[2]!.failure);
    await store.eraseUser('ada', NOW + 2);
    assert.deepEqual(await states(), [[null, 'accepted'], b, c]);
  });

  test(`${name}: after the retention the recipients are not read as none`, async (t) => {
    let now = NOW;
    const store = await makeStore(t, () => now);
    const id = await running(store, 1, { createdAt: NOW });
    await store.freezePage(pageOf(id, [2, 2], { last: true }));
    for (const part of [0, 1]) await finish(store, `${id}.0.0.${part}`);
    assert.equal((await outcomes(store, id)).length, 4);
    now += 31 * DAY;
    while (await store.expire(now - 30 * DAY, now));
    await assert.rejects(outcomes(store, id), { name: 'Expired' });
  });
}
