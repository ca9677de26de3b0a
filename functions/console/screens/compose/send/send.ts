/** Sends what is written: a campaign once, or a schedule. */

import type { CampaignView } from '../../../../http/campaigns/view.ts';
import type { ScheduleView } from '../../../../http/schedules/view.ts';
import { api, type Problem } from '../../../api/client.ts';
import type { Compose } from '../state.ts';

export type Sent =
  /** `path`: where to look at it */
  | { kind: 'sent'; path: string }
  /** a campaign was made from an earlier state of this draft */
  | { kind: 'before' }
  /** the answer did not come: it may have been sent */
  | { kind: 'lost'; problem: Problem }
  | { kind: 'refused'; problem: Problem };

/**
 * The draft's own Idempotency-Key goes with the campaign: whatever is pressed how often, and whichever
 * answers are lost, there is one campaign. A schedule has no such key; nothing repeats that by itself.
 */
export async function send({ written, key }: Compose): Promise<Sent> {
  const { campaign, schedule } = written.value;
  if (schedule) {
    const answer = await api.post<ScheduleView>('/v1/schedules', schedule);
    if (!answer.ok) return failure(answer.problem);
    return { kind: 'sent', path: `/console/schedules/${answer.value.id}` };
  }
  const headers = { 'Idempotency-Key': key.value };
  const answer = await api.post<CampaignView>('/v1/campaigns', campaign, { headers });
  if (answer.ok) return { kind: 'sent', path: `/console/campaigns/${answer.value.id}` };
  return answer.problem.status === 409 ? { kind: 'before' } : failure(answer.problem);
}

const failure = (problem: Problem): Sent =>
  problem.status === 0 || problem.status >= 500
    ? { kind: 'lost', problem }
    : { kind: 'refused', problem };
