/** timing: what decides when the recipients of a campaign are sent to. */

import type { AppPolicy } from '../../model/app-policy.ts';
import { namesPeople } from '../../model/audience/names.ts';
import { type Campaign, type Target, targetOf } from '../../model/campaign.ts';
import type { QuietHours } from '../../model/quiet.ts';
import type { Audience } from '../../model/schemas/audience.ts';
import type { LocalTime, Timing } from '../../model/waves.ts';
import type { Ports } from '../../ports/ports.ts';
import { appPolicy } from '../app-policy.ts';

/**
 * The timing of a campaign that would begin at `begin` (ms since the epoch), by the policy that its app has
 * now. Null: it is sent to all together. Throws when the store fails.
 */
export async function timingOf(
  ports: Pick<Ports, 'store' | 'now'>,
  campaign: Campaign,
  begin: number = ports.now(),
): Promise<Timing | null> {
  const policy = await appPolicy(ports, campaign.app);
  const local = localTimeOf(campaign);
  const quiet = quietFor(campaign, policy);
  if (!local && !quiet) return null;
  return { local, quiet, begin, defaultZone: policy.defaultZone };
}

function localTimeOf({ schedule }: Campaign): LocalTime | null {
  const { local, late = 'now', since = 0, next } = schedule ?? {};
  return local === undefined ? null : { local, late, since, next };
}

/**
 * The quiet hours that hold for a campaign; null if none do. Tests and dry runs disturb none but those who
 * asked for them. A single message without a category is what its user waits for.
 */
function quietFor(
  { dryRun, test, uncapped, message: { category } }: Campaign,
  { quiet, exempt }: AppPolicy,
): QuietHours | null {
  if (dryRun || test || (uncapped && category === undefined)) return null;
  return category !== undefined && exempt.includes(category) ? null : quiet;
}

/**
 * Whether the recipients of a campaign are a list. It is read once, since a list is dear to read and short:
 * its recipients wait in their chunks, and not in waves.
 */
export const isList = (campaign: Campaign): boolean =>
  campaign.retryOf !== undefined || isListed(targetOf(campaign));

const isListed = (target: Target) =>
  target.kind !== 'installations' || namesWithin(target.audience);

const namesWithin = (audience: Audience): boolean =>
  namesPeople(audience) || (audience.and ?? []).some(namesWithin);
