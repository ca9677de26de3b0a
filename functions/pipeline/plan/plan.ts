/**
 * plan: cuts a campaign into shards.
 *
 * Planning reads nothing but an estimate of the size before the first task is queued: buckets are
 * uniform, so the shards' ranges are arithmetic. `shard.ts` then reads each range.
 */

import { BUCKETS, type BucketRange } from '../../model/bucket.ts';
import { type Campaign, isClosed, targetOf } from '../../model/campaign.ts';
import { shardsFor } from '../../model/sizes.ts';
import { canaryTask, planTask, shardTask, startTasks } from '../../model/tasks.ts';
import { LOST_AFTER_MS } from '../../model/timing.ts';
import type { Ports } from '../../ports/ports.ts';
import { sizeOf } from '../audience/pages.ts';
import { announce, leaveToSweep } from '../complete.ts';
import { isHeldBack } from '../control/app-pause.ts';
import { redrive, waitsForCanary } from '../control/control.ts';
import { wakeSenders, warmSenders } from '../wake.ts';
import { isOneMessage, planShard, retriesFailures } from './shard.ts';

/**
 * Cuts a campaign into shards, once, and queues a task for each; a task that is delivered again only
 * queues them again. A campaign of one shard is planned to its end here. `signal` fires when the worker
 * must end: `planShard` then throws between two pages. Throws when the store or the queue fails.
 */
export async function plan(ports: Ports, campaignId: string, signal: AbortSignal): Promise<void> {
  const { store, queue, now } = ports;
  const campaign = await store.getCampaign(campaignId);
  if (!campaign || isClosed(campaign.state)) return;
  if (campaign.shards === 0) {
    const { state, schedule } = campaign;
    if (state === 'paused') return;
    // the process that accepted it sends it
    const { sending } = campaign;
    if (sending && now() < sending.until)
      return queue.create([planTask(campaignId, `sending-${sending.until}`, sending.until)]);
    // the task was made for an earlier time, or the sweep made it ahead of a time far away
    if (state === 'scheduled' && schedule && now() < schedule.at) {
      await queue.create(startTasks(campaign, now(), `-early-${now()}`));
      return wakeSenders(ports, campaign);
    }
    if (state !== 'cancelling' && (await isHeldBack(ports, campaign))) return;
    void warmSenders(ports, campaign);
    const shards = await start(ports, campaign);
    if (shards !== null) {
      const first = shards === 1 && planShard(ports, campaignId, 0, signal);
      // publishes the acceptance too: the answer to the request does not wait for that
      const told = announce(ports, campaignId).catch(leaveToSweep(ports, campaignId));
      if (first) return first.finally(() => told);
      await told;
    }
  }
  if (campaign.state === 'cancelling') return redrive(ports, campaignId, 'cancelled');
  await queueShards(ports, campaign);
}

/** Stores the shards and starts the campaign. Returns their number; null: another task started it. */
async function start({ store, log, now }: Ports, campaign: Campaign): Promise<number | null> {
  const { id, app, canary } = campaign;
  const target = targetOf(campaign);
  const isRetry = retriesFailures(campaign);
  const estimate = isRetry ? 1 : await sizeOf(store, app, target);
  const shards = cut(
    shardsFor(estimate),
    isOneMessage(campaign) || isRetry ? undefined : canary?.percent,
  );
  const isExact =
    !isRetry && target.kind === 'installations' && store.countsExactly(target.audience, estimate);
  const expected = isExact ? estimate : undefined;
  if (
    !(await store.startCampaign({ id, shards, dueAt: now() + LOST_AFTER_MS, at: now(), expected }))
  )
    return null;
  log.campaignPlanned({ campaignId: id, shards: shards.length, estimate });
  return shards.length;
}

/** Queues the open shards: only the first while the canary is watched, and then the watch too. */
async function queueShards({ store, queue, now }: Ports, { id, canary }: Campaign) {
  const open = await store.openShards(id);
  const current = canary ? await store.getCampaign(id) : null;
  const waits = current !== null && waitsForCanary(current);
  const begun = open.filter((shard) => shard.index === 0 || !waits);
  await queue.create(begun.map((shard) => shardTask(id, shard.index)));
  if (waits) await queue.create([canaryTask(id, null, now())]);
}

/**
 * The bucket space in `parts` equal ranges; a canary's `percent` of it is one more range, the first, and
 * is left out of the others.
 */
function cut(parts: number, percent = 0): BucketRange[] {
  const start = Math.floor((BUCKETS * percent) / 100);
  const width = BUCKETS / parts;
  const rest = Array.from({ length: parts }, (_, i) => ({
    from: Math.max(start, width * i),
    to: width * (i + 1),
  })).filter((it) => it.from < it.to);
  return start > 0 ? [{ from: 0, to: start }, ...rest] : rest;
}
