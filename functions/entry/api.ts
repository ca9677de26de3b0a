/** api: the HTTP API, open to whoever has a key or is one of the project's people. */

import { getRequestListener } from '@hono/node-server';
import type { GoogleConfig } from '../config-google.ts';
import { createGoogle } from '../google.ts';
import { createApi } from '../http/api.ts';
import { createPeople } from '../http/people.ts';
import type { Log } from '../ports.ts';
import type { Entry } from './front.ts';

export async function start(config: GoogleConfig, log: Log): Promise<Entry> {
  const google = await createGoogle({ config, log, withSenders: true });
  const app = createApi(google, { findPerson: createPeople(config.project) });
  const listen = getRequestListener(app.fetch);
  return { handle: (request, response) => listen(request, response), close: google.close };
}
