/** The tasks of the pipeline and their names. */

import type { Task } from '../ports.ts';
import type { Provider } from './installation.ts';

/**
 * A name is a promise to do something once. Where the same work is queued on purpose again (the
 * next attempt, a sweep), `why` makes it another name.
 */
export const planTask = (campaignId: string, why = 'first'): Task => ({
  queue: 'plan',
  name: `plan/${campaignId}/${why}`,
  body: { kind: 'plan', campaignId },
});

export const shardTask = (campaignId: string, shard: number, why = 'first'): Task => ({
  queue: 'plan',
  name: `shard/${campaignId}/${shard}/${why}`,
  body: { kind: 'shard', campaignId, shard },
});

export const sendTask = (
  chunk: { chunkId: string; provider: Provider },
  why: string,
  at?: number,
): Task => ({
  queue: chunk.provider === 'apns' ? 'send-apns' : 'send-fcm',
  name: `send/${chunk.chunkId}/${why}`,
  body: { kind: 'send', chunkId: chunk.chunkId, provider: chunk.provider },
  ...(at !== undefined && { at }),
});

export const redriveTask = (campaignId: string, why: string): Task => ({
  queue: 'plan',
  name: `redrive/${campaignId}/${why}`,
  body: { kind: 'redrive', campaignId, why },
});
