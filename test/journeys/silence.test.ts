/**
 * Providers that stop answering, and links that are gone without a word. Side by side: both journeys
 * wait for deadlines, one of them for the senders' half a minute.
 */

import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { watchCampaign } from '../../functions/cli/watch.ts';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import { startProxy } from '../http2/peer.ts';
import { until } from '../until.ts';
import { startWorld } from '../world/world.ts';

/** Installations of each journey. */
const SILENT = 4_000;
const FROZEN = 30_000;
/** Recipients that one worker may hold: two chunks of each provider at a time, a window of 1,000 of each. */
const IN_FLIGHT = 4 * 1_000;

suite('silence', { concurrency: true }, () => {
  test('a provider that stops answering and comes back: every recipient is reached', async (t) => {
    const world = await startWorld({ installations: SILENT, settings: { silent: true } });
    t.after(world.close);
    const { id } = await world.client().post<CampaignView>('/v1/campaigns', {
      name: 'silence',
      audience: { everybody: true },
      message: { title: 'Hello' },
    });
    await until(async () => (await world.wire()).accepted > 0);
    await world.set({ silent: false });
    const { state, counts } = await watchCampaign(world.client(), id, null);
    assert.equal(state, 'completed');
    assert.deepEqual(
      [counts.accepted, counts.failed, counts.skipped],
      [SILENT, 0, 0],
      'those without an answer were sent again',
    );
    const wire = await world.wire();
    assert.equal(wire.distinct, SILENT);
    assert.ok(wire.duplicates > 0 && wire.duplicates < SILENT, 'only those, and once');
  });

  // Cloud Run stops a process like this between requests
  test('a process stopped with SIGSTOP, its links dropped silently, then continued, sends everything within seconds', async (t) => {
    const proxies: Awaited<ReturnType<typeof startProxy>>[] = [];
    const world = await startWorld({
      installations: FROZEN,
      // so that it cannot end before it is stopped
      settings: { holdAfter: FROZEN / 10 },
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
    await until(async () => (await world.wire()).distinct >= FROZEN / 5);

    world.freeze();
    const frozenAt = Date.now();
    const before = proxies.map((it) => it.opened());
    for (const proxy of proxies) proxy.silence();
    const sentBefore = (await world.wire()).distinct;
    assert.ok(sentBefore < FROZEN, 'it was in the middle');
    await world.set({ holdAfter: null });
    world.thaw();

    const done = await watchCampaign(world.client(), id, null, { pollMs: 50 });
    assert.equal(done.state, 'completed');
    assert.deepEqual(done.counts, {
      recipients: FROZEN,
      accepted: FROZEN,
      failed: 0,
      skipped: 0,
      pending: 0,
    });
    const wire = await world.wire();
    assert.equal(wire.distinct, FROZEN, 'every device got it');
    assert.ok(wire.duplicates <= IN_FLIGHT, `${wire.duplicates} got it twice`);
    for (const [i, proxy] of proxies.entries())
      assert.ok(proxy.opened() > before[i]!, 'a new link took the place of the dropped');
    const tookMs = Date.parse(done.closedAt!) - frozenAt;
    // about ten seconds; with the requests' own deadline alone it would be over thirty
    t.diagnostic(`closed ${tookMs} ms after the freeze, ${wire.duplicates} twice`);
  });
});
