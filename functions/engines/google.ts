/**
 * The Google engine: Firestore, Cloud Tasks, Pub/Sub. Each client library is imported at its first use:
 * they take most of a cold start, and no function needs all of them.
 */

import type { GoogleConfig } from '../config/google.ts';
import { createPubSubEvents } from '../events/pubsub.ts';
import { createInline } from '../pipeline/send/inline.ts';
import type { Log, Ports, Senders } from '../ports/ports.ts';
import { createCloudTasksQueue } from '../queue/cloud-tasks/queue.ts';

interface GoogleOptions {
  config: GoogleConfig;
  log: Log;
  /** true if this function sends pushes or checks messages */
  withSenders: boolean;
  now?: () => number;
  random?: () => number;
}

type Google = Ports & {
  inline: ReturnType<typeof createInline>;
  /** Closes all connections; calls in progress fail. */
  close(): Promise<void>;
};

const noSenders: Senders = { get: () => null };

/** Opens no connection yet. */
export async function createGoogle({
  config,
  log,
  withSenders,
  now = Date.now,
  random = Math.random,
}: GoogleOptions): Promise<Google> {
  const { project, region, prefix, database, retentionDays, invoker, urls, apps, local } = config;
  // every function reads the store; the queue and the events import their clients themselves
  const [{ createFirestoreStore }, providers] = await Promise.all([
    import('../store/firestore.ts'),
    withSenders ? import('../providers/senders.ts') : null,
  ]);
  const store = createFirestoreStore({
    project,
    database,
    retentionDays,
    emulator: local.firestoreHost ?? null,
    now,
    random,
    pagesDiffer: (it) => log.pagesDiffer(it),
  });
  const queue = createCloudTasksQueue({
    project,
    region,
    prefix,
    invoker,
    urls,
    log,
    now,
    random,
    ...(local.tasksHost && { emulatorHost: local.tasksHost }),
  });
  const events = createPubSubEvents({
    project,
    topic: `${prefix}-events`,
    random,
    ...(local.pubsubHost && { emulatorHost: local.pubsubHost }),
  });
  const senders = providers?.createSenders(apps, { log });
  return {
    store,
    queue,
    events,
    senders: senders ?? noSenders,
    scalesToZero: true,
    log,
    now,
    random,
    // Cloud Run gives CPU to an instance while it has requests
    inline: createInline({ outlivesRequests: false }),
    async close() {
      await Promise.all([senders?.close(), queue.close(), store.close()]);
    },
  };
}
