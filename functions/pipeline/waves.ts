/** waves: how far each wave of a campaign is, by its shards. */

import { type Campaign, noCounts, type Sums, sumsOf } from '../model/campaign.ts';
import type { Shard, ShardWave } from '../model/chunk.ts';
import { addCounts } from '../model/counts.ts';
import type { Ports } from '../ports/ports.ts';
import { countsOf } from './costs.ts';

/**
 * waiting   nothing of it is read yet
 * planning  its recipients are being read and frozen
 * sending   all are frozen, and some wait for their time or their outcome
 * done      nothing is left to do
 */
export const waveStates = ['waiting', 'planning', 'sending', 'done'] as const;
type WaveState = (typeof waveStates)[number];

export interface WaveProgress extends Omit<ShardWave, 'index' | 'of' | 'part'> {
  state: WaveState;
  counts: Sums;
}

/** The waves of a campaign with these shards, in order. */
function wavesIn(shards: readonly Shard[]): WaveProgress[] {
  const byWave = Map.groupBy(shards, ({ wave }) => wave?.index);
  return [...byWave.values()].flatMap((those) => {
    const { wave } = those[0]!;
    if (!wave) return [];
    const { at, isHeld, isLate, zones } = wave;
    const counts = sumsOf(those.map((it) => it.counts).reduce(addCounts));
    return [{ at, isHeld, isLate, zones, state: stateOf(those), counts }];
  });
}

function stateOf(shards: readonly Shard[]): WaveState {
  if (shards.every((it) => it.planned))
    return shards.every((it) => it.chunksDone === it.chunks) ? 'done' : 'sending';
  return shards.some((it) => it.planned || it.pages > 0) ? 'planning' : 'waiting';
}

export interface Standing {
  counts: Sums;
  /** [] if it has none, or they are deleted by their age */
  waves: WaveProgress[];
}

/** The counts of a campaign, with its waves: a read a shard on Firestore, unless it is closed and has none. */
export async function standingOf(
  store: Pick<Ports['store'], 'counts' | 'listShards'>,
  campaign: Campaign,
): Promise<Standing> {
  if (!campaign.waves) return { counts: await countsOf(store, campaign), waves: [] };
  const shards = await store.listShards(campaign.id);
  const counts = campaign.sums ?? shards.map((it) => it.counts).reduce(addCounts, noCounts());
  return { counts, waves: wavesIn(shards) };
}
