/** The end of an instance while it sends: no recipient is lost, and none is sent to twice. */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { ledgerCloses } from '../../functions/model/campaign.ts';
import { installation } from '../../functions/model/installation.ts';
import { sampleToken } from '../../functions/simulators/shared/tokens.ts';
import { sharedEmulators, withoutEmulators } from '../emulators.ts';
import { until } from '../until.ts';
import { type CloudWorld, createCloudWorld, noInstances, patient } from '../world/cloud.ts';

const skip = withoutEmulators('firestore', 'pubsub');
/** Two chunks; one is under way, the other is not to be begun. */
const RECIPIENTS = 1500;

let world: CloudWorld;
before(async () => {
  if (skip) return;
  world = await createCloudWorld({
    instances: noInstances,
    queues: { concurrent: 1 },
    ...sharedEmulators(),
    // 4 connections of 10 streams: a chunk of 1,000 takes 25 seconds
    settings: { latencyMs: 1_000, maxStreams: 10 },
  });
  await Promise.all([world.start('api'), world.start('plan')]);
});
after(() => world?.close());

const register = (from: number, count: number, tag: string) =>
  world.store.putInstallations(
    Array.from({ length: count }, (_, i) =>
      installation(
        `phone-${from + i}`,
        {
          app: 'default',
          platform: 'ios',
          token: sampleToken('apns', from + i),
          environment: 'production',
          tags: [tag],
          attributes: {},
        },
        1_700_000_000_000,
      ),
    ),
  );

const send = async (tag: string) => {
  const campaign = await world.client.post<{ id: string }>('/v1/campaigns', {
    name: tag,
    audience: { tags: [tag] },
    message: { title: 'Hello' },
  });
  return campaign.id;
};

// side by side: each waits for another sender
suite('the end of an instance', { skip, concurrency: true }, () => {
  test('SIGTERM while sending: what is under way is recorded, the next instance does the rest', async () => {
    const { store, simulated } = world;
    for (let from = 0; from < RECIPIENTS; from += 500) await register(from, 500, 'many');
    const first = await world.start('sendApns', { preload: [patient] });
    const id = await send('many');
    await until(async () => (await simulated.apns.stats()).accepted > 0);

    const { code } = await first.end('SIGTERM');
    assert.equal(code, 0, first.output());
    const before = await simulated.apns.stats();
    assert.ok(before.accepted < RECIPIENTS, 'it was over before the end');
    // what was on the wire is in the ledger already
    assert.equal((await store.counts(id)).accepted, before.accepted);
    assert.match(first.output(), /"instance drained".*"abandoned":0/);

    await simulated.apns.set({ latencyMs: 0 });
    await world.start('sendApns');
    await until(async () => (await store.getCampaign(id))!.closedAt !== null);
    const { distinct, duplicates } = await simulated.apns.stats();
    assert.deepEqual({ distinct, duplicates }, { distinct: RECIPIENTS, duplicates: 0 });
    const counts = await store.counts(id);
    assert.equal(counts.accepted, RECIPIENTS);
    assert.ok(ledgerCloses(counts));
  });

  test('an instance that ends takes no more, and does not wait for a provider that is silent', async () => {
    const fn = await world.start('sendFcm');
    await world.simulated.fcm.set({ silent: true });
    await world.store.putInstallations(
      [1, 2, 3].map((n) =>
        installation(
          `robot-${n}`,
          {
            app: 'default',
            platform: 'android',
            token: sampleToken('fcm', n),
            environment: 'production',
            tags: ['silent'],
            attributes: {},
          },
          1_700_000_000_000,
        ),
      ),
    );
    await send('silent');
    await until(async () => (await world.simulated.fcm.stats()).requests > 0);

    const ending = fn.end('SIGTERM');
    // the signal arrives when it does
    await until(async () => (await world.post('sendFcm', { kind: 'nothing' })).status === 503);
    assert.equal((await ending).code, 0);
    // else it would have waited until the sender gives up, and abandoned nothing
    assert.match(fn.output(), /"instance drained".*"abandoned":1/);
  });
});
