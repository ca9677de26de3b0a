/** When a device is sent to by its clock, and which waves of a campaign may have it. */

import { offsetAt } from '../../lib/wall-clock.ts';
import type { Campaign } from '../../model/campaign.ts';
import type { Installation } from '../../model/installation.ts';
import { afterQuiet } from '../../model/quiet.ts';
import { spanAt } from '../../model/quiet-spans.ts';
import { beginOf, expiryIn } from '../../model/timing.ts';
import { countedZone, isInWave, type Turn, turnIn } from '../../model/waves.ts';
import type { FoundRecipient, Ports, ShardOfDevice } from '../../ports/ports.ts';
import { movedSince } from '../plan/movers.ts';
import { timingOf } from '../plan/timing.ts';

/** What the policy of its app, as it is now, makes of a device's time zone. Times are ms since the epoch. */
export interface DeviceTime {
  /** the zone that counts for it, in words */
  zone: string;
  /** when it is sent to, if the campaign has not begun */
  turn: Turn;
  /** when the quiet hours end in which it is now; null: it is in none */
  quietUntil: number | null;
}

/** Null: the campaign is sent to all together. Throws when the store fails. */
export async function deviceTime(
  ports: Pick<Ports, 'store' | 'now' | 'offsetAt'>,
  campaign: Campaign,
  timeZone: string | undefined,
): Promise<DeviceTime | null> {
  const { now, offsetAt: offset = offsetAt } = ports;
  const timing = await timingOf(ports, campaign, Math.max(now(), beginOf(campaign)));
  if (timing === null) return null;
  const { quiet, defaultZone } = timing;
  const zone = countedZone(timeZone, defaultZone, offset);
  const until = quiet ? afterQuiet(quiet, zone, now(), offset) : now();
  return {
    zone: zone === timeZone ? zone : `${zone} (the default of its app)`,
    turn: turnIn(timing, zone, offset),
    quietUntil: until > now() ? until : null,
  };
}

/**
 * When a push to a device expires, as its provider was told or would be now, by its zone as it is now; in ms
 * since the epoch.
 */
export function endOf(
  { now, offsetAt: offset = offsetAt }: Pick<Ports, 'now' | 'offsetAt'>,
  campaign: Campaign,
  it: FoundRecipient,
  zone: string | undefined,
): number {
  const at = it.state === 'open' ? now() : (it.claimedAt ?? now());
  const end = expiryIn(it, campaign, { zone, now: at, offset });
  if (!it.quiet) return end;
  const { isQuiet, to } = spanAt(it.quiet, zone, at, offset);
  return isQuiet ? end : Math.min(end, to);
}

/** Whether it changed its zone after the campaign began, or shortly before. */
export const hasMoved = (campaign: Campaign, { movedAt = 0 }: Pick<Installation, 'movedAt'>) =>
  campaign.waves !== undefined && movedAt >= movedSince(campaign);

/** Those of the shards in whose wave the device is, by its zone as it is now. */
export const shardsFor = (
  shards: readonly ShardOfDevice[],
  campaign: Campaign,
  it: Pick<Installation, 'timeZone' | 'movedAt'>,
): ShardOfDevice[] =>
  shards.filter(({ wave }) => {
    if (!wave) return true;
    return wave.zones === 'movers' ? hasMoved(campaign, it) : isInWave(wave.zones, it.timeZone);
  });
