import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../../../functions/cli/program.ts';
import { cli } from '../fixture.ts';

test('a campaign is exported line by line, and an export without its end is an error', async (t) => {
  const { volley, failed, ports, store } = await cli(t);
  const id = await failed(['token-0', 'token-1']);
  const whole = await volley('campaigns', 'export', id);
  assert.deepEqual([whole.code, whole.stderr], [0, '']);
  const rows = whole.stdout
    .trimEnd()
    .split('\n')
    .map((it) => JSON.parse(it));
  assert.deepEqual(
    rows.map((it) => it.kind),
    ['recipient', 'recipient', 'end'],
  );
  assert.deepEqual(rows.at(-1).recipients, 2);
  assert.ok(!whole.stdout.includes('token-0'));
  ports.store = {
    ...store,
    async *readOutcomes(campaign) {
      yield* store.readOutcomes(campaign);
      throw new Error('the disk is gone');
    },
  };
  const broken = await volley('campaigns', 'export', id);
  assert.notEqual(broken.code, 0);
  assert.equal(broken.stdout.trimEnd().split('\n').length, 2);
  assert.equal((await volley('campaigns', 'export', 'none')).code, 1);
});

test('rows are published where there is a topic', async (t) => {
  const { volley, failed, ports } = await cli(t);
  const id = await failed(['token-0', 'token-1']);
  const refused = await volley('campaigns', 'export', id, '--publish');
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /publishes to no topic/);
  ports.events = { isTopic: true, publish: async () => {} };
  const { code, stdout } = await volley('campaigns', 'export', id, '--publish');
  assert.equal(code, 0);
  assert.equal(stdout, '2 recipients, 0 receipts in 2 events, run 2026-11-21T13:00:00.000Z\n');
});

test('an export that ends well, but without its end, is not taken for all', async () => {
  const out = { stdout: '', stderr: '' };
  const to = (name: 'stdout' | 'stderr') => ({
    write(text: string | Uint8Array) {
      out[name] += typeof text === 'string' ? text : new TextDecoder().decode(text);
      return true;
    },
  });
  const row = JSON.stringify({ schema: 1, kind: 'recipient', campaignId: 'c' });
  const headers = { 'Content-Type': 'application/x-ndjson' };
  const code = await run(['campaigns', 'export', 'c'], {
    env: { VOLLEY_API_KEY: 'volley_x', VOLLEY_URL: 'http://127.0.0.1:1' },
    stdout: to('stdout'),
    stderr: to('stderr'),
    fetch: async () => new Response(`${row}\n`, { headers }),
  });
  assert.equal(code, 1);
  assert.match(out.stderr, /The export was cut off/);
});
