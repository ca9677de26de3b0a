/** handler: runs the step of the pipeline that a task is for. */

import type { CampaignEvent } from '../model/event.ts';
import { renewed, type TaskBody } from '../model/tasks.ts';
import type { Ports, TaskAnswer, TaskHandler } from '../ports/ports.ts';
import { applyToApp } from './control/app-pause.ts';
import { redrive } from './control/control.ts';
import { eraseMore } from './erase.ts';
import { ping } from './inbound/ping.ts';
import { plan } from './plan/plan.ts';
import { planShard } from './plan/shard.ts';
import { watchCanary } from './send/canary.ts';
import { sendChunk } from './send/send.ts';
import { warmSender } from './wake.ts';

/**
 * Milliseconds until work is tried again whose task has used up its attempts, which take an hour or
 * more.
 */
const RENEW_AFTER_MS = 60 * 1000;

/**
 * Creates the handler of every task. It throws when a step fails, and the queue delivers the task
 * again. On the last attempt that the queue makes, the handler queues the work as a new task instead,
 * so that no work is lost with its task. `deliver` passes an event on to its webhooks; `post` is one
 * attempt at a delivery.
 */
export function createTaskHandler(
  ports: Ports,
  deliver: (event: CampaignEvent) => Promise<void>,
  post: Post = noPost,
): TaskHandler {
  const step = createSteps(ports, deliver, post);
  return async (delivery): Promise<TaskAnswer> => {
    if (!delivery.last) return step(delivery);
    const { body, attempt } = delivery;
    let error: unknown;
    try {
      const answer = await step(delivery);
      if (answer.kind === 'done') return answer;
      error = answer.reason;
    } catch (thrown) {
      error = thrown;
    }
    const now = ports.now();
    const task = renewed(body, `renewed-${now}`, now + RENEW_AFTER_MS);
    ports.log.taskFailed({ task: task.name, attempt, error });
    await ports.queue.create([task]);
    return { kind: 'done' };
  };
}

/** Makes one attempt to deliver an event to a webhook, and queues the next attempt if it fails. */
type Post = (it: Extract<TaskBody, { kind: 'delivery' }>, signal: AbortSignal) => Promise<void>;

const noPost: Post = () => Promise.reject(new Error('webhooks are for deliver'));

function createSteps(
  ports: Ports,
  deliver: (event: CampaignEvent) => Promise<void>,
  post: Post,
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
      case 'canary':
        await watchCanary(ports, body);
        return { kind: 'done' };
      case 'app':
        await applyToApp(ports, body);
        return { kind: 'done' };
      case 'event':
        await deliver(body.event);
        return { kind: 'done' };
      case 'delivery':
        await post(body, signal);
        return { kind: 'done' };
      case 'wake':
        if (body.provider !== null) await warmSender(ports, body.app, body.provider);
        return { kind: 'done' };
      case 'erase':
        await eraseMore(ports, body);
        return { kind: 'done' };
      case 'ping':
        await ping(ports, body);
        return { kind: 'done' };
    }
  };
}
