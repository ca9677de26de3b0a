/** api: the HTTP API, for callers with an API key and for the project's Firebase users. */

import { getRequestListener } from '@hono/node-server';
import type { GoogleConfig } from '../config/google.ts';
import { clockCheck, storeCheck, tickCheck } from '../doctor/common.ts';
import { googleChecks } from '../doctor/google.ts';
import { senderChecks } from '../doctor/providers.ts';
import { createGoogle } from '../engines/google.ts';
import { createPubSubDeadLetters } from '../events/dead-letters.ts';
import { googleAccessToken } from '../events/pubsub.ts';
import { createApi } from '../http/api.ts';
import { clientAddressBehind } from '../http/auth/address.ts';
import { createPeople } from '../http/auth/firebase-users.ts';
import type { Log } from '../ports/ports.ts';
import type { Entry } from './front.ts';

/** Starts the function `api`. */
export async function start(config: GoogleConfig, log: Log): Promise<Entry> {
  const google = await createGoogle({ config, log, withSenders: true });
  const { project, region, prefix, database, apps, local } = config;
  const checks = [
    storeCheck(google.store),
    tickCheck(
      google.store,
      `Cloud Scheduler calls ${prefix}-tick every minute: see the last call with gcloud scheduler jobs describe ${prefix}-tick --location=${region}, and its errors in the log of ${prefix}-tick.`,
    ),
    ...senderChecks(google.senders, apps),
    // on a developer's machine there is no Google Cloud to check
    ...(local.tasksHost
      ? []
      : [
          clockCheck('https://cloudtasks.googleapis.com'),
          ...googleChecks({
            project,
            region,
            prefix,
            database,
            queue: google.queue,
            accessToken: googleAccessToken('https://www.googleapis.com/auth/cloud-platform'),
          }),
        ]),
  ];
  const deadLetters = createPubSubDeadLetters({
    project,
    topic: `${prefix}-events`,
    subscription: `${prefix}-events-dead`,
    emulatorHost: local.pubsubHost,
  });
  const stopping = new AbortController();
  let linked = false;
  const app = createApi(google, {
    findPerson: createPeople(project),
    checks,
    deadLetters,
    isLocal: config.isLocal,
    stop: stopping.signal,
    clientAddress: clientAddressBehind(config.trustedHops),
  });
  const end = () => {
    stopping.abort();
    void google.inline.stop();
  };
  const listen = getRequestListener(app.fetch);
  return {
    handle(request, response, stop) {
      // all requests get the same signal, so it needs only one listener
      if (!linked) stop.addEventListener('abort', end, { once: true });
      linked = true;
      return listen(request, response);
    },
    check: google.store.check,
    async close() {
      await Promise.all([google.close(), deadLetters.close()]);
    },
  };
}
