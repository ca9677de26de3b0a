/** tick: sweeps and starts due runs of schedules, at each call of Cloud Scheduler. */

import type { GoogleConfig } from '../config/google.ts';
import { createGoogle } from '../engines/google.ts';
import { tick } from '../pipeline/tick.ts';
import type { Log } from '../ports/ports.ts';
import type { Entry } from './front.ts';
import { privately } from './private.ts';

/** Starts the function `tick`. */
export async function start(config: GoogleConfig, log: Log): Promise<Entry> {
  const google = await createGoogle({ config, log, senders: 'never' });
  return {
    handle: privately('tick', config, log, async () => {
      await tick(google);
      return { status: 204 };
    }),
    close: google.close,
  };
}
