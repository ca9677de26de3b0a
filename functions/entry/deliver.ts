/** deliver: tells subscribers of events, which come as pushes of Pub/Sub and as tasks. */

import type { GoogleConfig } from '../config-google.ts';
import type { Subscriber } from '../events/embedded.ts';
import { receivePush } from '../events/push.ts';
import { receiveTask } from '../http/tasks.ts';
import type { Log } from '../ports.ts';
import type { Entry } from './front.ts';
import { privately } from './private.ts';

/** As in infra/queues.tf. */
const MAX_ATTEMPTS = 40;

/** Nobody yet. One that fails has all of them told again, so each must bear that. */
const subscribers: Subscriber[] = [];

const hear: Subscriber = async (event) => {
  await Promise.all(subscribers.map((subscriber) => subscriber(event)));
};

export async function start(config: GoogleConfig, log: Log): Promise<Entry> {
  return {
    handle: privately('deliver', config, log, async ({ headers }, body, signal) => {
      if (headers['x-cloudtasks-queuename'] === undefined)
        return { status: await receivePush(json(body), hear, log) };
      return receiveTask(headers, body, {
        ...{ maxAttempts: MAX_ATTEMPTS, signal, log },
        async handler({ body }) {
          if (body.kind !== 'event')
            throw new Error(`a task of kind "${body.kind}" came to deliver`);
          await hear(body.event);
          return { kind: 'done' };
        },
      });
    }),
    close: async () => {},
  };
}

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
