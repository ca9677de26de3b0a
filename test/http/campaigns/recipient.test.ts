import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WhyView } from '../../../functions/http/campaigns/why-view.ts';
import { bucketOf } from '../../../functions/model/bucket.ts';
import { unregisteredId } from '../../../functions/model/installation.ts';
import { campaignOf, person } from '../../contracts/store-fixture.ts';
import { apnsToken, campaign, createFixture, type Fixture, jsonOf, NOW } from '../fixture.ts';

const MINUTE = 60_000;
const token = apnsToken(1);

const register = ({ ask }: Fixture, id: string, more: object = {}) =>
  ask('PUT', `/v1/installations/${id}`, { platform: 'ios', token, ...more });

const send = async ({ ask }: Fixture, more: object = {}) =>
  (await jsonOf<{ id: string }>(await ask('POST', '/v1/campaigns', { ...campaign, ...more }))).id;

const ask = async (it: Fixture, id: string, device: string) => {
  const response = await it.ask('GET', `/v1/campaigns/${id}/recipients/${device}`);
  assert.equal(response.status, 200, await response.clone().text());
  return jsonOf<WhyView>(response);
};

const WHOLE = { from: 0, to: 2 ** 32 };

/** Freezes these devices in one chunk, the last of the campaign. */
async function freeze({ store, clock }: Fixture, id: string, devices: string[], rest = {}) {
  const now = clock.now;
  await store.startCampaign({ id, shards: [WHOLE], dueAt: now, at: now });
  const page = { campaignId: id, shard: 0, page: 0, skipped: 0, cursor: null, last: true };
  const recipients = devices.map((installationId) => ({ installationId, token }));
  const chunk = {
    id: `${id}.0.0.0`,
    campaignId: id,
    shard: 0,
    app: 'default',
    recipients,
    provider: 'apns' as const,
    environment: 'production' as const,
    notBefore: 0,
    dueAt: now,
    expiresAt: now + 60 * MINUTE,
    ...rest,
  };
  await store.freezePage({ ...page, chunks: devices.length ? [chunk] : [], dueAt: now, now });
  return chunk.id;
}

interface Answered {
  accepted?: number;
  skipped?: number[];
  open?: number[];
  inDoubt?: number[];
  failed?: { index: number; reason: string; outcome?: string; detail?: string; forget?: true }[];
}

/** One attempt at the chunk, and what it learnt. */
async function attempt({ store, clock }: Fixture, chunkId: string, it: Answered) {
  const lease = { id: `lease at ${clock.now}`, until: clock.now + MINUTE };
  const claim = await store.claimChunk(chunkId, lease, clock.now);
  assert.ok(claim.kind === 'claimed', claim.kind);
  const { attempt: before, recipients } = claim.chunk;
  clock.now += 1_000;
  const failures = (it.failed ?? []).map(({ index, reason, outcome = 'rejected', detail }) => ({
    ...recipients[index]!,
    index,
    reason,
    provider: 'apns' as const,
    at: clock.now - 500,
    outcome: outcome as 'rejected',
    attempts: before + 1,
    ...(detail && { detail }),
  }));
  const forget = (it.failed ?? []).flatMap(({ index, forget: goes }) =>
    goes ? { ...recipients[index]!, since: clock.now } : [],
  );
  await store.commitChunk({
    chunkId,
    leaseId: lease.id,
    accepted: it.accepted ?? 0,
    skipped: it.skipped ?? [],
    failures,
    forget,
    open: it.open ?? [],
    inDoubt: it.inDoubt ?? [],
    lease: { release: true, notBefore: clock.now + 5_000, stalled: 0 },
    dueAt: clock.now,
    now: clock.now,
  });
}

const texts = (it: WhyView) => it.timeline.map(({ at, kind, text }) => `${at} ${kind}: ${text}`);
const at = (seconds: number) => new Date(NOW + seconds * 1000).toISOString();

test('an accepted push has its whole timeline, with the id it had at APNs', async (t) => {
  const it = await createFixture(t);
  await register(it, 'device-1', { language: 'de' });
  it.clock.now += 1_000;
  const id = await send(it);
  it.clock.now += 1_000;
  const chunk = await freeze(it, id, ['device-0', 'device-1']);
  it.clock.now += 1_000;
  await attempt(it, chunk, { accepted: 2 });
  it.clock.now += MINUTE;
  const found = await ask(it, id, 'device-1');
  assert.equal(found.state, 'accepted');
  assert.match(found.summary, /^APNs accepted the push by 2026-11-21 13:00:04 UTC\./);
  assert.match(found.next, /Was the device online before 2026-11-21 14:00:02 UTC/);
  assert.deepEqual(texts(found), [
    `${at(0)} registered: Its app last registered.`,
    `${at(1)} created: The campaign “Autumn” is accepted.`,
    `${at(2)} frozen: It is in the audience: frozen in shard 0, chunk ${chunk}, as 2 of 2.`,
    `${at(3)} handed-over: It is handed over to APNs (production) in the first attempt, apns-id ${found.delivery!.pushId!.value}.`,
    `${at(4)} accepted: APNs accepts the push.`,
    `${at(4)} closed: The campaign is completed.`,
  ]);
  assert.match(
    found.delivery!.pushId!.value,
    /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{4}00000001$/,
  );
  const { chunkId, index, size, shard, attempts, outcome, reason, frozenAt, notBefore, pruned } =
    found.delivery!;
  assert.deepEqual(
    { chunkId, index, size, shard, attempts, outcome, reason, frozenAt, pruned },
    {
      chunkId: chunk,
      index: 1,
      size: 2,
      shard: 0,
      attempts: 1,
      outcome: 'accepted',
      reason: null,
      frozenAt: at(2),
      pruned: false,
    },
  );
  assert.notEqual(notBefore, undefined);
  assert.deepEqual([found.absence, found.hints, found.isStored], [null, [], true]);
  assert.equal(found.askedAt, at(64));
  assert.deepEqual(found.campaign, {
    id,
    name: 'Autumn',
    app: 'default',
    state: 'completed',
    createdAt: at(1),
  });
});

test('a failure has the reason, its meaning and what to do; a dead token is pruned', async (t) => {
  const it = await createFixture(t);
  for (const id of ['device-0', 'device-1'])
    await register(it, id, { token: apnsToken(Number(id.at(-1))) });
  const id = await send(it, { audience: { everybody: true } });
  const chunk = await freeze(it, id, ['device-0', 'device-1', 'device-2']);
  const dead = { reason: 'Unregistered', outcome: 'unregistered' };
  await it.store.putInstallations([
    { ...(await it.store.getInstallation('default', 'device-1'))!, token },
  ]);
  await attempt(it, chunk, {
    failed: [
      { index: 0, reason: 'BadDeviceToken', detail: 'its own words' },
      { index: 1, ...dead, forget: true },
      { index: 2, reason: 'Expired', outcome: 'retry' },
    ],
  });
  const refused = await ask(it, id, 'device-0');
  assert.equal(refused.state, 'failed');
  assert.equal(
    refused.summary,
    'APNs did not accept the push: BadDeviceToken. The token is malformed or of the other environment.',
  );
  assert.match(refused.next, /^Check its environment:/);
  const { outcome, reason, detail, meaning } = refused.delivery!;
  assert.deepEqual(
    { outcome, reason, detail, meaning },
    {
      outcome: 'rejected',
      reason: 'BadDeviceToken',
      detail: 'its own words',
      meaning: 'The token is malformed or of the other environment.',
    },
  );
  assert.deepEqual(
    refused.timeline.filter((step) => step.kind === 'failed'),
    [
      {
        at: at(0.5),
        kind: 'failed',
        text: 'APNs answers BadDeviceToken (its own words). The token is malformed or of the other environment.',
      },
    ],
  );
  const gone = await ask(it, id, 'device-1');
  assert.deepEqual(
    [gone.state, gone.isStored, gone.delivery!.pruned, gone.hints],
    [...['failed', false, true, []]],
  );
  assert.deepEqual(
    gone.timeline.map((step) => step.kind),
    ['created', 'frozen', 'handed-over', 'failed', 'pruned', 'closed'],
  );
  assert.match(gone.next, /^Nothing: the token is dead\./);
  const late = await ask(it, id, 'device-2');
  assert.equal(
    late.summary,
    'APNs did not take the push in time. The push expired before the provider took it.',
  );
  assert.ok(!late.timeline.some((step) => step.kind === 'handed-over'));
  assert.deepEqual(
    late.hints.map((hint) => hint.kind),
    ['removed'],
  );
});

test('what waits says for what: the queue, a turn, a process, a pause, an answer', async (t) => {
  const it = await createFixture(t);
  await register(it, 'device-1');
  const id = await send(it, { audience: { everybody: true } });
  const chunk = await freeze(it, id, ['device-0', 'device-1'], { notBefore: NOW + MINUTE });
  const summary = async () => (await ask(it, id, 'device-1')).summary;
  const kinds = async () =>
    (await ask(it, id, 'device-1')).timeline
      .map((step) => step.kind)
      .filter((kind) => kind !== 'registered');
  assert.equal(await summary(), 'Its turn comes at 2026-11-21 13:01:00 UTC.');
  const begin = ['created', 'frozen'];
  assert.deepEqual(await kinds(), [...begin, 'waiting']);
  const first = await ask(it, id, 'device-1');
  assert.deepEqual(
    [first.state, first.delivery!.outcome, first.delivery!.attempts, first.delivery!.notBefore],
    ['waiting', null, 0, at(60)],
  );
  it.clock.now += MINUTE;
  assert.equal(await summary(), 'It waits in the queue.');
  const lease = { id: 'lease', until: it.clock.now + 500 };
  await it.store.claimChunk(chunk, lease, it.clock.now);
  assert.equal(await summary(), 'Its chunk is being sent now.');
  assert.deepEqual(await kinds(), [...begin, 'handed-over', 'waiting']);
  const underWay = (await ask(it, id, 'device-1')).timeline.at(-2)!;
  assert.deepEqual(underWay, {
    at: at(60),
    kind: 'handed-over',
    text: 'Its chunk is handed over to APNs (production), attempt 1.',
  });
  it.clock.now += 1_000;
  assert.equal(await summary(), 'It waits in the queue.', 'its process died');
  await attempt(it, chunk, { accepted: 1, open: [1] });
  assert.match(
    await summary(),
    /^Its turn comes at .* UTC, after an attempt that did not settle it\.$/,
  );
  it.clock.now += MINUTE;
  await attempt(it, chunk, { open: [1], inDoubt: [1] });
  const doubt = await ask(it, id, 'device-1');
  assert.deepEqual([doubt.state, doubt.delivery!.outcome], ['in-doubt', null]);
  assert.match(doubt.summary, /^A push was sent and not answered/);
  assert.match(doubt.timeline.at(-2)!.text, /in one of 3 attempts, apns-id /);
  it.clock.now += MINUTE;
  await it.ask('POST', `/v1/campaigns/${id}/pause`);
  const paused = await ask(it, id, 'device-1');
  assert.match(paused.next, new RegExp(`volley resume ${id}$`));
  assert.match(paused.timeline.at(-1)!.text, /^It waits: the campaign is paused \(/);
});

test('what is skipped says why: a cancelled campaign, a dry run', async (t) => {
  const it = await createFixture(t);
  await register(it, 'device-1');
  for (const [dryRun, words] of [
    [false, 'The campaign was cancelled before its turn came: nothing was sent.'],
    [true, 'The campaign is a dry run: nothing was sent.'],
  ] as const) {
    const id = await send(it, { audience: { everybody: true }, dryRun });
    await attempt(it, await freeze(it, id, ['device-1']), { skipped: [0] });
    const found = await ask(it, id, 'device-1');
    const { outcome, pushId } = found.delivery!;
    assert.deepEqual(
      [found.state, found.summary, outcome, pushId],
      ['skipped', words, 'skipped', null],
    );
    assert.ok(!found.timeline.some((step) => step.kind === 'handed-over'));
  }
});

test('a dry run says what the provider has checked, and has no id of a push', async (t) => {
  const it = await createFixture(t);
  await register(it, 'device-1');
  for (const [provider, words, kinds] of [
    ['apns', '', ['frozen', 'skipped', 'closed']],
    [
      'fcm',
      ' FCM has checked it, and found no fault.',
      ['frozen', 'handed-over', 'skipped', 'closed'],
    ],
  ] as const) {
    const id = await send(it, { audience: { everybody: true }, dryRun: true });
    const chunk = await freeze(it, id, ['device-1'], { provider });
    await attempt(it, chunk, { skipped: [0] });
    const found = await ask(it, id, 'device-1');
    assert.deepEqual(
      [found.state, found.summary, found.delivery!.pushId],
      ['skipped', `The campaign is a dry run: nothing was sent.${words}`, null],
    );
    const steps = found.timeline.map((step) => step.kind);
    assert.deepEqual(
      steps.filter((kind) => kind !== 'created' && kind !== 'registered'),
      kinds,
    );
    assert.doesNotMatch(texts(found).join(), /accepts|handed over/);
  }
});

test('a later attempt at the chunk does not move what was settled before it', async (t) => {
  const it = await createFixture(t);
  const ids = ['device-0', 'device-1', 'device-2'];
  for (const id of ids) await register(it, id, { token: apnsToken(Number(id.at(-1))) });
  it.clock.now += 1_000;
  const id = await send(it, { audience: { everybody: true } });
  const chunk = await freeze(it, id, ids);
  await attempt(it, chunk, { accepted: 1, failed: [{ index: 1, reason: 'BadTopic' }], open: [2] });
  it.clock.now += MINUTE;
  const inOrder = async (device: string) => {
    const found = await ask(it, id, device);
    const times = found.timeline.flatMap((step) => step.at ?? []);
    assert.deepEqual(times, times.toSorted(), texts(found).join('\n'));
    const kinds = found.timeline.map((step) => step.kind);
    assert.ok(kinds.indexOf('handed-over') < kinds.indexOf('failed') || !kinds.includes('failed'));
    return { found, handedOver: found.timeline.find((step) => step.kind === 'handed-over')!.at };
  };
  const lease = { id: 'second', until: it.clock.now + MINUTE };
  await it.store.claimChunk(chunk, lease, it.clock.now);
  for (const device of ['device-0', 'device-1'])
    assert.equal((await inOrder(device)).handedOver, null, `${device}, while it is sent again`);
  const { found } = await inOrder('device-0');
  assert.match(found.summary, /^APNs accepted the push\. /, 'in which of the two is not known');
  // the process dies, and the next one settles the rest
  it.clock.now += 2 * MINUTE;
  await attempt(it, chunk, { accepted: 1 });
  for (const device of ids) assert.equal((await inOrder(device)).handedOver, null, device);
  assert.match((await inOrder('device-2')).found.summary, /^APNs accepted the push by /);
});

test('what was cancelled after an attempt does not say that nothing was sent', async (t) => {
  const it = await createFixture(t);
  await register(it, 'device-1');
  const id = await send(it, { audience: { everybody: true } });
  const chunk = await freeze(it, id, ['device-0', 'device-1']);
  await attempt(it, chunk, { accepted: 1, open: [1], inDoubt: [1] });
  it.clock.now += MINUTE;
  await it.ask('POST', `/v1/campaigns/${id}/cancel`);
  assert.match(
    (await ask(it, id, 'device-1')).summary,
    /is being cancelled: nothing more is sent\.$/,
  );
  await attempt(it, chunk, { skipped: [1] });
  const found = await ask(it, id, 'device-1');
  assert.equal(found.state, 'skipped');
  assert.match(found.summary, /whether the device got it is not known\.$/);
});

test('after a cancellation a device that came later is not one that was cancelled', async (t) => {
  const it = await createFixture(t);
  const id = await send(it, { audience: { everybody: true } });
  it.clock.now += 1_000;
  const chunk = await freeze(it, id, ['device-0']);
  it.clock.now += 1_000;
  await register(it, 'device-1');
  const told = async (campaignId = id) => {
    const { state, absence } = await ask(it, campaignId, 'device-1');
    return [state, absence!.kind];
  };
  it.clock.now += 1_000;
  await it.ask('POST', `/v1/campaigns/${id}/cancel`);
  assert.deepEqual(await told(), ['not-in-audience', 'registered-later']);
  await attempt(it, chunk, { skipped: [0] });
  assert.equal((await it.store.getCampaign(id))?.state, 'cancelled');
  assert.deepEqual(await told(), ['not-in-audience', 'registered-later']);

  const other = await send(it, { audience: { everybody: true } });
  const { clock, store } = it;
  await store.startCampaign({ id: other, shards: [WHOLE], dueAt: clock.now, at: clock.now });
  await it.ask('POST', `/v1/campaigns/${other}/cancel`);
  clock.now += 1_000;
  const page = { campaignId: other, shard: 0, page: 0, skipped: 1, chunks: [], cursor: null };
  await store.freezePage({ ...page, last: true, dueAt: clock.now, now: clock.now });
  assert.deepEqual(await told(other), ['skipped', 'cancelled'], 'it was read, and not sent to');
});

test('a list that named a device by another token or user says that it is not known', async (t) => {
  const it = await createFixture(t);
  await register(it, 'device-1', { userId: 'ada' });
  await register(it, 'device-2', { token: apnsToken(2), userId: 'bob' });
  const upload = await jsonOf<{ id: string }>(
    await it.ask('POST', '/v1/audiences?app=default&of=userIds', 'ada\n', {
      'Content-Type': 'text/plain',
    }),
  );
  const lists = [
    { upload: upload.id },
    { tokens: [token], unregistered: { platform: 'ios', provider: 'apns' } },
  ];
  for (const audience of lists) {
    it.clock.now += 1_000;
    await register(it, 'device-1', { userId: 'ada' });
    it.clock.now += 1_000;
    const id = await send(it, { audience });
    await freeze(it, id, []);
    it.clock.now += 1_000;
    await register(it, 'device-1', { token: apnsToken(3), userId: 'eve' });
    const told = async (device: string) => {
      const { state, absence, summary } = await ask(it, id, device);
      return { is: [state, absence!.kind], summary };
    };
    const moved = await told('device-1');
    assert.deepEqual(moved.is, ['unknown', 'not-named']);
    assert.match(moved.summary, /it may have had another token or user before/);
    assert.deepEqual((await told('device-2')).is, ['not-in-audience', 'not-named']);
  }
});

test('an installation outside of the audience is told each condition it does not meet', async (t) => {
  const it = await createFixture(t);
  await it.ask('PUT', '/v1/segments/vip', { audience: { attributes: { plan: 'pro' } } });
  await register(it, 'device-1', { language: 'fr', tags: ['sport'], attributes: { plan: 'free' } });
  const audience = {
    language: ['de', 'fr'],
    segment: 'vip',
    tags: { any: ['news'] },
    or: [{ country: 'DE' }, { userIds: ['bob'] }],
  };
  const id = await send(it, { audience });
  it.clock.now += 1_000;
  await freeze(it, id, []);
  it.clock.now += 1_000;
  const found = await ask(it, id, 'device-1');
  assert.equal(found.state, 'not-in-audience');
  assert.equal(
    found.summary,
    'It is not among the recipients. As the installation is now, it does not meet 4 conditions of the audience.',
  );
  assert.deepEqual(found.absence, {
    kind: 'conditions',
    readBy: at(1),
    unmet: [
      { path: 'tags.any', condition: 'tags any news', value: ['sport'] },
      { path: 'segment(vip).attributes.plan', condition: 'plan = pro', value: 'free' },
      { path: 'or[0].country', condition: 'country DE', value: null },
      { path: 'or[1].userIds', condition: 'userIds bob', value: null },
    ],
  });
  assert.deepEqual(texts(found), [
    `${at(0)} created: The campaign “Autumn” is accepted.`,
    `${at(0)} registered: Its app last registered.`,
    `${at(1)} planned: Its part of the audience is read, without it.`,
    `${at(1)} closed: The campaign is completed.`,
  ]);
  assert.equal(found.delivery, null);
});

test('an installation that has opted out of the category says so, and meets the audience', async (t) => {
  const it = await createFixture(t);
  await register(it, 'out', { language: 'de', optedOutOf: ['marketing'] });
  const message = { ...campaign.message, category: 'marketing' };
  const id = await send(it, { message });
  await freeze(it, id, []);
  const why = await ask(it, id, 'out');
  assert.deepEqual([why.state, why.absence?.kind], ['not-in-audience', 'opted-out']);
  assert.deepEqual(why.absence?.unmet, []);
  assert.match(why.summary, /has opted out of the category "marketing", as it is now/);
  assert.match(why.next, /Messages of other categories are sent to it/);
  const other = await send(it, { message: { ...message, category: 'orders' } });
  await freeze(it, other, []);
  assert.notEqual((await ask(it, other, 'out')).absence?.kind, 'opted-out');
  const frozen = await send(it, { message });
  await freeze(it, frozen, ['out']);
  const { hints } = await ask(it, frozen, 'out');
  assert.ok(hints.some(({ text }) => /of the category "marketing" by now/.test(text)));
});

test('an installation that meets all conditions says why it is no recipient', async (t) => {
  const it = await createFixture(t);
  await register(it, 'device-1', { token: apnsToken(1) });
  it.clock.now += 1_000;
  const id = await send(it, { audience: { everybody: true } });
  const told = async (device = 'device-1', campaignId = id) => {
    const { state, absence, summary } = await ask(it, campaignId, device);
    return { state, kind: absence!.kind, summary };
  };
  const before = await told();
  assert.deepEqual([before.state, before.kind], ['not-planned', 'not-begun']);
  assert.match(before.summary, /has not begun yet: its recipients are not fixed before that\.$/);
  await it.store.startCampaign({ id, shards: [WHOLE], dueAt: NOW, at: it.clock.now });
  const reading = await told();
  assert.deepEqual([reading.state, reading.kind], ['not-planned', 'not-read-yet']);
  await it.ask('POST', `/v1/campaigns/${id}/pause`);
  assert.match((await told()).summary, /The campaign is paused \(.*\), and this part/);
  await it.ask('POST', `/v1/campaigns/${id}/resume`);
  const page = { campaignId: id, shard: 0, skipped: 0, chunks: [], dueAt: NOW };
  it.clock.now += 1_000;
  const cursor = { bucket: WHOLE.to - 1, id: 'x' };
  await it.store.freezePage({ ...page, page: 0, cursor, last: false, now: it.clock.now });
  const behind = await told();
  assert.deepEqual([behind.state, behind.kind], ['not-in-audience', 'changed-since']);
  it.clock.now += 1_000;
  await it.store.freezePage({ ...page, page: 1, cursor, last: true, now: it.clock.now });
  assert.match(
    (await told()).summary,
    /it did not, or was not stored \(its app last registered at 2026-11-21 13:00:00 UTC\)\.$/,
  );
  it.clock.now += 1_000;
  await register(it, 'device-2', { token: apnsToken(2) });
  const later = await told('device-2');
  assert.deepEqual([later.state, later.kind], ['not-in-audience', 'registered-later']);
  await it.ask('PATCH', '/v1/installations/device-1?app=default', { optedOut: true });
  const out = await told();
  assert.deepEqual([out.state, out.kind], ['not-in-audience', 'opted-out']);
  const scheduled = await send(it, {
    audience: { everybody: true },
    schedule: { at: '2030-12-24T18:00:00Z' },
  });
  assert.match((await told('device-2', scheduled)).summary, /begins at 2030-12-24 18:00:00 UTC/);
  await it.ask('POST', `/v1/campaigns/${scheduled}/cancel`);
  const cancelled = await told('device-2', scheduled);
  assert.deepEqual([cancelled.state, cancelled.kind], ['skipped', 'cancelled']);
});

test('a canary, an upload, a retry and a topic say what they are', async (t) => {
  const it = await createFixture(t);
  await register(it, 'device-1', { userId: 'ada' });
  const told = async (id: string) => {
    const { state, absence, next, summary } = await ask(it, id, 'device-1');
    return { state, kind: absence!.kind, next, summary };
  };
  const canary = await send(it, { audience: { everybody: true }, canary: { percent: 1 } });
  const start = Math.floor(WHOLE.to / 100);
  const shards = [
    { from: 0, to: start },
    { from: start, to: WHOLE.to },
  ];
  await it.store.startCampaign({ id: canary, shards, dueAt: NOW, at: NOW });
  const waits = await told(canary);
  assert.deepEqual([waits.state, waits.kind], ['not-planned', 'not-read-yet']);
  assert.match(waits.summary, /it waits for the canary's result\.$/);

  // the canary itself is being read
  const own = await send(it, { audience: { everybody: true }, canary: { percent: 1 } });
  const bucket = bucketOf('device-1');
  const ranges = [
    { from: 0, to: bucket + 1 },
    { from: bucket + 1, to: WHOLE.to },
  ];
  await it.store.startCampaign({ id: own, shards: ranges, dueAt: NOW, at: NOW });
  assert.match((await told(own)).summary, /This part of the audience is being read\.$/);
  // what was read last is in the same bucket
  const page = { campaignId: own, shard: 0, page: 0, skipped: 0, chunks: [], last: false };
  const cursor = { bucket, id: 'another' };
  await it.store.freezePage({ ...page, cursor, dueAt: NOW, now: NOW });
  assert.equal((await told(own)).kind, 'not-read-yet');

  const topic = await told(await send(it, { audience: { topic: 'news' } }));
  assert.deepEqual([topic.state, topic.kind], ['not-tracked', 'topic']);

  const upload = async (names: string) => {
    const body = `${names}\n`;
    const response = await it.ask('POST', '/v1/audiences?app=default&of=userIds', body, {
      'Content-Type': 'text/plain',
    });
    return (await jsonOf<{ id: string }>(response)).id;
  };
  const other = await send(it, { audience: { upload: await upload('bob') } });
  await freeze(it, other, []);
  assert.equal((await told(other)).kind, 'not-named');
  const theirs = await send(it, { audience: { upload: await upload('bob\nada'), language: 'de' } });
  await freeze(it, theirs, []);
  assert.equal((await told(theirs)).kind, 'conditions');
  it.clock.now += 60 * 24 * 60 * MINUTE;
  assert.equal((await told(other)).kind, 'upload-expired');

  const first = await send(it, { audience: { everybody: true } });
  await attempt(it, await freeze(it, first, ['device-9']), {
    failed: [{ index: 0, reason: 'ServiceUnavailable', outcome: 'retry' }],
  });
  const again = await jsonOf<{ id: string }>(
    await it.ask('POST', `/v1/campaigns/${first}/retry-failures`),
  );
  await freeze(it, again.id, []);
  const retry = await told(again.id);
  assert.deepEqual(
    [retry.kind, retry.next],
    [...['not-failed-before', `Ask about that one: volley why ${first} --installation device-1`]],
  );
});

test('hints tell what may hide a push, and what has changed since', async (t) => {
  const it = await createFixture(t);
  await register(it, 'device-1', { permission: 'denied' });
  const id = await send(it, { audience: { everybody: true } });
  await attempt(it, await freeze(it, id, ['device-1']), { accepted: 1 });
  const kinds = async () => (await ask(it, id, 'device-1')).hints.map((hint) => hint.kind);
  assert.deepEqual(await kinds(), ['permission-denied']);
  it.clock.now += MINUTE;
  await register(it, 'device-1', { permission: 'provisional' });
  await it.ask('PATCH', '/v1/installations/device-1?app=default', { optedOut: true });
  assert.deepEqual(await kinds(), ['permission-provisional', 'opted-out', 'registered-since']);
  await it.ask('DELETE', '/v1/installations/device-1?app=default');
  assert.deepEqual(await kinds(), ['removed']);
  await it.store.putInstallations([
    person('device-1', { app: 'without', provider: 'apns', platform: 'ios', token }),
  ]);
  const without = campaignOf({ app: 'without' });
  await it.store.createCampaign(without, null, NOW);
  const { hints } = await ask(it, without.id, 'device-1');
  assert.deepEqual(hints, [
    { kind: 'no-credentials', text: 'The app "without" has no credentials for APNs.' },
  ]);
});

test('what is unknown, of another app, erased, or asked without the scope is refused', async (t) => {
  const it = await createFixture(t);
  await register(it, 'device-1', { userId: 'ada' });
  const id = await send(it, { audience: { everybody: true } });
  const chunk = await freeze(it, id, ['device-1']);
  await attempt(it, chunk, { accepted: 1 });
  const path = (campaignId: string, device: string) =>
    `/v1/campaigns/${campaignId}/recipients/${device}`;
  const refused = async (where: string, headers = {}) => {
    const response = await it.ask('GET', where, undefined, headers);
    return {
      status: response.status,
      ...(await jsonOf<{ detail: string; next: string }>(response)),
    };
  };
  assert.equal((await refused(path('nothing', 'device-1'))).status, 404);
  const never = await refused(path(id, 'device-2'));
  assert.deepEqual(
    [never.status, never.detail],
    [
      404,
      `The campaign has nothing of "device-2", and its app "default" has no such installation.`,
    ],
  );
  assert.match(never.next, /whether the device belongs to that app/);
  assert.equal((await refused(path(id, 'no such form!'))).status, 400);
  assert.equal((await refused(path(id, unregisteredId('a')))).status, 404);
  const key = await it.addKey('campaigns', 'installations');
  const bearer = { Authorization: `Bearer ${key}` };
  assert.equal((await refused(path(id, 'device-1'), bearer)).status, 403);
  await it.ask('DELETE', '/v1/users/ada');
  assert.equal((await refused(path(id, 'device-1'))).status, 404, 'of what was erased is nothing');
});

test('what is too old is no longer known', async (t) => {
  const it = await createFixture(t);
  await register(it, 'device-1');
  const id = await send(it);
  await attempt(it, await freeze(it, id, ['device-0']), { accepted: 1 });
  assert.equal((await ask(it, id, 'device-1')).state, 'not-in-audience');
  it.clock.now += 60 * 24 * 60 * MINUTE;
  while (await it.store.expire(it.clock.now - MINUTE, it.clock.now));
  const old = await ask(it, id, 'device-1');
  assert.deepEqual([old.state, old.absence!.kind], ['unknown', 'too-old']);
  assert.match(old.summary, /^It is no longer known:/);
});
