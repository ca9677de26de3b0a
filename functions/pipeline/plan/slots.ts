/** slots: when the chunks of a campaign with a rate of its own may leave. */

import type { Campaign } from '../../model/campaign.ts';
import type { Recipient, Shard } from '../../model/chunk.ts';
import { beginOf } from '../../model/timing.ts';
import type { Ports } from '../../ports/ports.ts';

/** Chunks a minute, at least, into which a campaign's own rate is divided, so that its pace is even. */
const PACED_CHUNKS_A_MINUTE = 6;

/**
 * When the slots of a shard begin, in ms since the epoch: with its wave, or later, when what earlier waves
 * have frozen has left at the campaign's rate. Throws when the store fails.
 */
export async function slotsBegin(
  { store }: Pick<Ports, 'store'>,
  campaign: Campaign,
  { wave }: Pick<Shard, 'wave'>,
): Promise<number> {
  const begin = beginOf(campaign);
  if (!campaign.rate || !wave) return begin;
  const before = (await store.listShards(campaign.id))
    .filter((it) => it.wave && it.wave.index < wave.index && !it.wave.isLate)
    .sort((a, b) => a.wave!.at - b.wave!.at);
  let end = begin;
  for (const { wave: earlier, counts } of before)
    end = Math.max(end, earlier!.at) + (counts.recipients / campaign.rate.perMinute) * 60_000;
  return Math.max(end, wave.at);
}

/**
 * A campaign's own rate, shared evenly by its shards, or by those of a wave. `size`: recipients of a chunk.
 * `at`: when the chunk that follows `frozen` recipients of its shard may leave, in ms since the epoch, if
 * nothing of it may before `turn`. Each shard begins a little after the one before it, so that their chunks
 * do not leave together. `pass`: when so many ms have passed since a time; where it is quiet, none do, or what
 * has its slot in the night would leave all together in the morning.
 */
export function slotsOf(
  { shards }: Pick<Campaign, 'shards'>,
  perMinute: number,
  { index, wave }: Pick<Shard, 'index' | 'wave'>,
  begin: number,
  pass = (from: number, ms: number, _first: Recipient) => from + ms,
) {
  const [parts, part] = wave ? [wave.of, wave.part] : [shards, index];
  const perShard = perMinute / parts;
  const offset = (part / parts) * (60_000 / PACED_CHUNKS_A_MINUTE);
  return {
    size: Math.max(1, Math.floor(perShard / PACED_CHUNKS_A_MINUTE)),
    at: (frozen: number, first: Recipient, turn = 0) =>
      Math.floor(pass(Math.max(begin, turn), offset + (frozen / perShard) * 60_000, first)),
  };
}
