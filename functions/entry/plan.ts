/** plan: cuts campaigns into chunks, and drives their open work again. */

import { startWork } from './work.ts';

export const start = startWork({
  target: 'plan',
  takes: ({ kind }) => kind === 'plan' || kind === 'shard' || kind === 'redrive',
  withSenders: false,
});
