/**
 * A campaign through all six functions, each a process under the Functions Framework, over the
 * official emulators and a simulated Cloud Tasks.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { createClient } from '../../functions/cli/client.ts';
import { readPush } from '../../functions/events/push.ts';
import { hashKey, makeKey } from '../../functions/http/auth.ts';
import { sampleToken } from '../../functions/local/simulators/tokens.ts';
import { ledgerCloses } from '../../functions/pipeline/campaign.ts';
import { installation } from '../../functions/pipeline/installation.ts';
import type { CampaignEvent } from '../../functions/ports.ts';
import { withoutEmulators } from '../emulators.ts';
import { createGoogleWorld, type GoogleWorld } from '../world/google.ts';

const skip = withoutEmulators('firestore', 'pubsub');
const EACH = 300;
const DEADLINE_MS = 120_000;

let world: GoogleWorld;
before(async () => {
  if (!skip) world = await createGoogleWorld({ deadShare: 0.02, badShare: 0.01 });
});
after(() => world?.close());

async function until<T>(look: () => Promise<T | null | undefined | false>): Promise<T> {
  for (const deadline = AbortSignal.timeout(DEADLINE_MS); ; ) {
    const found = await look();
    if (found) return found;
    await wait(20, null, { signal: deadline });
  }
}

/** The emulator pushes without a token, which Pub/Sub itself would add. */
async function signPushes({ urls, oidc, invoker }: GoogleWorld) {
  const pushed: { event: CampaignEvent | { fault: string }; status: number }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { status } = await fetch(urls.deliver, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Authorization: `Bearer ${oidc.token(urls.deliver, invoker)}`,
      },
      body,
    });
    pushed.push({ event: readPush(JSON.parse(body)), status });
    response.writeHead(status).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    pushed,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function pubsub(method: string, path: string, body: object = {}) {
  const response = await fetch(`http://${process.env.PUBSUB_EMULATOR_HOST}/v1/${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    ...(method !== 'DELETE' && { body: JSON.stringify(body) }),
  });
  assert.ok(response.ok, await response.text());
}

test('a campaign goes through all functions, its ledger closes, and the world is told', {
  skip,
}, async (t) => {
  const { store, simulated, project } = world;
  const pushes = await signPushes(world);
  const topic = `projects/${project}/topics/volley-events`;
  const subscription = `projects/${project}/subscriptions/volley-events`;
  await pubsub('PUT', topic);
  await pubsub('PUT', subscription, { topic, pushConfig: { pushEndpoint: pushes.url } });
  t.after(async () => {
    await pubsub('DELETE', subscription);
    await pushes.close();
  });
  for (const target of ['api', 'plan', 'sendApns', 'sendFcm', 'deliver', 'tick'] as const)
    await world.start(target);
  await store.putInstallations(
    Array.from({ length: 2 * EACH }, (_, i) => {
      const [platform, provider] =
        i % 2 ? (['android', 'fcm'] as const) : (['ios', 'apns'] as const);
      const rest = { environment: 'production' as const, tags: [], attributes: {} };
      const token = sampleToken(provider, i);
      const device = { app: 'default', platform, token, ...rest };
      return installation(`device-${i}`, device, 1_700_000_000_000);
    }),
  );
  const key = makeKey();
  await store.putKey({ hash: hashKey(key), name: 'journey', scopes: ['campaigns', 'read'] });
  const client = createClient(world.urls.api.replace(/\/$/, ''), key);

  const { id } = await client.post<{ id: string }>('/v1/campaigns', {
    ...{ name: 'Autumn', audience: {}, message: { title: 'Hello', body: 'World' } },
  });
  const closed = await until(async () => {
    const campaign = await store.getCampaign(id);
    return campaign?.closedAt ? campaign : null;
  });
  assert.equal(closed.state, 'completed');
  const counts = await store.counts(id);
  assert.ok(ledgerCloses(counts));
  assert.equal(counts.recipients, 2 * EACH);
  const [apns, fcm] = [await simulated.apns.stats(), await simulated.fcm.stats()];
  assert.equal(apns.accepted + fcm.accepted, counts.accepted);
  assert.equal(apns.duplicates + fcm.duplicates, 0);
  assert.ok(counts.failed > 0, 'nobody was dead');

  const told = await until(async () =>
    pushes.pushed.find(
      ({ event, status }) =>
        'type' in event && event.type === 'campaign.completed' && status === 204,
    ),
  );
  assert.ok('type' in told.event);
  assert.deepEqual([told.event.subject, told.event.at], [id, closed.closedAt]);
  assert.equal((await world.post('tick', {})).status, 204);
});
