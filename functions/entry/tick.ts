/** tick: the sweep, and the runs of schedules that are due, as often as Cloud Scheduler calls. */

import type { GoogleConfig } from '../config-google.ts';
import { createGoogle } from '../google.ts';
import { startDue } from '../pipeline/schedules/recur.ts';
import { sweep } from '../pipeline/sweep.ts';
import type { Log } from '../ports.ts';
import type { Entry } from './front.ts';
import { privately } from './private.ts';

export async function start(config: GoogleConfig, log: Log): Promise<Entry> {
  const google = await createGoogle({ config, log, withSenders: false });
  return {
    handle: privately('tick', config, log, async () => {
      // one that fails is not to keep the other from its work
      const ended = await Promise.allSettled([sweep(google), startDue(google)]);
      for (const it of ended) if (it.status === 'rejected') throw it.reason;
      return { status: 204 };
    }),
    close: google.close,
  };
}
