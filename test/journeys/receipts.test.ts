/** Receipts to a server that is killed again and again: each device counts once. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { CampaignView } from '../../functions/http/campaigns/view.ts';
import type { NewKey } from '../../functions/http/keys.ts';
import { chunked } from '../../functions/lib/chunked.ts';
import { receiptKinds } from '../../functions/model/receipt.ts';
import { chance } from '../http2/chance.ts';
import { sample } from '../world/sample.ts';
import { startWorld } from '../world/world.ts';

const INSTALLATIONS = 600;
const DEADLINE_MS = 5 * 60_000;

test('receipts are counted exactly, though the server is killed, and they come twice and in disorder', async (t) => {
  const world = await startWorld({ installations: INSTALLATIONS });
  t.after(() => world.close());
  const put = { receipts: { enabled: true, delivered: 1 } };
  await world.client().put('/v1/apps/default/policy', put);
  const { id } = await world.client().post<CampaignView>('/v1/campaigns', {
    name: 'Opened',
    audience: { everybody: true },
    message: { title: 'Spring is here' },
  });
  const campaign = () => world.client().get<CampaignView>(`/v1/campaigns/${id}`);
  const deadline = Date.now() + DEADLINE_MS;
  while ((await campaign()).state !== 'completed') {
    assert.ok(Date.now() < deadline, 'it is sent');
    await wait(50);
  }
  const ledger = (await campaign()).counts;
  const key = { name: 'in the app', scopes: ['register'], app: 'default' };
  const made = await world.client().post<NewKey>('/v1/keys', key);

  const at = new Date().toISOString();
  const all = Array.from({ length: INSTALLATIONS }, (_, n) => n).flatMap((n) =>
    receiptKinds
      .slice(0, 1 + (n % 3))
      .map((kind) => ({ installationId: sample(n).id, campaignId: id, kind, at })),
  );
  const random = chance(5);
  const disorder = [...all, ...all]
    .map((it) => ({ it, order: random.upTo(1_000_000) }))
    .sort((a, b) => a.order - b.order)
    .map(({ it }) => it);
  let lost = 0;
  /** the port of a worker that has died may be another program's */
  let running = Promise.resolve();
  /** As a client does: until it has an answer, again and again. */
  async function send(receipts: typeof all) {
    for (;;) {
      await running;
      const answered = await fetch(`${world.url()}/v1/receipts`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${made.key}` },
        body: JSON.stringify({ receipts }),
        signal: AbortSignal.timeout(10_000),
      }).catch(() => null);
      if (answered?.status === 202) return;
      assert.ok(answered === null || answered.status === 503, `answered ${answered?.status}`);
      lost++;
      assert.ok(Date.now() < deadline + DEADLINE_MS, 'it is answered');
      await wait(50);
    }
  }
  const calls = chunked(disorder, 7);
  for (const [round, some] of chunked(calls, Math.ceil(calls.length / 4)).entries()) {
    // once by a signal from outside, then behind a write whose answer is lost
    if (round > 0) await world.dieBehind('addReceipts');
    const sending = Promise.all(some.map(send));
    running = (round === 0 ? world.kill() : world.died()).then(() => world.start());
    await running;
    await sending;
  }
  assert.ok(lost > 0, 'calls were cut off');
  const { receipts, counts } = await campaign();
  const expected = (kind: string) => all.filter((it) => it.kind === kind).length;
  const { opened, delivered, dismissed } = receipts!;
  assert.deepEqual(
    { opened, delivered, dismissed },
    {
      opened: expected('opened'),
      delivered: expected('delivered'),
      dismissed: expected('dismissed'),
    },
  );
  assert.deepEqual(counts, ledger);
});
