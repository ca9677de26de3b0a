/** The tasks of the pipeline and their names. */

import { hash } from 'node:crypto';
import type { Campaign } from './campaign.ts';
import type { Chunk, SendableChunk } from './chunk.ts';
import type { CampaignEvent } from './event.ts';
import { type Provider, providers } from './provider/registry.ts';
import { QUEUE_HORIZON_MS } from './timing.ts';
import type { Ping } from './trigger.ts';

/** `…-now` and `plan` are short: a push to one user never waits behind a campaign of millions. */
export type QueueName = 'plan' | 'shard' | SendQueue | 'deliver';
type SendQueue = `send-${Provider}` | `send-${Provider}-now`;

export const queueNames: readonly QueueName[] = [
  'plan',
  'shard',
  ...providers.flatMap((it): SendQueue[] => [`send-${it}`, `send-${it}-now`]),
  'deliver',
];

/** The functions that serve queues. */
export type Worker = 'plan' | SendWorker | 'deliver';
type SendWorker = `send${Capitalize<Provider>}`;

/** `sendApns` */
export const workerOf = (provider: Provider) =>
  `send${provider[0]!.toUpperCase()}${provider.slice(1)}` as SendWorker;

export const workers: readonly Worker[] = ['plan', ...providers.map(workerOf), 'deliver'];

/** As it is named when it is deployed, without the prefix: `send-apns`. */
export const serviceOf = (worker: Worker): string =>
  worker.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Where each function learns the url of another: `VOLLEY_SEND_APNS_URL`. */
export const urlVariable = (worker: Worker): string =>
  `VOLLEY_${worker.replace(/[A-Z]/g, '_$&').toUpperCase()}_URL`;

export const servedBy: Readonly<Record<QueueName, Worker>> = {
  plan: 'plan',
  shard: 'plan',
  ...(Object.fromEntries(
    providers.flatMap((it) => [
      [`send-${it}`, workerOf(it)],
      [`send-${it}-now`, workerOf(it)],
    ]),
  ) as Record<SendQueue, Worker>),
  deliver: 'deliver',
};

export type TaskBody =
  | { kind: 'plan'; campaignId: string }
  | { kind: 'shard'; campaignId: string; shard: number }
  | ({ kind: 'send' } & SendableChunk)
  /** puts all open work of a campaign back on its queues, now */
  | { kind: 'redrive'; campaignId: string; why: string }
  /** looks what becomes of a canary; `since`: when all of it had an outcome */
  | { kind: 'canary'; campaignId: string; since: number | null }
  /** applies what was asked for at that time to all campaigns of an app */
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

/**
 * A chunk of so few goes ahead of the others. The small ones of a large campaign (its last page, a
 * slow pace) do as well, and are too few to delay others.
 */
export const FEW = 50;

/**
 * A name is a promise to do something once. Where the same work is queued on purpose again (the
 * next attempt, a sweep), `why` makes it another name.
 */
export const planTask = (campaignId: string, why = 'first', at?: number): Task => ({
  queue: 'plan',
  name: `plan/${campaignId}/${why}`,
  body: { kind: 'plan', campaignId },
  ...(at !== undefined && { at }),
});

/** Begins a campaign, now or at its time; none if that is too far away for a queue. */
export function startTasks({ id, state, schedule }: Campaign, now: number, why = ''): Task[] {
  if (state !== 'scheduled' || !schedule) return [planTask(id)];
  const { at } = schedule;
  return at - now <= QUEUE_HORIZON_MS ? [planTask(id, `at-${at}${why}`, at)] : [];
}

/** Two that look at the same time are one; so are two that hold it since the same time. */
export const canaryTask = (campaignId: string, since: number | null, at: number): Task => ({
  queue: 'plan',
  name: since === null ? `canary/${campaignId}/sent/${at}` : `canary/${campaignId}/${held(since)}`,
  body: { kind: 'canary', campaignId, since },
  at,
});

/** The campaign's `task` from then on. */
export const held = (since: number) => `held-${since}`;

export const appTask = (it: Omit<Extract<TaskBody, { kind: 'app' }>, 'kind'>): Task => ({
  queue: 'plan',
  name: `app/${it.app}/${it.verb}/${it.at}`,
  body: { kind: 'app', ...it },
});

export const shardTask = (campaignId: string, shard: number, why = 'first'): Task => ({
  queue: 'shard',
  name: `shard/${campaignId}/${shard}/${why}`,
  body: { kind: 'shard', campaignId, shard },
});

/** It was sent by another; it looks again at the end of that lease. */
export const whyLeased = (until: number) => `lease-${until}`;
/** It came before its time. */
export const whyEarly = (notBefore: number) => `early-${notBefore}`;
/** What is left after an attempt. */
export const whyAgain = (attempt: number) => `attempt-${attempt}`;

export const sendable = (chunk: Pick<Chunk, 'id' | 'provider' | 'recipients'>): SendableChunk => ({
  chunkId: chunk.id,
  provider: chunk.provider,
  size: chunk.recipients.length,
});

export function sendTask(
  { chunkId, provider, size }: SendableChunk,
  why: string,
  at?: number,
): Task {
  return {
    queue: size <= FEW ? `send-${provider}-now` : `send-${provider}`,
    name: `send/${chunkId}/${why}`,
    body: { kind: 'send', chunkId, provider, size },
    ...(at !== undefined && { at }),
  };
}

export const redriveTask = (campaignId: string, why: string): Task => ({
  queue: 'plan',
  name: `redrive/${campaignId}/${why}`,
  body: { kind: 'redrive', campaignId, why },
});

export const deliveryTask = (
  it: Omit<Extract<TaskBody, { kind: 'delivery' }>, 'kind'>,
  why = it.task ?? 'first',
  at?: number,
): Task => ({
  queue: 'deliver',
  name: `delivery/${it.deliveryId}/${it.tries}/${why}`,
  body: { kind: 'delivery', ...it },
  ...(at !== undefined && { at }),
});

/** With its time: one that comes again after its trigger was mended is another. */
export const pingTask = (ping: Ping, why = 'first'): Task => ({
  queue: 'plan',
  name: `ping/${ping.trigger}/${ping.at}/${hash('sha256', `${ping.id}\n${ping.body}`)}/${why}`,
  body: { kind: 'ping', ...ping },
});

/** Work that a queue is about to give up, as a new task. */
export function renewed(body: TaskBody, why: string, at: number): Task {
  switch (body.kind) {
    case 'plan':
      return { ...planTask(body.campaignId, why), at };
    case 'shard':
      return { ...shardTask(body.campaignId, body.shard, why), at };
    case 'send':
      return sendTask(body, why, at);
    case 'redrive':
      return { ...redriveTask(body.campaignId, `${body.why}-${why}`), at };
    case 'canary':
      return {
        ...canaryTask(body.campaignId, body.since, at),
        name: `canary/${body.campaignId}/${why}`,
      };
    case 'app':
      return { ...appTask(body), name: `app/${body.app}/${body.verb}/${body.at}/${why}`, at };
    case 'event':
      return { queue: 'deliver', name: `event/${body.event.id}/${why}`, body, at };
    case 'delivery':
      return deliveryTask(body, why, at);
    case 'ping':
      return { ...pingTask(body, why), at };
  }
}
