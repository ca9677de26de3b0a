/** Pushes to one user, and calls of inbound webhooks, in the deployment of google.test.ts. */

import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { FailedPingView, TriggerView } from '../../functions/http/triggers/view.ts';
import { until } from '../until.ts';
import type { CloudWorld } from '../world/cloud.ts';
import { sample } from '../world/sample.ts';

export interface Course {
  world(): CloudWorld;
  journey(name: string, walk: () => Promise<void>): void;
}

const secret: string = randomUUID();
const orders = {
  proof: { kind: 'github', secret },
  audience: { installationIds: '{{device}}' },
  message: { title: 'Order {{number}}' },
  idPath: 'event',
};
const path = '/v1/triggers/orders';
/** one that no other journey pushes to alone */
const [device, other] = [sample(7), sample(8)];

export function pingJourneys({ world, journey }: Course) {
  const client = () => world().client;

  async function ping(body: string, key = secret) {
    const signature = createHmac('sha256', key).update(body).digest('hex');
    const response = await fetch(`${world().cloud.url}${path}`, {
      method: 'POST',
      headers: { 'X-Hub-Signature-256': `sha256=${signature}` },
      body,
    });
    return [response.status, await response.json()];
  }
  const pingOf = (it: object) => JSON.stringify({ event: randomUUID(), device: device.id, ...it });
  const received = [200, { received: true }];

  /** No task is left that could still push. */
  const settled = () => until(async () => (await world().cloud.tasks.stats()).tasks === 0);
  const pushed = async ({ token }: { token: string }) => world().countOf(token);
  const failed = async () =>
    (await client().get<{ items: FailedPingView[] }>(`${path}/failed`)).items;

  journey('a push to one user is answered immediately, or with its outcome', async () => {
    const message = { title: 'Hello' };
    const early = await client().post<CampaignView>('/v1/messages', {
      installationIds: [device.id],
      message,
    });
    await watchCampaign(client(), early.id, null, { pollMs: 20 });
    assert.equal(await pushed(device), 1);
    const both = { installationIds: [device.id, other.id], message };
    let sent = 0;
    // more than once where the machine stands still for longer than a call may wait
    const late = await until(async () => {
      const it = await client().post<CampaignView>('/v1/messages?wait=25', both);
      sent += 1;
      if (it.state === 'completed') return it;
      await watchCampaign(client(), it.id, null, { pollMs: 20 });
      return null;
    });
    assert.equal(late.counts.accepted, 2);
    assert.deepEqual([await pushed(device), await pushed(other)], [1 + sent, sent]);
  });

  journey(
    'a call of an inbound webhook that comes twice pushes once, a forged one is counted',
    async () => {
      await client().put<TriggerView>(path, orders);
      const good = pingOf({ number: 17 });
      assert.deepEqual(await ping(good), received);
      assert.deepEqual(await ping(good), received);
      assert.deepEqual(await ping(pingOf({ device: other.id, number: 18 }), 'forged'), received);
      await until(async () => (await pushed(device)) > 0);
      await settled();
      assert.deepEqual(await ping(good), received);
      await settled();
      assert.deepEqual([await pushed(device), await pushed(other)], [1, 0]);
      const { counts } = await client().get<TriggerView>(path);
      assert.deepEqual(counts, { received: 3, forged: 1 });
      assert.deepEqual(await failed(), []);
    },
  );

  journey('a call that cannot be used is listed, and pushes when it is replayed', async () => {
    await client().put<TriggerView>(path, orders);
    assert.deepEqual(await ping(pingOf({})), received);
    await until(async () => (await failed()).length > 0);
    const [it, ...more] = await failed();
    assert.deepEqual(more, []);
    assert.deepEqual(
      it!.faults.map((fault) => fault.path),
      ['message.title'],
    );
    await client().put<TriggerView>(path, { ...orders, message: { title: 'Order {{number|1}}' } });
    await client().post(`${path}/failed/${it!.id}:replay`);
    await until(async () => (await pushed(device)) > 0);
    await settled();
    assert.equal(await pushed(device), 1);
    assert.deepEqual(await failed(), []);
  });

  journey('a call that was answered is pushed once, though its planner is killed', async () => {
    await client().put<TriggerView>(path, orders);
    const { plan } = world().cloud.instances;
    const { dispatches } = await world().cloud.tasks.stats();
    for (const pid of plan.pids()) process.kill(pid, 'SIGSTOP');
    const it = pingOf({ number: 19 });
    assert.deepEqual(await ping(it), received);
    assert.deepEqual(await ping(it), received);
    // they are with it, and it does nothing
    await until(async () => (await world().cloud.tasks.stats()).dispatches >= dispatches + 2);
    assert.equal(await pushed(device), 0);
    await plan.kill('SIGKILL');
    await until(async () => (await pushed(device)) > 0);
    await settled();
    assert.equal(await pushed(device), 1);
  });
}
