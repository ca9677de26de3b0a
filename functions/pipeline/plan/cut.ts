/** cut: the bucket space in shards. Buckets are uniform, so their ranges are arithmetic. */

import { BUCKETS, type BucketRange } from '../../model/bucket.ts';
import type { WaveShards } from '../../model/campaign.ts';
import { LOOKED_THROUGH, shardsFor } from '../../model/sizes.ts';
import type { Wave } from '../../model/waves.ts';
import type { PlannedShard } from '../../ports/ports.ts';

/**
 * The bucket space in `parts` equal ranges; a canary's `percent` of it is one more range, the first, and
 * is left out of the others.
 */
export function cut(parts: number, percent = 0): BucketRange[] {
  const start = Math.floor((BUCKETS * percent) / 100);
  const width = BUCKETS / parts;
  const rest = Array.from({ length: parts }, (_, i) => ({
    from: Math.max(start, width * i),
    to: width * (i + 1),
  })).filter((it) => it.from < it.to);
  return start > 0 ? [{ from: 0, to: start }, ...rest] : rest;
}

export interface Cut {
  shards: PlannedShard[];
  waves: WaveShards[];
  /** the number of the first shards that are the canary, if there is one */
  canaryShards: number;
}

/**
 * The shards of all waves. `whole`: about how many installations the audience has; `sizes`: of each wave.
 * The canary's `percent` of them are the first waves, and a share of the one in which that number is reached:
 * a first wave of few devices would say little. If there is more than one wave, a last shard is for devices
 * that change their zone in between.
 */
export function cutWaves(
  waves: readonly Wave[],
  {
    whole,
    sizes,
    percent = 0,
  }: { whole: number; sizes: readonly number[]; percent?: number | undefined },
): Cut {
  // devices that are late and skipped are no canary
  const inOrder = waves
    .map((wave, i) => ({ wave, size: sizes[i] ?? 0 }))
    .sort((a, b) => Number(a.wave.isLate) - Number(b.wave.isLate));
  const sent = inOrder.reduce((sum, { wave, size }) => sum + (wave.isLate ? 0 : size), 0);
  let missing = percent > 0 ? Math.max(1, (sent * percent) / 100) : 0;
  let canaryShards = 1;
  const shards: PlannedShard[] = [];
  const cuts: WaveShards[] = [];
  for (const [index, { wave, size }] of inOrder.entries()) {
    const parts = Math.max(shardsFor(size), Math.floor(shardsFor(whole) / LOOKED_THROUGH));
    // none of the sample is one at least
    const least = Math.max(1, size);
    const share = wave.isLate ? 0 : Math.max(0, missing / least);
    const ranges = cut(parts, share < 1 ? 100 * share : 0);
    if (share > 0) canaryShards = shards.length + (share < 1 ? 1 : ranges.length);
    missing -= least;
    cuts.push({ at: wave.at, shards: ranges.length, size: Math.round(size) });
    for (const [part, range] of ranges.entries())
      shards.push({ ...range, wave: { ...wave, index, of: ranges.length, part } });
  }
  if (waves.length < 2) return { shards, waves: cuts, canaryShards };
  const at = Math.max(...waves.map((it) => it.at));
  const movers = { at, isHeld: false, isLate: false, zones: 'movers' as const };
  const wave = { ...movers, index: waves.length, of: 1, part: 0 };
  return {
    shards: [...shards, { from: 0, to: BUCKETS, wave }],
    waves: [...cuts, { at, shards: 1 }],
    canaryShards,
  };
}
