/** deliver: Pub/Sub pushes events to it, and it queues a delivery task for each webhook and runs them. */

import type { GoogleConfig } from '../config/google.ts';
import { createGoogle } from '../engines/google.ts';
import { receivePush } from '../events/push.ts';
import { createTaskHandler } from '../pipeline/handler.ts';
import type { Log, TaskHandler } from '../ports/ports.ts';
import { receiveTask } from '../queue/cloud-tasks/receiver.ts';
import { createDeliver } from '../webhooks/deliver.ts';
import { createFanOut } from '../webhooks/fan-out.ts';
import { createPoster } from '../webhooks/post.ts';
import type { Entry } from './front.ts';
import { privately } from './private.ts';

/** Attempts of a task; the same number as in infra/queues.tf. */
const MAX_ATTEMPTS = 40;

/**
 * Limits the body of a call, in bytes. Pub/Sub pushes all events of the topic, the rows for a data warehouse
 * among them: 2,000 with the longest ids and reasons are 800 kB, in base64 a third more.
 */
const MAX_BYTES = 2 * 1024 * 1024;

/** Starts the function `deliver`. */
export async function start(config: GoogleConfig, log: Log): Promise<Entry> {
  const google = await createGoogle({ config, log, senders: 'never' });
  const fanOut = createFanOut(google);
  const { deliver } = createDeliver(google, createPoster({ local: config.isLocal }));
  const step = createTaskHandler(google, fanOut, deliver);
  const handler: TaskHandler = async (delivery) => {
    const { kind } = delivery.body;
    if (kind === 'event' || kind === 'delivery') return step(delivery);
    throw new Error(`a task of kind "${kind}" came to deliver`);
  };
  return {
    handle: privately(
      'deliver',
      config,
      log,
      async ({ headers }, body, signal) => {
        if (headers['x-cloudtasks-queuename'] === undefined)
          return { status: await receivePush(json(body), fanOut, log) };
        return receiveTask(headers, body, { handler, maxAttempts: MAX_ATTEMPTS, signal, log });
      },
      { maxBytes: MAX_BYTES },
    ),
    close: google.close,
  };
}

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
