/** The part of the store's contract that is about messages: created, and closed with their outcome. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Audience, Campaign } from '../../functions/model/campaign.ts';
import type { ChunkCommit, NewChunk } from '../../functions/model/chunk.ts';
import type { SentMessage, Store } from '../../functions/ports/ports.ts';
import {
  campaignOf,
  EVERYBODY,
  leaseOf,
  type MakeStore,
  MINUTE,
  NOW,
  pageOf,
  person,
} from './store-fixture.ts';

const once = (key: string, requestHash = 'hash') => ({ key, requestHash });

export const messageOf = (by = 'sender', rest: Partial<Campaign> = {}): Campaign =>
  campaignOf({ audience: { userIds: ['ada'] }, sending: { by, until: NOW + MINUTE }, ...rest });

/** Creates a message; gives it as it is stored. */
export async function created(store: Store, campaign = messageOf()): Promise<Campaign> {
  const it = await store.createMessage(campaign, null, 'ann');
  assert.ok(it.kind === 'created');
  return it.campaign;
}

/** The outcome of a message to chunks of these sizes: all accepted, but for what `change` says. */
export function sentMessage(
  campaign: Campaign,
  sizes: number[],
  change: (chunk: NewChunk) => Partial<ChunkCommit> = () => ({}),
  rest: Partial<SentMessage> = {},
): SentMessage {
  const { chunks } = pageOf(campaign.id, sizes, { last: true });
  const commits = chunks.map(
    (it): ChunkCommit => ({
      chunkId: it.id,
      leaseId: `lease of ${it.id}`,
      accepted: it.recipients.length,
      skipped: [],
      failures: [],
      forget: [],
      open: [],
      inDoubt: [],
      lease: { release: true, notBefore: NOW, stalled: 0 },
      dueAt: NOW,
      now: NOW + 1,
      ...change(it),
    }),
  );
  const noted = { firstPushAt: NOW, acceptedBy: ['fcm' as const] };
  return { campaign, chunks, commits, ...noted, isTold: false, now: NOW + 1, ...rest };
}

export const failureOf = ({ recipients }: NewChunk, index: number) => ({
  ...recipients[index]!,
  index,
  provider: 'fcm' as const,
  outcome: 'unregistered' as const,
  reason: 'UNREGISTERED',
  attempts: 1,
  at: NOW,
});

const typesOf = async (store: Store, id: string) =>
  (await store.timeline(id, 0)).map(({ seq, event }) => `${seq} ${event.type}`);

const CLOSED = ['1 campaign.accepted', '2 campaign.started', '3 campaign.completed'];

export function messageContract(name: string, makeStore: MakeStore) {
  test(`${name}: a message is closed with its outcome, and reads like any campaign`, async (t) => {
    const store = await makeStore(t);
    const campaign = await created(store);
    const { id } = campaign;
    assert.equal((await store.getCampaign(id))?.state, 'accepted');
    const sent = sentMessage(campaign, [3, 2], (chunk) =>
      chunk.recipients.length === 3
        ? { accepted: 1, skipped: [1], failures: [failureOf(chunk, 2)] }
        : {},
    );
    const closed = (await store.closeMessage(sent))!;
    assert.equal(closed.campaign.state, 'completed');
    assert.deepEqual(closed.campaign, await store.getCampaign(id));
    const { state, shards, firstPushAt, closedAt, sending, trials } = closed.campaign;
    assert.deepEqual(
      { state, shards, firstPushAt, closedAt, sending, trials },
      {
        state: 'completed',
        shards: 1,
        firstPushAt: NOW,
        closedAt: NOW + 1,
        sending: undefined,
        trials: { fcm: { acceptedAt: NOW } },
      },
    );
    const counts = { recipients: 5, accepted: 3, failed: 1, skipped: 1 };
    assert.deepEqual(closed.counts, { ...counts, reasons: { UNREGISTERED: 1 } });
    assert.deepEqual(await store.counts(id), closed.counts);
    const { items, next } = await store.listFailures(id, null, 10);
    assert.equal(next, null);
    assert.deepEqual(items, closed.failures);
    assert.deepEqual(
      items.map((it) => [it.chunkId, it.index, it.reason]),
      [[sent.chunks[0]!.id, 2, 'UNREGISTERED']],
    );
    assert.deepEqual(await typesOf(store, id), CLOSED);
    assert.deepEqual(
      (await store.timeline(id, 2)).map(({ seq }) => seq),
      [3],
    );
    assert.deepEqual(
      (await store.history(id)).map(({ by, from, to }) => `${by}: ${from} ${to}`),
      ['ann: null accepted', 'system: accepted running', 'system: running completed'],
    );
    assert.deepEqual(await store.openShards(id), []);
    assert.deepEqual(
      (await store.listCampaigns(null, 9)).items.map((it) => it.id),
      [id],
    );
  });

  test(`${name}: failures of a message are listed in pages`, async (t) => {
    const store = await makeStore(t);
    const campaign = await created(store);
    await store.closeMessage(
      sentMessage(campaign, [5], (chunk) => ({
        accepted: 0,
        failures: chunk.recipients.map((_, index) => failureOf(chunk, index)),
      })),
    );
    const listed: number[] = [];
    let after: string | null = null;
    do {
      const page = await store.listFailures(campaign.id, after, 2);
      listed.push(...page.items.map((it) => it.index));
      after = page.next;
    } while (after !== null);
    assert.deepEqual(listed, [0, 1, 2, 3, 4]);
  });

  test(`${name}: a message's events are for the outbox only where a webhook listens`, async (t) => {
    const store = await makeStore(t);
    for (const isTold of [true, false]) {
      const campaign = await created(store);
      await store.closeMessage(sentMessage(campaign, [1], () => ({}), { isTold }));
      assert.deepEqual(await typesOf(store, campaign.id), CLOSED);
      const untold = await store.unpublished(campaign.id);
      assert.equal(untold.length, isTold ? 3 : 0);
      await store.published(untold);
    }
    assert.deepEqual(await store.takeOverdue(NOW + 1e9, NOW + 2e9, 10), []);
  });

  test(`${name}: a message of the same key is created once, whichever verb was first`, async (t) => {
    const store = await makeStore(t);
    const first = await store.createMessage(messageOf('one'), once('k'));
    assert.ok(first.kind === 'created');
    const again = await store.createMessage(messageOf('two'), once('k'));
    assert.ok(again.kind === 'exists');
    assert.equal(again.campaign.id, first.campaign.id);
    assert.equal(again.campaign.sending?.by, 'one');
    assert.deepEqual(await store.createMessage(messageOf('three'), once('k', 'another')), {
      kind: 'conflict',
    });
    assert.equal((await store.createCampaign(campaignOf(), once('k'), NOW)).kind, 'exists');
    assert.equal((await store.createCampaign(campaignOf(), once('k', 'b'), NOW)).kind, 'conflict');
    assert.equal((await store.findCampaign('default', once('k')))?.kind, 'exists');
    const other = campaignOf();
    await store.createCampaign(other, once('l'), NOW);
    const message = await store.createMessage(messageOf(), once('l'));
    assert.ok(message.kind === 'exists');
    assert.equal(message.campaign.id, other.id);
    assert.equal((await store.createMessage(messageOf(), once('l', 'b'))).kind, 'conflict');
    assert.equal((await store.listCampaigns(null, 9)).items.length, 2);
    for (let i = 0; i < 2; i++)
      assert.equal((await store.createMessage(messageOf(), null)).kind, 'created');
  });

  test(`${name}: of many messages with one key one is created`, async (t) => {
    const store = await makeStore(t);
    const all = await Promise.all(
      Array.from({ length: 6 }, (_, i) => store.createMessage(messageOf(`by ${i}`), once('k'))),
    );
    assert.deepEqual(all.map((it) => it.kind).toSorted(), [
      'created',
      'exists',
      'exists',
      'exists',
      'exists',
      'exists',
    ]);
    assert.equal(new Set(all.map((it) => 'campaign' in it && it.campaign.id)).size, 1);
  });

  test(`${name}: a message without recipients is closed`, async (t) => {
    const store = await makeStore(t);
    const campaign = await created(store);
    const closed = await store.closeMessage(sentMessage(campaign, []));
    assert.equal(closed?.campaign.state, 'completed');
    assert.equal((await store.counts(campaign.id)).recipients, 0);
    assert.deepEqual(await store.takeOverdue(NOW + 1e9, NOW + 2e9, 10), []);
  });

  test(`${name}: a message whose process died is for the sweep, and is then begun once`, async (t) => {
    const store = await makeStore(t);
    const campaign = await created(store);
    const { id } = campaign;
    assert.deepEqual(await store.takeOverdue(NOW + MINUTE - 1, NOW + 9 * MINUTE, 10), []);
    const overdue = await store.takeOverdue(NOW + MINUTE, NOW + 9 * MINUTE, 10);
    assert.deepEqual(
      overdue.filter((it) => it.kind !== 'event').map((it) => it.kind),
      ['campaign'],
    );
    assert.equal(
      await store.startCampaign({
        id,
        shards: [EVERYBODY],
        dueAt: NOW + 9 * MINUTE,
        at: NOW + MINUTE,
      }),
      true,
    );
    const started = (await store.getCampaign(id))!;
    assert.deepEqual([started.state, started.sending], ['running', undefined]);
    assert.deepEqual(await typesOf(store, id), CLOSED.slice(0, 2));
    // the process was only slow: what it has learnt is not stored
    assert.equal(await store.closeMessage(sentMessage(campaign, [1])), null);
    assert.equal((await store.getCampaign(id))?.state, 'running');
    const page = pageOf(id, [1], { last: true });
    assert.equal((await store.freezePage(page)).kind, 'frozen');
    assert.equal(
      (await store.claimChunk(page.chunks[0]!.id, leaseOf('mine'), NOW)).kind,
      'claimed',
    );
  });

  test(`${name}: a message is closed though it was paused or cancelled while it was sent`, async (t) => {
    const store = await makeStore(t);
    const paused = await created(store);
    await store.moveCampaign({
      id: paused.id,
      from: ['accepted'],
      to: 'paused',
      reason: 'by hand',
      at: NOW,
    });
    assert.equal((await store.closeMessage(sentMessage(paused, [1])))?.campaign.state, 'completed');
    assert.deepEqual(await typesOf(store, paused.id), [
      ...['1 campaign.accepted', '2 campaign.paused'],
      ...(await typesOf(store, paused.id)).slice(2),
    ]);
    assert.ok((await typesOf(store, paused.id)).at(-1)?.endsWith('campaign.completed'));
    const cancelled = await created(store);
    await store.moveCampaign({
      id: cancelled.id,
      from: ['accepted'],
      to: 'cancelling',
      reason: null,
      at: NOW,
    });
    const closed = await store.closeMessage(sentMessage(cancelled, [1]));
    assert.equal(closed?.campaign.state, 'cancelled');
    assert.equal(
      await store.closeMessage(
        sentMessage(cancelled, [1], () => ({}), {
          campaign: { ...cancelled, sending: { by: 'another', until: NOW } },
        }),
      ),
      null,
    );
  });

  test(`${name}: a dead token is forgotten when a message is closed`, async (t) => {
    const store = await makeStore(t);
    const campaign = await created(store);
    const sent = sentMessage(campaign, [2]);
    const [gone] = sent.chunks[0]!.recipients;
    await store.putInstallations([
      { ...person(gone!.installationId, { token: gone!.token }), refreshedAt: NOW - 1 },
    ]);
    const failure = failureOf(sent.chunks[0]!, 0);
    sent.commits[0] = {
      ...sent.commits[0]!,
      accepted: 1,
      failures: [failure],
      forget: [{ installationId: gone!.installationId, token: gone!.token, since: NOW }],
    };
    const closed = (await store.closeMessage(sent))!;
    assert.equal(await store.getInstallation('default', gone!.installationId), null);
    assert.deepEqual(closed.counts.pruned, { UNREGISTERED: 1 });
    assert.equal(closed.failures[0]?.pruned, true);
  });

  test(`${name}: an erasure finds a message before and after it is closed`, async (t) => {
    const store = await makeStore(t);
    for (const when of ['while it is sent', 'when it is closed'] as const) {
      const device = `phone ${when}`.replaceAll(' ', '-');
      const it = person(device, { userId: 'ada' });
      await store.putInstallations([it]);
      const campaign = await created(store);
      const sent = sentMessage(campaign, [2]);
      const recipients = [
        { installationId: it.id, token: it.token },
        sent.chunks[0]!.recipients[1]!,
      ];
      sent.chunks[0] = { ...sent.chunks[0]!, recipients };
      sent.commits[0] = {
        ...sent.commits[0]!,
        accepted: 1,
        failures: [failureOf(sent.chunks[0]!, 0)],
      };
      if (when === 'while it is sent') {
        await store.eraseUser('ada', NOW);
        assert.deepEqual((await store.closeMessage(sent))?.failures, []);
      } else {
        await store.closeMessage(sent);
        const records = (await Array.fromAsync(store.readUser('ada'))).flat();
        assert.deepEqual(records.map((record) => record.kind).toSorted(), [
          ...['failure', 'installation', 'recipient'],
        ]);
        const { recipients: many, failures, installations } = await store.eraseUser('ada', NOW);
        assert.deepEqual([installations, many, failures], [1, 1, 1]);
      }
      const { accepted, failed, recipients: all } = await store.counts(campaign.id);
      assert.deepEqual([all, accepted, failed], [2, 1, 1], when);
      assert.deepEqual((await store.listFailures(campaign.id, null, 9)).items, []);
      const stored = JSON.stringify(await store.getCampaign(campaign.id));
      assert.ok(!stored.includes('ada'), stored);
      assert.deepEqual(await Array.fromAsync(store.readUser('ada')), []);
    }
  });

  test(`${name}: named installations are read whole, and not more than asked for`, async (t) => {
    const store = await makeStore(t);
    const devices = Array.from({ length: 5 }, (_, i) => person(`device-${i}`, { userId: 'ada' }));
    await store.putInstallations([
      ...devices,
      person('out', { userId: 'ada', optedOut: true }),
      person('elsewhere', { userId: 'ada', app: 'another' }),
      person('other', { userId: 'bob', language: 'de' }),
    ]);
    const read = (audience: Audience, most = 9) =>
      store.readNamed({ app: 'default', audience, most, carried: ['language'] });
    const ids = async (audience: Audience) => (await read(audience))?.map((it) => it.id).toSorted();
    const mine = devices.map((it) => it.id);
    assert.deepEqual(await ids({ userIds: ['ada', 'nobody'] }), mine);
    assert.deepEqual(await ids({ installationIds: ['device-1', 'out', 'nothing'] }), ['device-1']);
    assert.deepEqual(await ids({ tokens: [devices[2]!.token, 'no-token'] }), ['device-2']);
    assert.equal(await read({ userIds: ['ada'] }, 4), null);
    assert.equal((await read({ userIds: ['bob'] }))?.[0]?.language, 'de');
  });

  test(`${name}: what holds for the messages of an app`, async (t) => {
    const store = await makeStore(t);
    const standing = async (app = 'default') => {
      const { paused, wanted } = await store.appStanding(app);
      return [paused, [...wanted].toSorted()];
    };
    assert.deepEqual(await standing(), [false, []]);
    const hook = (id: string, app: string | null, rest = {}) => ({
      id,
      app,
      campaignId: null,
      url: 'https://example.com',
      secret: 'whsec_c2VjcmV0',
      createdAt: NOW,
      disabled: null,
      failingSince: null,
      ...rest,
    });
    const add = (it: object) => store.addWebhook(it as Parameters<Store['addWebhook']>[0], 9);
    await add(hook('a', null, { types: ['campaign.completed'] }));
    await add(hook('b', 'default', { types: ['push.failed'] }));
    await add(
      hook('c', 'default', { types: ['campaign.paused'], disabled: { at: NOW, reason: '' } }),
    );
    await add(hook('d', 'another', { types: ['campaign.started'] }));
    assert.deepEqual(await standing(), [false, ['campaign.completed', 'push.failed']]);
    await store.putAppPause('default', { at: NOW, by: 'ann' });
    assert.deepEqual(await standing(), [true, ['campaign.completed', 'push.failed']]);
    assert.deepEqual(await standing('another'), [
      ...[false, ['campaign.completed', 'campaign.started']],
    ]);
    assert.equal((await store.listWebhooks(null, 9)).items.length, 4);
    await store.putAppPause('default', null);
    assert.deepEqual(await standing(), [false, ['campaign.completed', 'push.failed']]);
  });
}
