/** plan: cuts campaigns into chunks, drives their open work again, and makes campaigns of pings. */

import { startWork } from './work.ts';

export const start = startWork({
  target: 'plan',
  takes: ({ kind }) => ['plan', 'shard', 'redrive', 'canary', 'app', 'ping'].includes(kind),
  withSenders: false,
});
