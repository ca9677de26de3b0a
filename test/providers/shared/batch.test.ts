import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Push } from '../../../functions/ports/ports.ts';
import { sendBatch } from '../../../functions/providers/shared/batch.ts';
import { createFlow } from '../../../functions/providers/shared/flow.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const push = { campaignId: 'c', to: 'token' } as Push;

/** Sends to one recipient, and returns what of the batch is still reachable later. */
async function sendOne(signal: AbortSignal) {
  const recipients = [{ installationId: 'i', token: 't' }];
  const settled: number[] = [];
  await sendBatch(
    { push, seed: 's', recipients, open: [0], signal, settle: (index) => settled.push(index) },
    createFlow(),
    (settle) => (index) => settle(index, { kind: 'accepted' }),
  );
  assert.deepEqual(settled, [0]);
  return new WeakRef(recipients);
}

test('what listened to the signal of a batch does not hold the batch after its end', async () => {
  const { signal } = new AbortController();
  const listeners: unknown[] = [];
  const add = signal.addEventListener.bind(signal);
  signal.addEventListener = (type: string, listener: () => void) => {
    listeners.push(listener);
    add(type, listener);
  };
  const recipients = await sendOne(signal);
  // a turn of the event loop: a WeakRef keeps its target until the present job has ended
  await new Promise(setImmediate);
  collect();
  assert.equal(listeners.length, 1);
  assert.equal(recipients.deref(), undefined);
});
