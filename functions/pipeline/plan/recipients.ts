/** Recipients of a page: grouped as they are sent to, each with its personalized part of the message. */

import type { Campaign } from '../../model/campaign.ts';
import type { Recipient } from '../../model/chunk.ts';
import type { Carried, Reached } from '../../model/installation.ts';
import { type Personalization, personalizationOf } from '../../model/message/personalization.ts';
import type { PageTurn, Turns } from './turns.ts';

/** How a campaign's message differs by recipient; null: it does not. A dry run increments no badge. */
export function campaignPersonalization({
  message,
  dryRun,
}: Pick<Campaign, 'message' | 'dryRun'>): Personalization | null {
  const { badge, ...uncounted } = message;
  return personalizationOf(dryRun ? uncounted : message);
}

/**
 * The fields of an installation that `addressed` reads. `isTimed`: not all are sent to immediately. `isCapped`:
 * what is kept for caps is found by buckets.
 */
export const carriedFor = (
  personalization: Personalization | null,
  { isTimed, isCapped = false }: { isTimed: boolean; isCapped?: boolean },
): Carried[] => [
  'permission',
  ...(isCapped ? (['bucket'] as const) : []),
  ...(isTimed ? (['timeZone', 'movedAt'] as const) : []),
  ...(personalization?.carried ?? []),
];

/** The recipients of one provider and environment, at one time. */
interface Targets extends Pick<Reached, 'provider' | 'environment'> {
  recipients: Recipient[];
  /** left out: they are sent to immediately */
  turn?: PageTurn;
}

/** The recipients of a page. */
export interface Addressed {
  targets: Targets[];
  /** by a variable's name: recipients with neither a value nor a default; undefined if there are none */
  missing: Record<string, number> | undefined;
  /** recipients whose devices let the app show nothing */
  denied: number;
}

/**
 * Groups installations by provider, environment and time, and adds to each recipient its personalized part.
 * `turns` null: all are sent to immediately.
 */
export function addressed(
  installations: Reached[],
  personalization: Personalization | null,
  turns: Turns | null = null,
): Addressed {
  const missing = new Map<string, number>();
  const targets: Targets[] = [];
  let denied = 0;
  for (const it of installations) {
    const { id: installationId, token, provider, environment } = it;
    const turn = turns?.of(it);
    let target = targetOf(targets, it, turn);
    if (!target) {
      target = { provider, environment, recipients: [], ...(turn && { turn }) };
      targets.push(target);
    }
    const recipient: Recipient = personalization
      ? { installationId, token, ...personalization.of(it, missing) }
      : { installationId, token };
    if (turns?.quiet && it.timeZone !== undefined && it.timeZone !== turns.quiet.zone)
      recipient.zone = it.timeZone;
    if (it.bucket !== undefined) recipient.bucket = it.bucket;
    target.recipients.push(recipient);
    if (it.permission === 'denied') denied += 1;
  }
  return {
    targets,
    missing: missing.size > 0 ? Object.fromEntries(missing) : undefined,
    denied,
  };
}

function targetOf(
  targets: readonly Targets[],
  { provider, environment }: Reached,
  turn: PageTurn | undefined,
): Targets | undefined {
  for (const it of targets)
    if (it.provider === provider && it.environment === environment && isSame(it.turn, turn))
      return it;
  return undefined;
}

const isSame = (a: PageTurn | undefined, b: PageTurn | undefined) =>
  a === b || (a?.at === b?.at && a?.isLate === b?.isLate && a?.heldUntil === b?.heldUntil);
