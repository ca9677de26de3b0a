/** Why a schedule that its schema has checked would be refused. */

import { type Fault, faultIn } from '../../lib/errors.ts';
import { nextRun } from '../../model/schedule.ts';
import type { ScheduleRequest } from '../../model/schemas/schedule.ts';
import { draft } from '../../pipeline/accept/accept.ts';
import type { Ports } from '../../ports/ports.ts';

/** Empty: its campaigns could be sent, and it has a next run. */
export async function scheduleFaults(
  ports: Ports,
  { campaign, ...times }: ScheduleRequest,
): Promise<Fault[]> {
  const drafted = await draft(ports, campaign);
  const faults = drafted.faults.map((it) => faultIn('campaign', it));
  if (nextRun({ ...times, runs: 0 }, ports.now()) === null)
    faults.push({ path: 'until', message: 'comes before the next run: there would be none' });
  return faults;
}
