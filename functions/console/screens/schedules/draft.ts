/** What is typed into the form of a schedule, and the request that it makes. */

import type { CampaignView } from '../../../http/campaigns/view.ts';
import type { ScheduleView } from '../../../http/schedules/view.ts';
import { ownZone } from '../../format.ts';

/** Texts, as fields hold them. */
export interface Draft {
  /** the id of the campaign to repeat */
  from: string;
  name: string;
  cron: string;
  /** empty: the times are those of each device's own clock */
  timeZone: string;
  /** what becomes of devices that a run by their own clocks has missed */
  late: string;
  /**
   * as a field of type `datetime-local` has it: in the browser's own zone, or what each device's own clock
   * shows
   */
  until: string;
  maxRuns: string;
  missed: string;
}

export const draftOf = (it?: ScheduleView): Draft => ({
  from: '',
  name: it?.name ?? '',
  cron: it?.cron ?? '30 9 * * 1-5',
  timeZone: it?.local ? '' : (it?.timeZone ?? ownZone),
  late: it?.late ?? 'now',
  until: it?.until === undefined ? '' : it.local ? it.until.slice(0, 16) : local(it.until),
  maxRuns: it?.maxRuns === undefined ? '' : String(it.maxRuns),
  missed: it?.missed ?? 'once',
});

export const requestOf = (
  { from: _, timeZone, late, until, maxRuns, ...draft }: Draft,
  campaign: unknown,
) => ({
  ...draft,
  ...(timeZone === '' ? { local: true, late } : { timeZone }),
  // the API compares the times of own clocks as if they were UTC
  ...(until !== '' && {
    until: new Date(timeZone === '' ? `${until}Z` : until).toISOString(),
  }),
  ...(maxRuns !== '' && { maxRuns: Number(maxRuns) }),
  campaign,
});

/** The part of a campaign that can be sent again: what it is for, without when it was. */
export const sentAgain = ({ name, app, audience, message, rate, canary }: CampaignView) => ({
  name,
  app,
  audience,
  message,
  rate,
  canary,
});

function local(at: string): string {
  const it = new Date(at);
  return new Date(it.getTime() - it.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
