/** sendApns: sends chunks to Apple. */

import { startWork } from './work.ts';

export const start = startWork({
  target: 'sendApns',
  takes: (body) => body.kind === 'send' && body.provider === 'apns',
  withSenders: true,
});
