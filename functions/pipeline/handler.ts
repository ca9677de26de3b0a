/** Which step of the pipeline a task is for. */

import type { CampaignEvent, Ports, TaskAnswer, TaskHandler } from '../ports.ts';
import { redrive } from './control.ts';
import { plan, planShard } from './plan.ts';
import { sendChunk } from './send.ts';

/** One handler for every task. It throws what it did not expect; the queue delivers it again. */
export function createTaskHandler(
  ports: Ports,
  deliver: (event: CampaignEvent) => Promise<void>,
): TaskHandler {
  return async ({ body, signal }): Promise<TaskAnswer> => {
    switch (body.kind) {
      case 'plan':
        await plan(ports, body.campaignId, signal);
        return { kind: 'done' };
      case 'shard':
        await planShard(ports, body.campaignId, body.shard, signal);
        return { kind: 'done' };
      case 'send':
        return sendChunk(ports, body, signal);
      case 'redrive':
        await redrive(ports, body.campaignId, body.why);
        return { kind: 'done' };
      case 'event':
        await deliver(body.event);
        return { kind: 'done' };
    }
  };
}
