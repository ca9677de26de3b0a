/** The queue: named tasks, delivered at least once. */

import type { Ping } from '../model/trigger.ts';
import type { SendableChunk } from './chunks.ts';
import type { CampaignEvent } from './events.ts';

/** `…-now` and `plan` are short: a push to one user never waits behind a campaign of millions. */
export const queueNames = [
  'plan',
  'shard',
  'send-apns',
  'send-apns-now',
  'send-fcm',
  'send-fcm-now',
  'deliver',
] as const;
export type QueueName = (typeof queueNames)[number];

export type TaskBody =
  | { kind: 'plan'; campaignId: string }
  | { kind: 'shard'; campaignId: string; shard: number }
  | ({ kind: 'send' } & SendableChunk)
  /** puts all open work of a campaign back on its queues, now */
  | { kind: 'redrive'; campaignId: string; why: string }
  /** looks what becomes of a canary; `since`: when all of it had an outcome */
  | { kind: 'canary'; campaignId: string; since: number | null }
  /** does to all campaigns of an app what somebody asked for at that time */
  | { kind: 'app'; app: string; verb: 'pause' | 'resume' | 'cancel'; at: number; by: string }
  | { kind: 'event'; event: CampaignEvent }
  /** posts an event to a webhook, unless it was tried more often than that, or queued again since */
  | { kind: 'delivery'; deliveryId: string; webhookId: string; tries: number; task?: string }
  /** what a trigger is to make a campaign of */
  | ({ kind: 'ping' } & Ping);

export interface Task {
  queue: QueueName;
  /** Work with the same name is queued once, as far as a queue can tell. */
  name: string;
  body: TaskBody;
  /** not before; now without it */
  at?: number;
}

export interface Delivery {
  body: TaskBody;
  /** 0 at first */
  attempt: number;
  /** the queue will not try again after this one */
  last: boolean;
  /** fires when the worker must stop: settle what is known, hand back the rest */
  signal: AbortSignal;
}

/**
 * `done`: settled, whatever became of it. `again`: the queue should slow down and deliver it
 * again. A handler that throws is delivered again as well.
 */
export type TaskAnswer = { kind: 'done' } | { kind: 'again'; afterMs: number; reason: string };

export type TaskHandler = (delivery: Delivery) => Promise<TaskAnswer>;

/** Named tasks with a time, delivered at least once, in any order. */
export interface Queue {
  create(tasks: Task[]): Promise<void>;
  /**
   * Of each, whether a task of that name is still to be delivered, or to be delivered again. False
   * where there is none, where it has ended, and while it is at a handler.
   */
  waiting(tasks: Pick<Task, 'queue' | 'name'>[]): Promise<boolean[]>;
}
