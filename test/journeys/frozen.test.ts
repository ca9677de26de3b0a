/** A process that was stopped, as Cloud Run does between requests, and whose flows are gone. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { startProxy } from '../http2/peer.ts';
import { startWorld } from '../world/world.ts';

const INSTALLATIONS = 30_000;
/** Recipients that one worker may hold: two chunks of each provider at a time, a window of 1,000 of each. */
const IN_FLIGHT = 4 * 1_000;

test('a process stopped with SIGSTOP, its links dropped silently, then continued, sends everything within seconds', async (t) => {
  const proxies: Awaited<ReturnType<typeof startProxy>>[] = [];
  const world = await startWorld({
    installations: INSTALLATIONS,
    settings: { latencyMs: 100 },
    async via(origin) {
      const proxy = await startProxy(t, Number(new URL(origin).port));
      proxies.push(proxy);
      return proxy.origin;
    },
  });
  t.after(world.close);
  const { id } = await world.client().post<CampaignView>('/v1/campaigns', {
    name: 'frozen',
    audience: { everybody: true },
    message: { title: 'Hi' },
  });
  const deadline = Date.now() + 60_000;
  while ((await world.wire()).distinct < INSTALLATIONS / 5) {
    assert.ok(Date.now() < deadline, 'a fifth was sent within a minute');
    await wait(5);
  }

  world.freeze();
  const frozenAt = Date.now();
  const before = proxies.map((it) => it.opened());
  for (const proxy of proxies) proxy.silence();
  const sentBefore = (await world.wire()).distinct;
  assert.ok(sentBefore < INSTALLATIONS, 'it was in the middle');
  world.thaw();

  const done = await watchCampaign(world.client(), id, null, { pollMs: 50 });
  assert.equal(done.state, 'completed');
  assert.deepEqual(done.counts, {
    recipients: INSTALLATIONS,
    accepted: INSTALLATIONS,
    failed: 0,
    skipped: 0,
    pending: 0,
  });
  const wire = await world.wire();
  assert.equal(wire.distinct, INSTALLATIONS, 'every device got it');
  assert.ok(wire.duplicates <= IN_FLIGHT, `${wire.duplicates} got it twice`);
  for (const [i, proxy] of proxies.entries())
    assert.ok(proxy.opened() > before[i]!, 'a new link took the place of the dropped');
  const tookMs = Date.parse(done.closedAt!) - frozenAt;
  // about ten seconds; with the requests' own deadline alone it would be over thirty
  t.diagnostic(`closed ${tookMs} ms after the freeze, ${wire.duplicates} twice`);
});
