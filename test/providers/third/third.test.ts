/**
 * A third provider without any change in `functions/`: its description in the list, its sender, and its
 * rules as a simulator. A campaign goes through it from the API to the closed ledger.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

const child = new URL('child.ts', import.meta.url).pathname;

test('a campaign goes through a third provider that only a list names', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=volley-test', '--no-warnings', child],
    { timeout: 120_000, maxBuffer: 1_000_000 },
  );
  const seen = JSON.parse(stdout);

  assert.deepEqual(
    seen.queues.filter((it: string) => it.startsWith('send-p')),
    ['send-pigeon', 'send-pigeon-now'],
  );
  assert.deepEqual(
    seen.refused.map((it: { status: number; faults: unknown[] }) => [it.status, it.faults]),
    [
      [400, [{ path: 'token', message: 'must be printable ASCII without spaces' }]],
      [400, [{ path: 'token', message: 'a Pigeon token is loft- and four digits' }]],
      [400, [{ path: 'provider', message: 'pigeon serves android, web only' }]],
    ],
  );
  assert.deepEqual(seen.estimate.providers, { apns: 200, fcm: 200, pigeon: 200 });
  // 200 at its 100 a second
  assert.equal(seen.estimate.seconds, 2);
  assert.equal(seen.untitled.status, 422);
  assert.match(JSON.stringify(seen.untitled.body.faults), /pigeon: pigeons carry a title/);

  const [recipient] = seen.test.recipients;
  assert.equal(recipient.provider, 'pigeon');
  assert.deepEqual(recipient.pigeon.payload, { text: 'Hello' });
  assert.deepEqual(recipient.warnings, [
    { path: 'message.sound', message: 'pigeons make no sound' },
  ]);

  const { state, counts } = seen.campaign;
  const { apns, fcm, pigeon } = seen.onTheWire;
  assert.equal(state, 'completed');
  assert.equal(counts.recipients, 600);
  assert.equal(counts.accepted + counts.failed + counts.skipped, 600);
  assert.equal(counts.accepted, apns + fcm + pigeon.distinct);
  assert.equal(pigeon.duplicates, 0);
  assert.ok(pigeon.distinct < 200 && pigeon.distinct > 150);
  assert.equal(counts.failed, 200 - pigeon.distinct);
  assert.equal(pigeon.rejected.Storm, 5);
});
