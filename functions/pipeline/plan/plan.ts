/**
 * plan: cuts a campaign into shards.
 *
 * Planning reads nothing but an estimate of the size before the first task is queued: buckets are
 * uniform, so the shards' ranges are arithmetic. `shard.ts` then reads each range.
 */

import { type Campaign, isClosed, targetOf } from '../../model/campaign.ts';
import { shardsFor } from '../../model/sizes.ts';
import { canaryTask, planTask, shardTask, startTasks } from '../../model/tasks.ts';
import { LOST_AFTER_MS, plannedAt } from '../../model/timing.ts';
import type { Ports } from '../../ports/ports.ts';
import { sizeOf } from '../audience/pages.ts';
import { isWatched, waitsForCanary } from '../canary.ts';
import { announce, leaveToSweep } from '../complete.ts';
import { isHeldBack } from '../control/app-pause.ts';
import { redrive } from '../control/control.ts';
import { wakeSenders, warmSenders } from '../wake.ts';
import { cut } from './cut.ts';
import { planShard } from './shard.ts';
import { isOneMessage, retriesFailures } from './targets.ts';
import { isList, timingOf } from './timing.ts';
import { wavesFor } from './waves.ts';

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
    if (shards === null && (await wasMoved(ports, campaignId))) return;
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

/** True if the campaign was moved to another time while it was planned. It is queued for that time then. */
async function wasMoved({ store, queue, now }: Ports, id: string): Promise<boolean> {
  const campaign = await store.getCampaign(id);
  if (campaign?.state !== 'scheduled') return false;
  await queue.create(startTasks(campaign, now(), `-moved-${now()}`));
  return true;
}

/**
 * Stores the shards and starts the campaign. Returns their number; null: another task started it, or it was
 * moved to another time.
 */
async function start(ports: Ports, campaign: Campaign): Promise<number | null> {
  const { store, log, now } = ports;
  const { id, app, canary, schedule } = campaign;
  const target = targetOf(campaign);
  const isRetry = retriesFailures(campaign);
  // a count would be waited for before the first push; waves show how many each of them has
  const isRough = isList(campaign) || (await timingOf(ports, campaign)) === null;
  const estimate = isRetry ? 1 : await sizeOf(store, app, target, isRough);
  const inWaves = await wavesFor(ports, campaign, target, estimate);
  const percent = isOneMessage(campaign) || isRetry ? undefined : canary?.percent;
  const parts = shardsFor(estimate);
  const {
    shards,
    waves = undefined,
    canaryShards = undefined,
  } = inWaves ?? { shards: cut(parts, percent) };
  // each wave looks at a part of the installations
  const isExact =
    !isRetry &&
    !waves &&
    target.kind === 'installations' &&
    store.countsExactly(target.audience, estimate);
  const expected = isExact ? estimate : undefined;
  const size = { expected, ...(waves && { waves, parts, canaryShards }) };
  const started = { id, shards, schedule, ...size, dueAt: now() + LOST_AFTER_MS, at: now() };
  if (!(await store.startCampaign(started))) return null;
  log.campaignPlanned({ campaignId: id, shards: shards.length, estimate });
  return shards.length;
}

/** Queues the open shards: only those of the canary while it is watched, and then the watch too. */
async function queueShards({ store, queue, now }: Ports, { id, canary }: Campaign) {
  const open = await store.openShards(id);
  const current = canary ? await store.getCampaign(id) : null;
  const begun = open.filter((it) => !current || !waitsForCanary(current, it.index));
  await queue.create(begun.map((it) => shardTask(id, it.index, 'first', plannedAt(it))));
  if (current && isWatched(current)) await queue.create([canaryTask(id, null, now())]);
}
