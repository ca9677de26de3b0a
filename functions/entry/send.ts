/** sendApns, sendFcm: each sends the chunks of one provider. */

import type { Provider } from '../model/provider/registry.ts';
import { workerOf } from '../model/queues.ts';
import { startWork } from './work.ts';

/** Returns the start of the function that sends a provider's chunks. */
export const startSending = (provider: Provider) =>
  startWork({
    target: workerOf(provider),
    takes: (body) => (body.kind === 'send' || body.kind === 'wake') && body.provider === provider,
    senders: 'now',
  });
