/** tick: sweeps, starts due runs of schedules, and adds up what expires, at each call of Cloud Scheduler. */

import type { GoogleConfig } from '../config/google.ts';
import { createGoogle } from '../engines/google.ts';
import { expire } from '../pipeline/expire.ts';
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
      await expire(google, config.retentionDays);
      return { status: 204 };
    }),
    close: google.close,
  };
}
