/** sweep: finds work whose task was lost or whose worker died, and queues it again. */

import type { Overdue, Ports, Task } from '../ports.ts';
import { publish } from './complete.ts';
import { deliveryTask, planTask, sendTask, shardTask } from './tasks.ts';
import { LOST_AFTER_MS } from './timing.ts';

const BATCH = 500;

/** Returns how many it took up. Two sweeps at once are harmless: each takes what the other left. */
export async function sweep(ports: Ports): Promise<number> {
  const { store, queue, log, now } = ports;
  let taken = 0;
  for (;;) {
    const overdue = await store.takeOverdue(now(), now() + LOST_AFTER_MS, BATCH);
    for (const it of overdue) log.redriven({ work: nameOf(it), why: 'overdue' });
    await queue.create(overdue.flatMap(taskFor));
    await publish(
      ports,
      overdue.flatMap((it) => (it.kind === 'event' ? it.event : [])),
    );
    if (overdue.length === 0) return taken;
    taken += overdue.length;
  }
}

function taskFor(it: Overdue): Task[] {
  const why = `sweep-${it.dueAt}`;
  switch (it.kind) {
    case 'campaign':
      return [planTask(it.campaignId, why)];
    case 'shard':
      return [shardTask(it.campaignId, it.shard, why)];
    case 'chunk':
      return [sendTask(it, why)];
    case 'event':
      return [];
    case 'delivery': {
      const { deliveryId, webhookId, tries } = it;
      return [deliveryTask({ deliveryId, webhookId, tries }, why)];
    }
  }
}

function nameOf(it: Overdue): string {
  switch (it.kind) {
    case 'campaign':
      return it.campaignId;
    case 'shard':
      return `${it.campaignId}.${it.shard}`;
    case 'chunk':
      return it.chunkId;
    case 'event':
      return it.event.id;
    case 'delivery':
      return it.deliveryId;
  }
}
