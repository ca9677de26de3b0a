import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failAll, NOW } from '../../http/fixture.ts';
import { createCli } from '../fixture.ts';

async function withFailures(t: Parameters<typeof createCli>[0]) {
  const fixture = await createCli(t);
  const { store, volley } = fixture;
  const closed = async (outcome: 'retry' | 'rejected' | 'unregistered', tokens: string[]) => {
    const { stdout } = await volley('send', '--title', 'Hi', '--everybody', '--no-wait');
    const id = stdout.trim();
    await failAll(store, id, tokens, outcome);
    await store.moveCampaign({ id, from: ['running'], to: 'completed', reason: null, at: NOW });
    return id;
  };
  const campaigns = async () => (await store.listCampaigns(null, 100)).items.length;
  return { ...fixture, closed, campaigns };
}

test('failures are retried once, and once more with another key', async (t) => {
  const { volley, closed, campaigns, store } = await withFailures(t);
  const id = await closed('retry', ['token-1', 'token-2']);
  const first = await volley('retry-failures', id);
  assert.match(first.stdout, /^[0-9a-f]{20}\n$/);
  assert.equal((await volley('retry-failures', id)).stdout, first.stdout);
  const other = await volley('retry-failures', id, '--idempotency-key', 'third time');
  assert.notEqual(other.stdout, first.stdout);
  assert.equal((await store.getCampaign(other.stdout.trim()))!.retryOf, id);
  assert.equal(await campaigns(), 3);
});

test('failures that would fail again are not retried, and it is said why', async (t) => {
  const { volley, closed, campaigns } = await withFailures(t);
  for (const outcome of ['rejected', 'unregistered'] as const) {
    const id = await closed(outcome, ['token-1', 'token-2']);
    const before = await campaigns();
    const { code, stdout, stderr } = await volley('retry-failures', id);
    assert.deepEqual([code, stdout], [1, ''], outcome);
    const said = stderr.replace(/\s+/g, ' ');
    assert.match(
      said,
      /No failure of the campaign may pass \(2 in all\), so nothing is sent again/,
    );
    assert.equal(await campaigns(), before, 'no campaign is made');
  }
});
