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

/**
 * Groups installations by provider and environment, and adds to each recipient its personalized part.
 * `missing` counts the recipients with neither a value nor a default, by the variable's name; undefined
 * if there are none. `denied` counts those whose devices let the app show nothing.
 */
export function addressed(installations: Reached[], personalization: Personalization | null) {
  const missing = new Map<string, number>();
  const recipient = (it: Reached): Recipient => ({
    installationId: it.id,
    token: it.token,
    ...personalization?.of(it, missing),
  });
  const groups = Map.groupBy(installations, (it) => `${it.provider} ${it.environment}`);
  const targets = Array.from(groups.values(), (group) => {
    const { provider, environment } = group[0]!;
    return { provider, environment, recipients: group.map(recipient) };
  });
  return {
    targets,
    missing: missing.size > 0 ? Object.fromEntries(missing) : undefined,
    denied: installations.reduce((sum, it) => sum + Number(it.permission === 'denied'), 0),
  };
}
