/** The simulator's queues by full name. */

import { status } from '@grpc/grpc-js';
import { burstOf } from '../../queue/pace.ts';
import { fromMs, type Moment, type QueueMessage, toMs } from './protos.ts';
import type { SimulatedLimits, SimulatedQueue } from './queue.ts';
import { checkQueueName, Refusal } from './task.ts';

/** Cloud Tasks' defaults for a new queue. */
const defaults: SimulatedLimits = {
  perSecond: 500,
  concurrent: 1000,
  maxAttempts: 100,
  maxRetryMs: 0,
  minBackoffMs: 100,
  maxBackoffMs: 60 * 60 * 1000,
  maxDoublings: 16,
};

const MAX_PER_SECOND = 500;
const MAX_CONCURRENT = 5000;
/** "1,000 queues a region" */
const MAX_QUEUES = 1000;

export interface Queues {
  /** Throws a Refusal with NOT_FOUND. */
  get(name: string | undefined): SimulatedQueue;
  has(name: string): boolean;
  /** Throws a Refusal with INVALID_ARGUMENT if the name is invalid. */
  put(name: string, limits: Partial<SimulatedLimits>): void;
  remove(name: string): void;
  names(): string[];
  close(): void;
}

export function createQueues(
  make: (name: string, limits: SimulatedLimits) => SimulatedQueue,
): Queues {
  const queues = new Map<string, SimulatedQueue>();
  return {
    get(name) {
      const queue = queues.get(checkQueueName(name));
      if (!queue) throw new Refusal(status.NOT_FOUND, `Queue does not exist: ${name}.`);
      return queue;
    },
    has: (name) => queues.has(name),
    put(name, limits) {
      const queue = queues.get(checkQueueName(name));
      if (queue) return queue.limit({ ...queue.limits, ...limits });
      if (queues.size >= MAX_QUEUES)
        throw new Refusal(status.RESOURCE_EXHAUSTED, `There are ${MAX_QUEUES} queues already.`);
      queues.set(name, make(name, { ...defaults, ...limits }));
    },
    remove(name) {
      queues.get(name)?.close();
      queues.delete(name);
    },
    names: () => [...queues.keys()].sort(),
    close() {
      for (const queue of queues.values()) queue.close();
    },
  };
}

/** Takes the limits that a message names; the others stay. */
export function readLimits({ rateLimits, retryConfig }: QueueMessage): Partial<SimulatedLimits> {
  const { maxDispatchesPerSecond: perSecond, maxConcurrentDispatches: concurrent } =
    rateLimits ?? {};
  const { maxAttempts, maxDoublings, minBackoff, maxBackoff, maxRetryDuration } = retryConfig ?? {};
  if ((perSecond ?? 1) > MAX_PER_SECOND || (perSecond ?? 1) <= 0)
    throw new Refusal(status.INVALID_ARGUMENT, 'max_dispatches_per_second: at most 500.');
  if ((concurrent ?? 1) > MAX_CONCURRENT || (concurrent ?? 1) < 1)
    throw new Refusal(status.INVALID_ARGUMENT, 'max_concurrent_dispatches: at most 5,000.');
  if ((maxAttempts ?? 1) < -1)
    throw new Refusal(status.INVALID_ARGUMENT, 'max_attempts must be >= -1.');
  const ms = (name: string, it: Moment | undefined) => (it ? { [name]: toMs(it) } : {});
  return {
    ...(perSecond && { perSecond }),
    ...(concurrent && { concurrent }),
    ...(maxAttempts && { maxAttempts: maxAttempts === -1 ? Infinity : maxAttempts }),
    ...(maxDoublings !== undefined && { maxDoublings }),
    ...ms('minBackoffMs', minBackoff),
    ...ms('maxBackoffMs', maxBackoff),
    ...ms('maxRetryMs', maxRetryDuration),
  };
}

export function queueMessage(name: string, queue: SimulatedQueue): QueueMessage {
  const { limits, paused, purgedAt } = queue;
  return {
    name,
    rateLimits: {
      maxDispatchesPerSecond: limits.perSecond,
      maxBurstSize: burstOf(limits.perSecond),
      maxConcurrentDispatches: limits.concurrent,
    },
    retryConfig: {
      maxAttempts: limits.maxAttempts === Infinity ? -1 : limits.maxAttempts,
      maxRetryDuration: fromMs(limits.maxRetryMs),
      minBackoff: fromMs(limits.minBackoffMs),
      maxBackoff: fromMs(limits.maxBackoffMs),
      maxDoublings: limits.maxDoublings,
    },
    state: paused ? 'PAUSED' : 'RUNNING',
    ...(purgedAt !== null && { purgeTime: fromMs(purgedAt) }),
  };
}
