/** A campaign through the deployed build, behind a simulated Cloud Run, while instances are ended. */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { createOidc } from '../../functions/simulators/shared/oidc.ts';
import { sharedEmulators, withoutEmulators } from '../emulators.ts';
import { until } from '../until.ts';
import { type Archive, createDeployedWorld, type DeployedWorld } from '../world/deployed.ts';

const INSTALLATIONS = 3_000;
const EACH = INSTALLATIONS / 2;

/** `archive` is asked when the tests begin. */
export function testCampaign(archive: () => Archive) {
  suite('behind Cloud Run’s front', { skip: withoutEmulators('firestore', 'pubsub') }, () => {
    let world: DeployedWorld;
    before(async () => {
      world = await createDeployedWorld({
        archive: archive(),
        installations: INSTALLATIONS,
        ...sharedEmulators(),
      });
    });
    after(() => world?.close());

    const asInvoker = (token: string) => ({ authorization: `Bearer ${token}` });
    const sent = async () => (await world.wire()).distinct;

    test('a private function is reached by the invoker alone', async () => {
      const { plan } = world.services;
      const stranger = await createOidc();
      const good = world.oidc.token(plan.url, world.invoker);
      const [head, payload] = good.split('.');
      const post = async (headers: Record<string, string>) =>
        (await fetch(plan.at, { method: 'POST', headers, body: '{}' })).status;
      assert.equal(await post({}), 403);
      assert.equal(await post(asInvoker(stranger.token(plan.url, world.invoker))), 401);
      const written = `${head}.${payload}.SIGNATURE_REMOVED_BY_GOOGLE`;
      assert.equal(await post(asInvoker(written)), 401);
      const other = world.oidc.token(plan.url, `other@${world.invoker.split('@')[1]}`);
      assert.equal(await post(asInvoker(other)), 403);
      assert.equal(plan.counts().requests, 0);
      // no task of ours: it is logged and ended
      assert.equal(await post(asInvoker(good)), 204);
      // the front checks one token, the function reads the other: it refuses both
      assert.equal(
        await post({ ...asInvoker(written), 'x-serverless-authorization': `Bearer ${good}` }),
        401,
      );
      assert.equal(plan.counts().requests, 2);
      assert.ok(world.said.splice(0).every((it) => /volley-plan/.test(it)));
    });

    test('a campaign reaches each recipient once, though instances are frozen and ended in its middle', async () => {
      const { services, client } = world;
      const { sendApns, sendFcm } = services;
      const view = (id: string) => client.get<CampaignView>(`/v1/campaigns/${id}`);
      const asleep = () =>
        Object.values(services).every((it) => it.counts().frozen === it.counts().running);

      // no instance for FCM: Cloud Run answers 429, and the campaign cannot end
      sendFcm.limit(0);
      const { id } = await client.post<CampaignView>('/v1/campaigns', {
        name: 'deployed',
        audience: { everybody: true },
        message: { title: 'Hello' },
      });
      await until(async () => (await view(id)).counts.accepted === EACH);
      await until(() => sendFcm.counts().refused > 0);
      assert.deepEqual([(await view(id)).state, await sent()], ['running', EACH]);

      // ends all of them at the same time, while they are frozen
      await until(asleep);
      assert.ok(sendApns.counts().freezes > 0);
      const ended = await Promise.all(Object.values(services).map((it) => it.terminate()));
      assert.ok(ended.flat().length >= 3);
      assert.ok(ended.flat().every((code) => code === 0));

      // and once more while they send: nothing is answered before that
      await world.set({ latencyMs: 2_000 });
      sendFcm.limit(5);
      await until(async () => (await sent()) > EACH);
      assert.ok(sendFcm.counts().atWork > 0);
      sendFcm.limit(0);
      assert.ok((await sendFcm.terminate()).every((code) => code === 0));
      assert.equal((await view(id)).state, 'running');
      assert.ok((await sent()) < INSTALLATIONS);

      await world.set({ latencyMs: 0 });
      sendFcm.limit(5);
      await until(async () => (await view(id)).state !== 'running');
      const { state, counts } = await view(id);
      assert.deepEqual([state, counts], ['completed', ledger]);
      const wire = await world.wire();
      assert.deepEqual([wire.distinct, wire.duplicates], [INSTALLATIONS, 0]);
    });

    test('its event is delivered, the sweep runs, and nothing was asked but Google and the providers', async () => {
      const { deliver, tick } = world.services;
      await until(() => deliver.counts().requests > 0);
      const headers = asInvoker(world.oidc.token(tick.url, world.invoker));
      assert.equal((await fetch(tick.at, { method: 'POST', headers })).status, 204);
      assert.deepEqual([world.strangers, world.said], [[], []]);
      for (const { counts } of Object.values(world.services)) assert.ok(counts().mostAtOnce > 0);
    });
  });
}

const ledger = {
  recipients: INSTALLATIONS,
  accepted: INSTALLATIONS,
  failed: 0,
  skipped: 0,
  pending: 0,
};
