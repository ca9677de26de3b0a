/** When a campaign begins, as its request says it. */

import type { Fault } from '../../lib/errors.ts';
import type { CampaignRequest, CampaignTime } from '../../model/campaign.ts';
import { lastOf, startOf } from '../../model/waves.ts';
import type { Ports } from '../../ports/ports.ts';

type Asked = NonNullable<CampaignRequest['schedule']>;

/** The time that a campaign keeps if it is accepted now (ms since the epoch), or moved to it. */
export function timeOf({ at, local, late = 'now' }: Asked, now: number): CampaignTime {
  if (local === undefined) return { at: at! };
  return { at: Math.max(now, startOf(local)), local, late, since: now };
}

/** Why a campaign cannot begin then; [] if it can, and without a schedule. */
export function timeFaults(
  { now }: Pick<Ports, 'now'>,
  schedule: CampaignRequest['schedule'],
): Fault[] {
  const { at, local } = schedule ?? {};
  if (at !== undefined && at <= now()) return [{ path: 'schedule.at', message: 'is in the past' }];
  if (local !== undefined && lastOf(local) <= now())
    return [{ path: 'schedule.local', message: 'has passed in every time zone' }];
  return [];
}
