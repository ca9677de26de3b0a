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
import type { Shard, ShardWave } from '../../model/chunk.ts';
import type { Reached } from '../../model/installation.ts';
import { EARLY_MS, WAVE_AHEAD_MS } from '../../model/timing.ts';
import type { Ports } from '../../ports/ports.ts';

/**
 * Who changed the zone so long (ms) before a campaign began is a mover too. A store says by its own clock when
 * that was, some minutes before it is written.
 */
const CLOCKS_MS = 60 * 60 * 1000;
/** A wave that begins in less (ms) may have begun by the clock of another planner. */
const NEAR_MS = 5 * 60 * 1000;
/** The last shard looks so often (ms) whether all others are planned. */
const LOOK_EVERY_MS = 60 * 1000;

/** From when on a device that has changed its zone is a mover, in ms since the epoch. */
export const movedSince = ({ createdAt, schedule }: Campaign): number =>
  Math.max(createdAt, schedule?.at ?? 0) - CLOCKS_MS;

/** The other waves of a campaign, as one of them finds them. */
export interface Others {
  /** until when none of them can be under way, in ms since the epoch */
  until: number;
  /** the places of those that are planned */
  planned: number[];
}

/** A shard is planned once and for ever, so what this gives stays true. */
export async function othersOf(
  { store }: Pick<Ports, 'store'>,
  { id, waves = [] }: Pick<Campaign, 'id' | 'waves'>,
  own: ShardWave,
): Promise<Others> {
  const open = (await store.openShards(id)).flatMap(({ wave }) => wave ?? []);
  const before = open.filter((it) => it.zones !== 'movers' && it.index !== own.index);
  const rest = new Set([own.index, ...open.map((it) => it.index)]);
  return {
    until: Math.min(...before.map((it) => it.at)) - WAVE_AHEAD_MS - NEAR_MS,
    planned: waves.flatMap((_, place) => (rest.has(place) ? [] : place)),
  };
}

/**
 * The installations of a page of a wave that the wave sends to. `others`: asked for where there is a mover.
 * Throws when the store fails.
 */
export async function withoutMovers(
  { store, now }: Pick<Ports, 'store' | 'now'>,
  campaign: Campaign,
  { installations, others }: { installations: Reached[]; others: () => Promise<Others> },
): Promise<Reached[]> {
  const since = movedSince(campaign);
  const movers = installations.filter((it) => (it.movedAt ?? 0) >= since);
  if (movers.length === 0) return installations;
  const ids = movers.map((it) => it.id);
  const { until, planned } = await others();
  const isAlone = now() < until;
  const left = isAlone ? await store.frozenAmong(campaign.id, ids, planned) : new Set(ids);
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
