/** The embedded engine: SQLite and a queue on disk, all in one process. */

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createEmbeddedEvents } from '../events/embedded.ts';
import { type QueueName, queueNames } from '../model/queues.ts';
import { EMBEDDED_CHUNK_SIZE } from '../model/sizes.ts';
import { expire } from '../pipeline/expire.ts';
import { createTaskHandler } from '../pipeline/handler.ts';
import { createInline } from '../pipeline/send/inline.ts';
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

/** Limits like those on Cloud Tasks, but few concurrent handlers, since all share one core. */
const limits = Object.fromEntries(
  // a handler of `deliver` waits for another server, at most 15 s
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
 * Every table sorts a campaign's rows by its id. With random ids, each of a thousand pushes a second
 * would write to other pages, all over a growing file.
 */
const timeOrderedId = (now: number) =>
  Math.floor(now).toString(16).padStart(12, '0') + randomUUID().slice(0, 8);

/** ms between ticks: the most that a schedule's run starts late. */
const TICK_EVERY_MS = 10 * 1000;

export interface EmbeddedOptions {
  /** a folder; created if missing. Only one process may use it at a time. */
  dataDir: string;
  senders: Senders;
  log: Log;
  /** days that failures and the recipients of chunks are kept; default: 30 */
  retentionDays?: number;
  now?: () => number;
  random?: () => number;
  unkind?: EmbeddedQueueOptions['unkind'];
  /** sends webhooks; the default may also call addresses of this machine */
  post?: Poster;
}

export type Embedded = Ports & {
  queue: ReturnType<typeof createEmbeddedQueue>;
  events: ReturnType<typeof createEmbeddedEvents>;
  /** Starts to work on queued tasks, to sweep, and to start runs of schedules. */
  start(): void;
  /** Hands back pushes that are not sent yet, then closes the files. */
  stop(): Promise<void>;
};

/** Throws `Unavailable` if the folder is in use or its files are unusable. */
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
  const store = createSqliteStore({ path: join(dataDir, 'store.db'), now, retentionDays });
  // this process holds the folder's lock, so every holder of a lease is dead
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
  const chunkSize = EMBEDDED_CHUNK_SIZE;
  const ports = { store, queue, events, senders, log, now, random, newId, chunkSize };
  events.subscribe(createFanOut(ports), createWanted(ports));
  const inline = createInline({ outlivesRequests: true });
  const webhooks = createDeliver(ports, post);
  // inbound webhooks are sent inline too: two slots of a queue are too few for hundreds a second
  const tasked = { ...ports, inline };
  let ticker: NodeJS.Timeout | undefined;
  return {
    ...ports,
    inline,
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
