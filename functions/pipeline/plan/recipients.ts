/** Recipients of a page: grouped as they are sent to, each with its personalized part of the message. */

import type { Campaign } from '../../model/campaign.ts';
import type { Recipient } from '../../model/chunk.ts';
import type { Carried, Reached } from '../../model/installation.ts';
import { type Personalization, personalizationOf } from '../../model/message/personalization.ts';

/** How a campaign's message differs by recipient; null: it does not. A dry run increments no badge. */
export function campaignPersonalization({
  message,
  dryRun,
}: Pick<Campaign, 'message' | 'dryRun'>): Personalization | null {
  const { badge, ...uncounted } = message;
  return personalizationOf(dryRun ? uncounted : message);
}

/** The fields of an installation that `addressed` reads. */
export const carriedFor = (personalization: Personalization | null): Carried[] => [
  'permission',
  ...(personalization?.carried ?? []),
];

/** The recipients of one provider and environment. */
interface Targets extends Pick<Reached, 'provider' | 'environment'> {
  recipients: Recipient[];
}

/**
 * Groups installations by provider and environment, and adds to each recipient its personalized part.
 * `missing` counts the recipients with neither a value nor a default, by the variable's name; undefined
 * if there are none. `denied` counts those whose devices let the app show nothing.
 */
export function addressed(installations: Reached[], personalization: Personalization | null) {
  const missing = new Map<string, number>();
  const targets: Targets[] = [];
  let denied = 0;
  for (const it of installations) {
    const { id: installationId, token, provider, environment } = it;
    const isOf = (old: Targets) => old.provider === provider && old.environment === environment;
    let target = targets.find(isOf);
    if (!target) {
      target = { provider, environment, recipients: [] };
      targets.push(target);
    }
    target.recipients.push(
      personalization
        ? { installationId, token, ...personalization.of(it, missing) }
        : { installationId, token },
    );
    if (it.permission === 'denied') denied += 1;
  }
  return { targets, missing: missing.size > 0 ? Object.fromEntries(missing) : undefined, denied };
}
