/** waves: how far each wave of a campaign is, by its shards. */

import {
  type Campaign,
  type Counts,
  noCounts,
  type Sums,
  sumsOf,
  type WaveShards,
} from '../model/campaign.ts';
import type { Shard, ShardWave } from '../model/chunk.ts';
import { addCounts } from '../model/counts.ts';
import { plannedAt } from '../model/timing.ts';
import type { Ports } from '../ports/ports.ts';
import { countsOf } from './costs.ts';

/**
 * waiting   nothing of it is read yet
 * planning  its recipients are being read and frozen
 * sending   all are frozen, and some wait for their time or their outcome
 * done      nothing is left to do
 * cancelled its campaign was cancelled before it was read
 */
export const waveStates = ['waiting', 'planning', 'sending', 'done', 'cancelled'] as const;
type WaveState = (typeof waveStates)[number];

export interface WaveProgress extends Omit<ShardWave, 'index' | 'of' | 'part'> {
  state: WaveState;
  counts: Sums;
  /** about how many installations it has (`WaveShards.size`) */
  size?: number | undefined;
}

/** The waves of a campaign with these shards: the earliest first, and last the one of movers. */
function wavesIn(shards: readonly Shard[], cuts: readonly WaveShards[]): WaveProgress[] {
  const byWave = Map.groupBy(shards, ({ wave }) => wave?.index);
  const waves = [...byWave.values()].flatMap((those) => {
    const { wave } = those[0]!;
    if (!wave) return [];
    const { at, isHeld, isLate, zones, index } = wave;
    const { size } = cuts[index] ?? {};
    const counts = sumsOf(those.map((it) => it.counts).reduce(addCounts));
    return [{ at, isHeld, isLate, zones, state: stateOf(those), counts, size }];
  });
  const isLast = ({ zones }: WaveProgress) => Number(zones === 'movers');
  return waves.sort((a, b) => isLast(a) - isLast(b) || a.at - b.at);
}

function stateOf(shards: readonly Shard[]): WaveState {
  if (shards.every(isUnread)) return 'cancelled';
  if (shards.every((it) => it.planned))
    return shards.every((it) => it.chunksDone === it.chunks) ? 'done' : 'sending';
  return shards.some((it) => it.planned || it.pages > 0) ? 'planning' : 'waiting';
}

/** A wave is planned before its time only if it is cancelled, which closes it without reading it. */
const isUnread = (it: Shard) =>
  it.planned && it.chunks === 0 && (it.plannedAt ?? 0) < (plannedAt(it) ?? 0) - CLOCKS_MS;

/** Clocks of instances may differ by so much, in ms. */
const CLOCKS_MS = 60 * 1000;

export interface Standing<T extends Sums = Sums> {
  counts: T;
  /** [] if it has none, or they are deleted by their age */
  waves: WaveProgress[];
}

type Reader = Pick<Ports['store'], 'counts' | 'listShards'>;

/** The sums of a campaign, with its waves: a read a shard on Firestore, unless it is closed and has none. */
export async function standingOf(store: Reader, campaign: Campaign): Promise<Standing> {
  if (!campaign.waves) return { counts: await countsOf(store, campaign), waves: [] };
  const { counts, waves } = await talliedOf(store, campaign);
  return { counts: campaign.sums ?? counts, waves };
}

/** The same with all that is counted: a read a shard on Firestore. */
export async function talliedOf(
  store: Reader,
  { id, waves }: Pick<Campaign, 'id' | 'waves'>,
): Promise<Standing<Counts>> {
  if (!waves) return { counts: await store.counts(id), waves: [] };
  const shards = await store.listShards(id);
  return {
    counts: shards.map((it) => it.counts).reduce(addCounts, noCounts()),
    waves: wavesIn(shards, waves),
  };
}
