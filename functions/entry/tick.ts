/** tick: the sweep, and the runs of schedules that are due, as often as Cloud Scheduler calls. */

import type { GoogleConfig } from '../config/google.ts';
import { createGoogle } from '../engines/google.ts';
import { tick } from '../pipeline/tick.ts';
import type { Log } from '../ports/ports.ts';
import type { Entry } from './front.ts';
import { privately } from './private.ts';

export async function start(config: GoogleConfig, log: Log): Promise<Entry> {
  const google = await createGoogle({ config, log, withSenders: false });
  return {
    handle: privately('tick', config, log, async () => {
      await tick(google);
      return { status: 204 };
    }),
    close: google.close,
  };
}
