/**
 * waiting: which work still has a task in its queue. Work that waits there, for hours if the queue is
 * long, is not lost; a second task of it would only make the queue longer.
 *
 * The names are those under which work may have been queued last. Not among them is a task whose
 * queue had given it up (`renewed` in tasks.ts): of each of those one more may be queued.
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

/** Of each list of names, whether a task by one of them waits. */
export async function anyWaits({ queue }: Pick<Ports, 'queue'>, names: Named[][]) {
  const all = names.flatMap((some, index) => some.map((name) => ({ name, index })));
  const waits = await queue.waiting(all.map(({ name }) => name));
  const waiting = new Set(all.filter((_, i) => waits[i]).map(({ index }) => index));
  return names.map((_, index) => waiting.has(index));
}

export function chunkTasks(it: OpenChunk): Named[] {
  const whys = [it.task ?? 'first'];
  if (it.attempt > 0) whys.push(whyAgain(it.attempt));
  if (it.notBefore > 0) whys.push(whyEarly(it.notBefore));
  if (it.leaseUntil > 0) whys.push(whyLeased(it.leaseUntil));
  return whys.map((why) => sendTask(it, why));
}

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

/** `campaign` is that of a campaign. */
export function tasksOf(it: Exclude<Overdue, { kind: 'event' }>, campaign?: Campaign): Named[] {
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
