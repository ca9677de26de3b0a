/**
 * waiting: which work still has a task in its queue. Work that waits there, for hours if the queue is
 * long, is not lost; a second task for it would only make the queue longer.
 *
 * The queue is asked by the names under which work may have been queued last. The name of a renewed
 * task (`renewed` in tasks.ts) is not among them, so such work may get a second task.
 */

import type { Campaign } from '../../model/campaign.ts';
import type { OpenChunk } from '../../model/chunk.ts';
import {
  deliveryTask,
  planTask,
  redriveTask,
  sendTask,
  shardTask,
  type Task,
  whyAgain,
  whyEarly,
  whyLeased,
} from '../../model/tasks.ts';
import type { Overdue } from '../../model/work.ts';
import type { Ports } from '../../ports/ports.ts';

type Named = Pick<Task, 'queue' | 'name'>;

/** Whether a task by one of the names waits, for each list of names. Throws when the queue fails. */
export async function anyWaits({ queue }: Pick<Ports, 'queue'>, names: Named[][]) {
  const all = names.flatMap((some, index) => some.map((name) => ({ name, index })));
  const waits = await queue.waiting(all.map(({ name }) => name));
  const waiting = new Set(all.filter((_, i) => waits[i]).map(({ index }) => index));
  return names.map((_, index) => waiting.has(index));
}

/** The names under which a chunk may wait. */
export function chunkTasks(it: OpenChunk): Named[] {
  const whys = [it.task ?? 'first'];
  if (it.attempt > 0) whys.push(whyAgain(it.attempt));
  if (it.notBefore > 0) whys.push(whyEarly(it.notBefore));
  if (it.leaseUntil > 0) whys.push(whyLeased(it.leaseUntil));
  return whys.map((why) => sendTask(it, why));
}

/** The names under which a shard may wait; `task`: why it was last queued again, null if it never was. */
export const shardTasks = (campaignId: string, shard: number, task: string | null): Named[] => [
  shardTask(campaignId, shard, task ?? 'first'),
];

function campaignTasks({ id, schedule, task }: Campaign): Named[] {
  const names: Named[] = [planTask(id, task)];
  if (schedule) names.push(planTask(id, `at-${schedule.at}`));
  if (task !== undefined)
    names.push(redriveTask(id, task), { queue: 'plan', name: `canary/${id}/${task}` });
  return names;
}

/**
 * The names under which work may wait. Work of the kind `campaign` needs its `campaign`; without it
 * there are none.
 */
export function tasksOf(
  it: Exclude<Overdue, { kind: 'event' | 'receipts' }>,
  campaign?: Campaign,
): Named[] {
  switch (it.kind) {
    case 'campaign':
      return campaign ? campaignTasks(campaign) : [];
    case 'shard':
      return shardTasks(it.campaignId, it.shard, it.task);
    case 'chunk':
      return chunkTasks(it);
    case 'delivery': {
      const { task, ...which } = it;
      return [deliveryTask({ ...which, ...(task !== null && { task }) })];
    }
  }
}
