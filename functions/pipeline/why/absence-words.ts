/** What is said of an installation that is not among the recipients, once its part of the audience is read. */

import type { Unmet } from '../../model/audience/unmet.ts';
import type { Campaign, Target } from '../../model/campaign.ts';
import type { Installation } from '../../model/installation.ts';
import { type AbsenceKind, timeText, type WhyState } from './facts.ts';

export interface AbsenceWords {
  kind: AbsenceKind;
  state: WhyState;
  summary: string;
  next: string;
}

export const topicWords = ({ kind }: Target): AbsenceWords => ({
  kind: 'topic',
  state: 'not-tracked',
  summary: `The campaign goes to a ${kind}: FCM knows which devices subscribe to it, Volley does not.`,
  next: 'Look in the app whether it has subscribed. To see each device, send to an audience.',
});

export const TOO_OLD: AbsenceWords = {
  kind: 'too-old',
  state: 'unknown',
  summary: 'It is no longer known: recipients are deleted some time after they were sent to.',
  next: '',
};

export const PAST_GONE: AbsenceWords = {
  kind: 'too-old',
  state: 'unknown',
  summary:
    'It is not among the recipients. The audience asks about an earlier campaign whose recipients are deleted, so it is no longer known whether the installation was in it.',
  next: '',
};

export const UPLOAD_EXPIRED: AbsenceWords = {
  kind: 'upload-expired',
  state: 'not-in-audience',
  summary:
    'It is not among the recipients. The upload that named them has expired, so it is not known whether it named this one.',
  next: 'Look for it in the file that was uploaded.',
};

const OPTED_OUT: AbsenceWords = {
  kind: 'opted-out',
  state: 'not-in-audience',
  summary: 'It is not among the recipients. The installation has opted out, as it is now.',
  next: 'The person can opt in again in the app. No campaign is sent to it before that.',
};

export function optOutOf(
  { message: { category } }: Campaign,
  it: Installation,
): AbsenceWords | null {
  if (it.optedOut) return OPTED_OUT;
  if (category === undefined || !it.optedOutOf?.includes(category)) return null;
  return {
    kind: 'opted-out',
    state: 'not-in-audience',
    summary: `It is not among the recipients. The installation has opted out of the category "${category}", as it is now.`,
    next: 'The person can opt in again in the app. Messages of other categories are sent to it.',
  };
}

export const NOT_NAMED: AbsenceWords = {
  kind: 'not-named',
  state: 'not-in-audience',
  summary:
    'It is not among the recipients: the list of the campaign does not name it, as the installation is now.',
  next: 'Compare the ids or tokens of the list with those of the installation.',
};

export const notNamedNow = ({ refreshedAt }: Installation): AbsenceWords => ({
  kind: 'not-named',
  state: 'unknown',
  summary: `The list of the campaign does not name it, as the installation is now. Its app registered at ${timeText(refreshedAt)}, after the list was read: it may have had another token or user before, and then what it was sent is not known.`,
  next: 'Compare the ids or tokens of the list with those that the installation had.',
});

export const notFailedBefore = (retryOf: string, { id }: Installation): AbsenceWords => ({
  kind: 'not-failed-before',
  state: 'not-in-audience',
  summary: `It is not among the recipients: the campaign goes only to those that ${retryOf} failed to reach for a temporary reason.`,
  next: `Ask about that one: volley why ${retryOf} --installation ${id}`,
});

export const conditionWords = (unmet: Unmet[]): AbsenceWords => ({
  kind: 'conditions',
  state: 'not-in-audience',
  summary: `It is not among the recipients. As the installation is now, it does not meet ${unmet.length === 1 ? 'a condition' : `${unmet.length} conditions`} of the audience.`,
  next: 'Change the audience, or what the app registers. The recipients of a campaign that has begun do not change.',
});

/** It meets all conditions now, and was not a recipient. */
export function changedSince(
  { refreshedAt }: Installation,
  begin: number,
  readBy: number | null,
): AbsenceWords {
  const registered = `its app last registered at ${timeText(refreshedAt)}`;
  const next = 'Send to it again: the recipients of a campaign that has begun do not change.';
  if (refreshedAt >= (readBy ?? begin))
    return {
      kind: 'registered-later',
      state: 'not-in-audience',
      next,
      summary: `It is not among the recipients. It meets the audience now, and ${registered}, after the audience was read.`,
    };
  return {
    kind: 'changed-since',
    state: 'not-in-audience',
    next,
    summary: `It is not among the recipients. It meets the audience now; when the audience was read it did not, or was not stored (${registered}).`,
  };
}
