/** sendFcm: sends chunks to Firebase. */

import { startWork } from './work.ts';

export const start = startWork({
  target: 'sendFcm',
  takes: (body) => body.kind === 'send' && body.provider === 'fcm',
  withSenders: true,
});
