/** The checks of `volley doctor` on Google Cloud. */

import type { GoogleConfig } from '../config/google.ts';
import type { Check } from '../doctor/check.ts';
import { clockCheck, storeCheck, tickCheck } from '../doctor/common.ts';
import { googleChecks } from '../doctor/google.ts';
import { pagesCheck } from '../doctor/pages.ts';
import { senderChecks } from '../doctor/providers.ts';
import { googleAccessToken } from '../events/pubsub.ts';
import type { Ports } from '../ports/ports.ts';

export function checksOf(
  { project, region, prefix, database, apps, local }: GoogleConfig,
  google: Pick<Ports, 'store' | 'queue' | 'senders'>,
): Check[] {
  return [
    storeCheck(google.store),
    tickCheck(
      google.store,
      `Cloud Scheduler calls ${prefix}-tick every minute: see the last call with gcloud scheduler jobs describe ${prefix}-tick --location=${region}, and its errors in the log of ${prefix}-tick.`,
    ),
    pagesCheck(google.store),
    ...senderChecks(google.senders, apps),
    // on a developer's machine there is no Google Cloud to check
    ...(local.tasksHost
      ? []
      : [
          clockCheck('https://cloudtasks.googleapis.com'),
          ...googleChecks({
            project,
            region,
            prefix,
            database,
            queue: google.queue,
            accessToken: googleAccessToken('https://www.googleapis.com/auth/cloud-platform'),
          }),
        ]),
  ];
}
