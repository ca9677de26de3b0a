/**
 * waves: a campaign with a local time, or in an app with quiet hours, is planned in waves. Each has shards of
 * its own over the whole bucket space, which are read shortly before its time: so a token, an opt-out or a
 * cap is as it is then, and not as it was a day before.
 *
 * Rejected: to group the recipients of a page by their time. Of a million that makes 20,000 small chunks, and
 * all of them are read at the start.
 */

import { offsetAt } from '../../lib/wall-clock.ts';
import type { Campaign, Target } from '../../model/campaign.ts';
import type { ShardWave } from '../../model/chunk.ts';
import type { Audience } from '../../model/schemas/audience.ts';
import { isInWave, type Wave, type WaveZones, wavesOf } from '../../model/waves.ts';
import type { Ports } from '../../ports/ports.ts';
import { type Cut, cutWaves } from './cut.ts';
import { isList, timingOf } from './timing.ts';

type Whole = Extract<Target, { kind: 'installations' }>;

/**
 * The shards of a campaign's waves, by the policy and the zones of its app as they are now. Null: all are
 * sent to immediately, or wait in their chunks. `size`: about how many installations the audience has. Throws
 * when the store fails.
 */
export async function wavesFor(
  ports: Ports,
  campaign: Campaign,
  target: Target,
  size: number,
): Promise<Cut | null> {
  const { store, now, offsetAt: offset = offsetAt } = ports;
  if (target.kind !== 'installations' || isList(campaign)) return null;
  const timing = await timingOf(ports, campaign);
  if (timing === null) return null;
  const waves = wavesOf(timing, await store.zonesOf(campaign.app), offset);
  const [first] = waves;
  if (waves.length === 1 && !first!.isLate && first!.at <= now()) return null;
  const sizes = await sizesOf(ports, campaign, target, { waves, size });
  return cutWaves(waves, { whole: size, sizes, percent: campaign.canary?.percent });
}

/** About how many installations each wave has, by a sample. */
async function sizesOf(
  { store }: Ports,
  { app }: Campaign,
  { audience }: Whole,
  { waves, size }: { waves: Wave[]; size: number },
): Promise<number[]> {
  const { installations } = await store.sampleAudience({ app, audience, carried: ['timeZone'] });
  const each = size / Math.max(1, installations.length);
  const byZone = [...Map.groupBy(installations, (it) => it.timeZone)];
  const sizeIn = (zones: WaveZones) =>
    byZone.reduce((sum, [zone, those]) => sum + (isInWave(zones, zone) ? those.length : 0), 0);
  return waves.map(({ zones }) => each * sizeIn(zones));
}

/** Of an audience, those that are in the zones of a wave. */
export function audienceIn(audience: Audience, zones: ShardWave['zones']): Audience {
  if (zones === 'movers') return audience;
  if ('in' in zones) return { and: [audience, { timeZone: zones.in }] };
  return zones.except.length === 0
    ? audience
    : { and: [audience, { not: { timeZone: zones.except } }] };
}
