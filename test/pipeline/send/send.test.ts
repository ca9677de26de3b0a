import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../../functions/model/outcome.ts';
import { accepted } from '../script.ts';
import { createWorld, eachOnce, MINUTE, NOW } from '../world.ts';

const half = { random: () => 0.5 };
const busy = (afterMs: number | null, scope: 'device' | 'service' = 'device'): Outcome => ({
  kind: 'retry',
  reason: 'Busy',
  afterMs,
  scope,
});
const message = (ttlSeconds: number) => ({
  message: { title: 'Hallo', ttlSeconds, priority: 'high' as const },
});

const byId = (a: { id: string }, b: { id: string }) => a.id.localeCompare(b.id);

test('a campaign goes all the way from its acceptance to its event', async (t) => {
  const world = createWorld(t);
  const everybody = await world.people(2500, (n) => ({
    platform: (['ios', 'android', 'web'] as const)[n % 3]!,
    language: n % 5 === 0 ? 'en' : 'de',
    environment: n % 7 === 0 ? 'sandbox' : 'production',
  }));
  const id = await world.campaign({ audience: { language: ['de'] } });
  assert.equal(await world.stateOf(id), 'accepted');
  assert.equal(world.script.sent.length, 0, 'nothing is sent before the answer');
  world.clock.now += 700;
  await world.run();
  const ledger = await world.closed(id);
  assert.deepEqual(ledger.counts, {
    recipients: 2000,
    accepted: 2000,
    failed: 0,
    skipped: 0,
    reasons: {},
  });
  eachOnce(
    world,
    everybody.filter((it) => it.language === 'de'),
  );
  assert.equal(ledger.campaign.state, 'completed');
  assert.equal(ledger.campaign.shards, 1, 'a small audience is one shard');
  assert.equal(ledger.campaign.firstPushAt, NOW + 700);
  assert.deepEqual(
    world.told.map(({ id, type, subject, at }) => ({ id, type, subject, at })).toSorted(byId),
    [
      { id: `${id}-accepted-1`, type: 'campaign.accepted', subject: id, at: NOW },
      { id: `${id}-completed-3`, type: 'campaign.completed', subject: id, at: NOW + 700 },
      { id: `${id}-started-2`, type: 'campaign.started', subject: id, at: NOW + 700 },
    ],
  );
  assert.equal(world.logged.campaignClosed?.length, 1);
  assert.equal(world.clock.now, NOW + 700, 'nothing had to wait');
});

test('a push goes to the sender of its app, provider and environment', async (t) => {
  const world = createWorld(t);
  await world.people(40, (n) => ({
    platform: n % 2 === 0 ? 'ios' : 'android',
    environment: n % 4 < 2 ? 'sandbox' : 'production',
  }));
  const asked = new Map<string, string[]>();
  world.ports.senders = {
    apps: () => [],
    get: (...key) => ({
      ...world.script.sender,
      async send({ recipients, open, settle, push }) {
        assert.equal(push.message.title, 'Hallo');
        const ids = open.map((index) => recipients[index]!.installationId);
        asked.set(key.join(' '), [...(asked.get(key.join(' ')) ?? []), ...ids]);
        for (const index of open) settle(index, accepted);
      },
    }),
  };
  const id = await world.send();
  await world.closed(id);
  assert.equal(asked.size, 4);
  for (const [key, ids] of asked)
    for (const it of ids) {
      const { app, provider, environment } = (await world.store.getInstallation('default', it))!;
      assert.equal(`${app} ${provider} ${environment}`, key);
    }
});

test('a campaign with an empty audience completes immediately', async (t) => {
  const world = createWorld(t);
  const id = await world.send();
  const { campaign, recipients } = await world.closed(id);
  assert.deepEqual([campaign.state, recipients], ['completed', 0]);
  assert.equal(campaign.closedAt, NOW);
});

test('a dry run goes the whole way and all recipients are skipped', async (t) => {
  const world = createWorld(t);
  await world.people(1200);
  const id = await world.send({ dryRun: true });
  const { campaign, skipped } = await world.closed(id);
  assert.deepEqual([campaign.state, skipped, campaign.firstPushAt], ['completed', 1200, null]);
  assert.equal(world.script.dryRuns, world.script.sent.length);
});

test('in a dry run, recipients that would be refused fail and keep their tokens', async (t) => {
  const world = createWorld(t);
  const people = await world.people(1200);
  const [gone, bad] = ['device-3', 'device-700'];
  world.script.answer = ({ installationId }) => {
    if (installationId === gone)
      return { kind: 'unregistered', reason: 'UNREGISTERED', since: null };
    if (installationId === bad) return { kind: 'rejected', reason: 'INVALID_ARGUMENT' };
    return accepted;
  };
  const id = await world.send({ dryRun: true });
  const { campaign, skipped, counts, failures, ...rest } = await world.closed(id);
  assert.deepEqual([skipped, rest.accepted, counts.failed], [1198, 0, 2]);
  assert.deepEqual(failures.map((it) => it.installationId).toSorted(), [gone, bad]);
  assert.equal(campaign.firstPushAt, null, 'nothing was pushed');
  assert.ok(world.script.dryRuns === 1200);
  for (const { id } of people) assert.ok(await world.store.getInstallation('default', id));
});

for (const [what, afterMs, at] of [
  ['after the backoff when the provider names no time', null, NOW + 500],
  ['after the backoff when the provider names less', 100, NOW + 500],
  ['when the provider says, if that is later', 5000, NOW + 5000],
] as const)
  test(`only the recipients that need another try are sent to again, ${what}`, async (t) => {
    const world = createWorld(t, half);
    const people = await world.people(1500);
    const unlucky = new Set(['device-3', 'device-700', 'device-1400']);
    world.script.answer = ({ installationId, before }) =>
      unlucky.has(installationId) && before === 0 ? busy(afterMs) : accepted;
    const id = await world.send();
    assert.equal((await world.closed(id)).accepted, 1500);
    const again = world.script.sent.filter((it) => it.before > 0);
    assert.deepEqual(new Set(again.map((it) => it.installationId)), unlucky);
    assert.deepEqual(
      again.map((it) => it.at),
      [at, at, at],
    );
    assert.equal(world.script.sent.length, people.length + 3);
  });

test('a provider that asks everybody to wait slows the queue down', async (t) => {
  const world = createWorld(t, half);
  await world.people(4000);
  world.script.answer = ({ at }) => (at < NOW + 10_000 ? busy(10_000, 'service') : accepted);
  const id = await world.campaign();
  await world.run(NOW + 9999);
  const early = world.script.sent.length;
  await world.run();
  assert.equal((await world.closed(id)).accepted, 4000);
  assert.equal(world.script.sent.length - early, 4000, 'no recipient a third time');
});

test('waiting ends with the time of the message, not before: the last reason is the failure', async (t) => {
  const world = createWorld(t, half);
  await world.people(3);
  let last = '';
  world.script.answer = ({ before, installationId }) => {
    if (installationId === 'device-0') return accepted;
    last = `Busy${before}`;
    return { ...busy(null), reason: last };
  };
  const id = await world.send(message(12 * 3600));
  const { failures, accepted: good, campaign } = await world.closed(id);
  assert.equal(good, 1);
  assert.ok(campaign.closedAt! > NOW + 11 * 3600_000, 'every attempt in twelve hours');
  assert.equal(failures.length, 2);
  for (const it of failures) assert.deepEqual([it.outcome, it.reason], ['retry', last]);
});

test('an attempt with an accepted push resets the backoff', async (t) => {
  const world = createWorld(t, half);
  await world.people(300);
  // 10 of each attempt get through, for the sake of a limit
  let [attempt, through] = [-1, 0];
  world.script.answer = ({ at }) => {
    if (at !== attempt) [attempt, through] = [at, 0];
    through += 1;
    return through <= 10 ? accepted : busy(null, 'service');
  };
  const id = await world.send();
  const { accepted: good, campaign } = await world.closed(id);
  assert.equal(good, 300);
  const took = campaign.closedAt! - NOW;
  // a queue that was told to slow down comes up to 100 ms later in this world
  assert.ok(took >= 29 * 500 && took <= 29 * 600, `thirty attempts, half a second apart: ${took}`);
});

test('a push that could only be tried after its expiry fails with the last reason', async (t) => {
  const world = createWorld(t, half);
  await world.people(3);
  world.script.answer = ({ before }) => busy(before === 0 ? 40_000 : 20_000);
  const id = await world.send(message(60));
  const { failures, campaign } = await world.closed(id);
  assert.equal(campaign.closedAt, NOW + 40_000, 'without waiting for it');
  assert.equal(world.script.sent.length, 6);
  for (const it of failures) assert.deepEqual([it.reason, it.attempts], ['Busy', 2]);
});

test('what could not leave in its time is not sent, but recorded as expired', async (t) => {
  const world = createWorld(t);
  await world.people(30);
  const id = await world.campaign(message(60));
  world.clock.now += MINUTE;
  await world.run();
  const { counts } = await world.closed(id);
  assert.deepEqual(counts.reasons, { Expired: 30 });
  assert.equal(world.script.sent.length, 0);
});

test('a push without an answer is sent once more, then recorded as unknown', async (t) => {
  const world = createWorld(t, half);
  await world.people(10);
  const lost: Outcome = { kind: 'unknown', reason: 'ConnectionLost' };
  world.script.answer = ({ installationId, before }) => {
    if (installationId === 'device-1') return before === 0 ? lost : accepted;
    if (installationId === 'device-2') return lost;
    // a provider that is busy in between has not answered the one in doubt either
    if (installationId === 'device-3') return before === 1 ? busy(null) : lost;
    return accepted;
  };
  const id = await world.send();
  const { accepted: good, failures } = await world.closed(id);
  assert.equal(good, 8);
  assert.deepEqual(
    failures.map((it) => [it.installationId, it.outcome, it.reason, it.attempts]).toSorted(),
    [
      ['device-2', 'unknown', 'ConnectionLost', 2],
      ['device-3', 'unknown', 'ConnectionLost', 3],
    ],
  );
  assert.equal(world.script.sent.length, 7 + 2 + 2 + 3);
});

test('a dead token is forgotten, unless its app came back in the meantime', async (t) => {
  const world = createWorld(t);
  const people = await world.people(5);
  const back = { ...people[2]!, refreshedAt: NOW + 1 };
  await world.store.putInstallations([back]);
  world.clock.now = NOW + 10;
  world.script.answer = ({ installationId }) => {
    const gone = (since: number | null): Outcome => ({
      kind: 'unregistered',
      reason: 'Unregistered',
      since,
    });
    if (installationId === 'device-1') return gone(NOW);
    if (installationId === 'device-2') return gone(NOW);
    if (installationId === 'device-3') return gone(null);
    if (installationId === 'device-4') return { kind: 'rejected', reason: 'BadDeviceToken' };
    return accepted;
  };
  const id = await world.send();
  const { counts } = await world.closed(id);
  assert.deepEqual(counts.reasons, { BadDeviceToken: 1, Unregistered: 3 });
  const left = await Array.fromAsync(people, (it) => world.store.getInstallation('default', it.id));
  assert.deepEqual(
    left.map((it) => it?.id),
    ['device-0', undefined, 'device-2', undefined, 'device-4'],
  );
});
