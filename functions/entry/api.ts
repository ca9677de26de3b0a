/** api: the HTTP API, for callers with an API key and for the project's Firebase users. */

import { getRequestListener } from '@hono/node-server';
import type { GoogleConfig } from '../config/google.ts';
import { createGoogle } from '../engines/google.ts';
import { createPubSubDeadLetters } from '../events/dead-letters.ts';
import { createApi } from '../http/api.ts';
import { clientAddressBehind } from '../http/auth/address.ts';
import { createPeople } from '../http/auth/firebase-users.ts';
import type { Log } from '../ports/ports.ts';
import { areSimulated } from '../providers/simulated.ts';
import type { Entry } from './front.ts';

/** Starts the function `api`. */
export async function start(config: GoogleConfig, log: Log): Promise<Entry> {
  const google = await createGoogle({ config, log, senders: 'later' });
  const { project, prefix, local } = config;
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
    checks: async () => (await import('./api-checks.ts')).checksOf(config, google),
    ready: google.loadSenders,
    deadLetters,
    isLocal: config.isLocal,
    isSimulated: areSimulated(config.apps),
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
