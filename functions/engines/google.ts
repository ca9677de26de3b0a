/**
 * The Google engine: Firestore, Cloud Tasks, Pub/Sub. Each client library is imported at its first use:
 * they take most of a cold start, and no function needs all of them.
 */

import type { GoogleConfig } from '../config/google.ts';
import { createPubSubEvents } from '../events/pubsub.ts';
import { createInline } from '../pipeline/send/inline.ts';
import type { Log, Ports, Senders } from '../ports/ports.ts';
import { createCloudTasksQueue } from '../queue/cloud-tasks/queue.ts';

export interface GoogleOptions {
  config: GoogleConfig;
  log: Log;
  /**
   * `now` if this function sends pushes; `later` if it may be asked to, and calls `loadSenders` before;
   * `never`: it has none.
   */
  senders: 'now' | 'later' | 'never';
  now?: () => number;
  random?: () => number;
}

type Google = Ports & {
  inline: ReturnType<typeof createInline>;
  /** Loads the code that sends; before that, `senders` has none. A second call loads nothing. */
  loadSenders(): Promise<void>;
  /** Closes all connections; calls in progress fail. */
  close(): Promise<void>;
};

type Closable = Senders & { close(): Promise<void> };

/** Has no senders until they are loaded. */
function createLateSenders(make: () => Promise<Closable>) {
  let loading: Promise<void> | null = null;
  let made: Closable | null = null;
  return {
    apps: () => made?.apps() ?? [],
    get: (...asked: Parameters<Senders['get']>) => made?.get(...asked) ?? null,
    load(): Promise<void> {
      loading ??= make().then((it) => {
        made = it;
      });
      return loading;
    },
    close: async () => made?.close(),
  };
}

/** Opens no connection yet. */
export async function createGoogle({
  config,
  log,
  senders: when,
  now = Date.now,
  random = Math.random,
}: GoogleOptions): Promise<Google> {
  const { project, region, prefix, database, retentionDays, invoker, urls, apps, local } = config;
  // every function reads the store; the queue and the events import their clients themselves
  const senders = createLateSenders(async () =>
    (await import('../providers/senders.ts')).createSenders(apps, { log }),
  );
  const [{ createFirestoreStore }] = await Promise.all([
    import('../store/firestore.ts'),
    when === 'now' ? senders.load() : null,
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
  return {
    store,
    queue,
    events,
    senders,
    loadSenders: senders.load,
    scalesToZero: true,
    log,
    now,
    random,
    // Cloud Run gives CPU to an instance while it has requests
    inline: createInline({ outlivesRequests: false }),
    async close() {
      await Promise.all([senders.close(), queue.close(), store.close()]);
    },
  };
}
