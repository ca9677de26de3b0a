/**
 * movers: devices that change their time zone while a campaign goes from zone to zone. One may be sent to
 * already, and move to a zone whose wave is yet to come; or move to one whose wave is over.
 *
 * A wave reads a mover as one, since its zone and when it changed are written together. It sends to it only if
 * no other wave can be under way: all that are planned have frozen what they read, and those that are not begin
 * later, and will read it as a mover too. So what the campaign has frozen tells whether it was sent to. All
 * others are left to the last shard, which is planned when all others are.
 *
 * Rejected: a claim for each mover. Each page of each wave would have to look for the claims of others.
 */

import type { Campaign } from '../../model/campaign.ts';
import type { Shard } from '../../model/chunk.ts';
import type { Reached } from '../../model/installation.ts';
import { DAY_MS, EARLY_MS, WAVE_AHEAD_MS } from '../../model/timing.ts';
import type { Ports } from '../../ports/ports.ts';

/**
 * Who changed the zone so long (ms) before a campaign began is a mover too. A store says by its own clock when
 * that was.
 */
const CLOCKS_MS = DAY_MS;
/** A wave that begins in less (ms) may have begun by the clock of another planner. */
const NEAR_MS = 5 * 60 * 1000;
/** The last shard looks so often (ms) whether all others are planned. */
const LOOK_EVERY_MS = 60 * 1000;

/** From when on a device that has changed its zone is a mover, in ms since the epoch. */
export const movedSince = ({ createdAt, schedule }: Campaign): number =>
  Math.max(createdAt, schedule?.at ?? 0) - CLOCKS_MS;

/**
 * Until when (ms since the epoch) no other wave than that of `shard` can be under way. A shard is planned once
 * and for ever, so this stays true.
 */
export async function aloneUntil(
  { store }: Pick<Ports, 'store'>,
  { campaignId, wave }: Shard,
): Promise<number> {
  const others = (await store.openShards(campaignId)).flatMap((it) =>
    it.wave && it.wave.zones !== 'movers' && it.wave.index !== wave?.index ? [it.wave.at] : [],
  );
  return Math.min(...others) - WAVE_AHEAD_MS - NEAR_MS;
}

/**
 * The installations of a page of a wave that the wave sends to. Throws when the store fails.
 */
export async function withoutMovers(
  { store, now }: Pick<Ports, 'store' | 'now'>,
  campaign: Campaign,
  { installations, until }: { installations: Reached[]; until: () => Promise<number> },
): Promise<Reached[]> {
  const since = movedSince(campaign);
  const movers = installations.filter((it) => (it.movedAt ?? 0) >= since);
  if (movers.length === 0) return installations;
  const ids = movers.map((it) => it.id);
  const left = now() < (await until()) ? await store.frozenAmong(campaign.id, ids) : new Set(ids);
  return installations.filter((it) => !left.has(it.id));
}

/**
 * When the shard of the movers may be planned: null if it may be now, else a time on a grid, so that two
 * planners queue the same task.
 */
export async function moversWaitUntil(
  { store, now }: Pick<Ports, 'store' | 'now'>,
  { campaignId, index }: Shard,
): Promise<number | null> {
  const open = await store.openShards(campaignId);
  if (open.every((it) => it.index === index)) return null;
  return LOOK_EVERY_MS * (1 + Math.floor((now() + EARLY_MS) / LOOK_EVERY_MS));
}
