/** Sends what is written: one campaign, or one schedule. */

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
 * The draft's own Idempotency-Key goes with it: whatever is pressed how often, and whichever answers are
 * lost, there is one campaign, or one schedule.
 */
export async function send({ written, key }: Compose): Promise<Sent> {
  const { campaign, schedule } = written.value;
  const headers = { 'Idempotency-Key': key.value };
  const [name, body] = schedule ? ['schedules', schedule] : ['campaigns', campaign];
  const answer = await api.post<CampaignView | ScheduleView>(`/v1/${name}`, body, { headers });
  if (answer.ok) return { kind: 'sent', path: `/console/${name}/${answer.value.id}` };
  return answer.problem.status === 409 ? { kind: 'before' } : failure(answer.problem);
}

const failure = (problem: Problem): Sent =>
  problem.status === 0 || problem.status >= 500
    ? { kind: 'lost', problem }
    : { kind: 'refused', problem };
