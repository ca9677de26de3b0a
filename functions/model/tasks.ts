/** The tasks of the pipeline and their names. */

import { hash } from 'node:crypto';
import type { Campaign } from './campaign.ts';
import type { Chunk, SendableChunk } from './chunk.ts';
import type { CampaignEvent } from './event.ts';
import type { Provider } from './provider/registry.ts';
import type { QueueName } from './queues.ts';
import { QUEUE_HORIZON_MS } from './timing.ts';
import type { Ping } from './trigger.ts';

export type TaskBody =
  | { kind: 'plan'; campaignId: string }
  | { kind: 'shard'; campaignId: string; shard: number }
  | ({ kind: 'send' } & SendableChunk)
  /** queues all open work of a campaign again, for now */
  | { kind: 'redrive'; campaignId: string; why: string }
  /** watches a canary; `since`: when all of it had an outcome, ms since the epoch */
  | { kind: 'canary'; campaignId: string; since: number | null }
  /** applies a request that was made at `at` to all campaigns of an app */
  | { kind: 'app'; app: string; verb: 'pause' | 'resume' | 'cancel'; at: number; by: string }
  | { kind: 'event'; event: CampaignEvent }
  /** posts an event to a webhook, unless it was tried more than `tries` times, or queued again since */
  | { kind: 'delivery'; deliveryId: string; webhookId: string; tries: number; task?: string }
  /** wakes a sender of an app, which opens a connection before the first chunk comes; null: a planner */
  | { kind: 'wake'; app: string; provider: Provider | null }
  /** goes on with the erasure of a user that was asked for at `at`, ms; `after`: see the store */
  | { kind: 'erase'; userId: string; after: string; at: number }
  /** makes a campaign of an inbound webhook */
  | ({ kind: 'ping' } & Ping);

export interface Task {
  queue: QueueName;
  /** tasks with the same name are queued once, as long as the queue remembers the name */
  name: string;
  body: TaskBody;
  /** the earliest time, ms since the epoch; left out: now */
  at?: number;
}

/**
 * The most recipients of a chunk that goes ahead of large ones. Small chunks of a large campaign (its last
 * page, a slow pace) go ahead too, but are too few to delay others.
 */
export const FEW = 50;

/**
 * Work is queued once under a name. Where the same work has to be queued again (the next attempt, a
 * sweep), `why` makes another name.
 */
export const planTask = (campaignId: string, why = 'first', at?: number): Task => ({
  queue: 'plan',
  name: `plan/${campaignId}/${why}`,
  body: { kind: 'plan', campaignId },
  ...(at !== undefined && { at }),
});

/**
 * The task that begins a campaign, now or at its time; none if that is too far away for a queue. `now`:
 * ms since the epoch.
 */
export function startTasks({ id, state, schedule }: Campaign, now: number, why = ''): Task[] {
  if (state !== 'scheduled' || !schedule) return [planTask(id)];
  const { at } = schedule;
  return at - now <= QUEUE_HORIZON_MS ? [planTask(id, `at-${at}${why}`, at)] : [];
}

/** Wakes are named by the minute: campaigns that begin in the same one wake their functions once. */
const WAKE_SPAN_MS = 60 * 1000;

/** The `index`th task that wakes a provider's senders, or planners (null), at `at`, ms since the epoch. */
export const wakeTask = (
  app: string,
  provider: Provider | null,
  index: number,
  at: number,
): Task => ({
  queue: provider === null ? 'plan' : `send-${provider}-now`,
  name: `wake/${provider}/${app}/${Math.floor(at / WAKE_SPAN_MS)}/${index}`,
  body: { kind: 'wake', app, provider },
  at,
});

/** Looks at a canary. Two tasks of the same time, or of a canary held since the same time, are one. */
export const canaryTask = (campaignId: string, since: number | null, at: number): Task => ({
  queue: 'plan',
  name: since === null ? `canary/${campaignId}/sent/${at}` : `canary/${campaignId}/${held(since)}`,
  body: { kind: 'canary', campaignId, since },
  at,
});

/** The campaign's `task` while its canary is held since `since`, ms since the epoch. */
export const held = (since: number) => `held-${since}`;

export const appTask = (it: Omit<Extract<TaskBody, { kind: 'app' }>, 'kind'>): Task => ({
  queue: 'plan',
  name: `app/${it.app}/${it.verb}/${it.at}`,
  body: { kind: 'app', ...it },
});

export const shardTask = (campaignId: string, shard: number, why = 'first', at?: number): Task => ({
  queue: 'shard',
  name: `shard/${campaignId}/${shard}/${why}`,
  body: { kind: 'shard', campaignId, shard },
  ...(at !== undefined && { at }),
});

/** Why a chunk is queued again: another worker has it until the end of its lease. */
export const whyLeased = (until: number) => `lease-${until}`;
/** Why a chunk is queued again: its task came before its time. */
export const whyEarly = (notBefore: number) => `early-${notBefore}`;
/** Why a chunk is queued again: recipients are still open after an attempt. */
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

/** Its name has the time of arrival: a webhook that is replayed later is another task. */
export const pingTask = (ping: Ping, why = 'first'): Task => ({
  queue: 'plan',
  name: `ping/${ping.trigger}/${ping.at}/${hash('sha256', `${ping.id}\n${ping.body}`)}/${why}`,
  body: { kind: 'ping', ...ping },
});

/** Its name does not tell whose it is. */
export const eraseTask = (
  it: Omit<Extract<TaskBody, { kind: 'erase' }>, 'kind'>,
  why = 'first',
): Task => ({
  queue: 'plan',
  name: `erase/${it.at}/${hash('sha256', `${it.userId}\n${it.after}`)}/${why}`,
  body: { kind: 'erase', ...it },
});

/** A new task for work that has used up the attempts of its task. `at`: ms since the epoch. */
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
    case 'wake':
      return {
        ...wakeTask(body.app, body.provider, 0, at),
        name: `wake/${body.provider}/${body.app}/${why}`,
      };
    case 'erase':
      return { ...eraseTask(body, why), at };
    case 'ping':
      return { ...pingTask(body, why), at };
  }
}
