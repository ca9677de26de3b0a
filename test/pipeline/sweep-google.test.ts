/** The sweep on the Google engine: Firestore's emulator, and Cloud Tasks' API over real gRPC. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sendable, sendTask } from '../../functions/model/tasks.ts';
import { LOST_AFTER_MS } from '../../functions/model/timing.ts';
import { sweep } from '../../functions/pipeline/sweep.ts';
import type { Log, Ports } from '../../functions/ports/ports.ts';
import { taskId } from '../../functions/queue/cloud-tasks/request.ts';
import { NOW, pageOf, running } from '../contracts/store-fixture.ts';
import { withoutEmulators } from '../emulators.ts';
import { clientOf, makeCloudTasks, queueName } from '../queue/cloud-tasks/harness.ts';
import { openStore } from '../store/firestore/emulated.ts';

const skip = withoutEmulators('firestore');

test('chunks in a queue of two hours are looked up, and one whose task was deleted is queued', {
  skip,
}, async (t) => {
  const store = openStore(t);
  const { queue, simulator } = await makeCloudTasks(t);
  const client = await clientOf(t, simulator);
  const fcm = queueName('send-fcm');
  await client.pauseQueue({ name: fcm });
  const clock = { now: NOW };
  const ports: Ports = {
    store,
    queue,
    events: { publish: async () => {} },
    senders: { apps: () => [], get: () => null },
    log: new Proxy({} as Log, { get: () => () => {} }),
    now: () => clock.now,
    random: Math.random,
  };
  const id = await running(store);
  const page = pageOf(id, Array(20).fill(60), { last: true });
  await store.freezePage(page);
  await sweepAll();
  const first = page.chunks.map((it) => sendTask(sendable(it), 'first'));
  await queue.create(first);

  for (let passed = 0; passed < 8; passed++) {
    clock.now += LOST_AFTER_MS;
    await sweepAll();
  }
  const { created, gets } = await simulator.stats();
  assert.equal(created, 20);
  assert.equal(gets, 8 * 20, 'one look at each chunk in each span');

  await client.deleteTask({ name: `${fcm}/tasks/${taskId(first[7]!.name)}` });
  clock.now += LOST_AFTER_MS;
  assert.equal(await sweep(ports), 1);
  assert.equal((await simulator.stats()).created, 21);
  clock.now += LOST_AFTER_MS;
  assert.equal(await sweep(ports), 0, 'it waits by its new name');
  assert.equal((await simulator.stats()).created, 21);

  /** What is told is published; of the tasks none is lost. */
  async function sweepAll() {
    await sweep(ports);
    assert.equal(await sweep(ports), 0);
  }
});
