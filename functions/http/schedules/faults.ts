/** Why a schedule that its schema has checked would be refused. */

import { type Fault, faultIn } from '../../lib/errors.ts';
import { localTimeOf, nextRun } from '../../model/schedule.ts';
import type { ScheduleRequest } from '../../model/schemas/schedule.ts';
import { draft } from '../../pipeline/accept/accept.ts';
import type { Ports } from '../../ports/ports.ts';

/** Empty: its campaigns could be sent, and it has a next run. */
export async function scheduleFaults(
  ports: Ports,
  { campaign, ...times }: ScheduleRequest,
): Promise<Fault[]> {
  const now = ports.now();
  const begin = nextRun({ ...times, runs: 0 }, now);
  const { local, late } = localTimeOf({ ...times, runs: 0 }, begin ?? now, now);
  const drafted = await draft(ports, {
    ...campaign,
    ...(times.local && { schedule: { local, late } }),
  });
  const faults = drafted.faults.map((it) => faultIn('campaign', it));
  if (begin === null)
    faults.push({ path: 'until', message: 'comes before the next run: there would be none' });
  return faults;
}
