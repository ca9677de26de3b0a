/** The embedded engine: SQLite, a queue on disk, everything in one process. */

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createEmbeddedEvents } from '../events/embedded.ts';
import { type QueueName, queueNames } from '../model/tasks.ts';
import { expire } from '../pipeline/expire.ts';
import { createTaskHandler } from '../pipeline/handler.ts';
import { createInlineSend } from '../pipeline/send/inline.ts';
import { tick } from '../pipeline/tick.ts';
import type { Log, Ports, Senders } from '../ports/ports.ts';
import {
  createEmbeddedQueue,
  type EmbeddedQueueOptions,
  type QueueLimits,
} from '../queue/embedded/queue.ts';
import { lockFolder } from '../store/lock.ts';
import { createSqliteStore } from '../store/sqlite.ts';
import { createDeliver } from '../webhooks/deliver.ts';
import { createFanOut, createWanted } from '../webhooks/fan-out.ts';
import { createPoster, type Poster } from '../webhooks/post.ts';

/** Cloud Tasks' own limits where they matter; few handlers at once, since they share one core. */
const limits = Object.fromEntries(
  // each of `deliver` waits for another server, 15 s at worst
  queueNames.map((it) => [it, queueLimits(it === 'deliver' ? 32 : 2)]),
) as Record<QueueName, QueueLimits>;

function queueLimits(concurrent: number): QueueLimits {
  return {
    perSecond: 500,
    concurrent,
    maxAttempts: 100,
    minBackoffMs: 200,
    maxBackoffMs: 60_000,
    maxDoublings: 8,
  };
}

/**
 * What belongs to a campaign lies in the order of its id in every table. With random ones each push of
 * a thousand a second would write to pages of its own, all over a file that grows.
 */
const timeOrderedId = (now: number) =>
  Math.floor(now).toString(16).padStart(12, '0') + randomUUID().slice(0, 8);

/** The most that a run of a schedule is late. */
const TICK_EVERY_MS = 10 * 1000;

export interface EmbeddedOptions {
  /** a folder; made if need be. One process at a time. */
  dataDir: string;
  senders: Senders;
  log: Log;
  /** how long what was known of recipients is kept */
  retentionDays?: number;
  now?: () => number;
  random?: () => number;
  unkind?: EmbeddedQueueOptions['unkind'];
  /** how webhooks are posted to; this is a developer's machine without it */
  post?: Poster;
}

export type Embedded = Ports & {
  queue: ReturnType<typeof createEmbeddedQueue>;
  events: ReturnType<typeof createEmbeddedEvents>;
  /** Begins to work on what is queued, to sweep, and to start the runs of schedules. */
  start(): void;
  /** Hands back what is being sent, then lets go of the files. */
  stop(): Promise<void>;
};

/** Throws `Unavailable` where the folder is in use or its files cannot be used. */
export function createEmbedded(options: EmbeddedOptions): Embedded {
  const unlock = lockFolder(options.dataDir);
  try {
    return openEmbedded(options, unlock);
  } catch (error) {
    unlock();
    throw error;
  }
}

function openEmbedded(
  {
    dataDir,
    senders,
    log,
    retentionDays = 30,
    now = Date.now,
    random = Math.random,
    unkind,
    post = createPoster({ local: true, now }),
  }: EmbeddedOptions,
  unlock: () => void,
): Embedded {
  const store = createSqliteStore({ path: join(dataDir, 'store.db'), now });
  // the lock says that nobody else is here, so whoever held a lease is dead
  store.dropLeases();
  const queue = createEmbeddedQueue({
    path: join(dataDir, 'queue.db'),
    limits,
    log,
    now,
    random,
    ...(unkind && { unkind }),
  });
  const events = createEmbeddedEvents(queue);
  const newId = () => timeOrderedId(now());
  const ports = { store, queue, events, senders, log, now, random, newId };
  events.subscribe(createFanOut(ports), createWanted(ports));
  const inline = createInlineSend(ports);
  const webhooks = createDeliver(ports, post);
  // pings send at once as well: two slots of a queue are not enough for hundreds a second
  const tasked = { ...ports, sendNow: inline.sendNow };
  let ticker: NodeJS.Timeout | undefined;
  return {
    ...ports,
    sendNow: inline.sendNow,
    start() {
      queue.start(createTaskHandler(tasked, events.deliver, webhooks.deliver));
      const onTick = () => {
        tick(ports)
          .then(() => expire(ports, retentionDays))
          .catch((error) => log.unexpected({ where: 'the tick', error }));
      };
      ticker = setInterval(onTick, TICK_EVERY_MS);
      onTick();
    },
    async stop() {
      clearInterval(ticker);
      await Promise.all([queue.stop(), inline.stop()]);
      queue.close();
      await store.close();
      unlock();
    },
  };
}
