/**
 * plan: divides campaigns into chunks, queues open work again, goes on with erasures, and makes campaigns
 * from inbound webhooks.
 */

import { startWork } from './work.ts';

/** Starts the function `plan`. */
export const start = startWork({
  target: 'plan',
  takes: (body) =>
    ['plan', 'shard', 'redrive', 'canary', 'app', 'erase', 'ping'].includes(body.kind) ||
    (body.kind === 'wake' && body.provider === null),
  senders: 'never',
});
