/** The queues, and the functions that serve them. */

import { type Provider, providers } from './provider/registry.ts';

/**
 * The queues `…-now` and `plan` stay short: a push to one user never waits behind a campaign of
 * millions.
 */
export type QueueName = 'plan' | 'shard' | SendQueue | 'deliver';
type SendQueue = `send-${Provider}` | `send-${Provider}-now`;

export const queueNames: readonly QueueName[] = [
  'plan',
  'shard',
  ...providers.flatMap((it): SendQueue[] => [`send-${it}`, `send-${it}-now`]),
  'deliver',
];

/** The functions that serve queues. */
export type Worker = 'plan' | SendWorker | 'deliver';
type SendWorker = `send${Capitalize<Provider>}`;

/** The function that sends by a provider, such as `sendApns`. */
export const workerOf = (provider: Provider) =>
  `send${provider[0]!.toUpperCase()}${provider.slice(1)}` as SendWorker;

export const workers: readonly Worker[] = ['plan', ...providers.map(workerOf), 'deliver'];

/** Name of the deployed service without its prefix, such as `send-apns`. */
export const serviceOf = (worker: Worker): string =>
  worker.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The environment variable with the URL of a function, such as `VOLLEY_SEND_APNS_URL`. */
export const urlVariable = (worker: Worker): string =>
  `VOLLEY_${worker.replace(/[A-Z]/g, '_$&').toUpperCase()}_URL`;

/** The function that serves each queue. */
export const servedBy: Readonly<Record<QueueName, Worker>> = {
  plan: 'plan',
  shard: 'plan',
  ...(Object.fromEntries(
    providers.flatMap((it) => [
      [`send-${it}`, workerOf(it)],
      [`send-${it}-now`, workerOf(it)],
    ]),
  ) as Record<SendQueue, Worker>),
  deliver: 'deliver',
};
