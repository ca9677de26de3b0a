/**
 * canary: the first shard of a campaign goes ahead, the others wait for what becomes of it. Buckets
 * are uniform, so a range of them is a fair sample, and the rest needs no bookkeeping.
 *
 * One task looks, and queues itself for the next look. Lost, it is begun again by the sweep: the
 * campaign stays due until its canary has passed.
 */

import { canaryTask, held, redriveTask, type TaskBody } from '../../model/tasks.ts';
import type { Ports } from '../../ports/ports.ts';
import { pause } from '../control/control.ts';
import { stopsCanary } from './failure-guard.ts';

/** A canary of 1,000 is sent within a second or two. */
const LOOK_EVERY_MS = 2_000;
/** A task that comes this early, by our clock, is on time: it could not be queued by its name again. */
const CLOCKS_MS = 1_000;

export async function watchCanary(
  ports: Ports,
  { campaignId, since }: Extract<TaskBody, { kind: 'canary' }>,
): Promise<void> {
  const { store, queue, now } = ports;
  const campaign = await store.getCampaign(campaignId);
  // paused: a resume has it watched again
  if (campaign?.state !== 'running' || !campaign.canary) return;
  // the process that let it pass may have died after that
  if (campaign.guard === undefined) return queue.create([redriveTask(campaignId, 'canary')]);
  if (campaign.guard !== 'canary') return;
  const shard = await store.getShard(campaignId, 0);
  if (!shard) return;
  const ended = shard.planned && shard.chunks === shard.chunksDone;
  const stops = stopsCanary(campaign, shard.counts, ended);
  if (stops !== null) {
    await pause(ports, campaignId, stops);
    return;
  }
  if (!ended) {
    // two that look, look together
    const next = LOOK_EVERY_MS * (1 + Math.floor(now() / LOOK_EVERY_MS));
    return queue.create([canaryTask(campaignId, null, next)]);
  }
  const heldSince = since ?? now();
  const holdUntil = heldSince + campaign.canary.holdSeconds * 1000;
  if (now() + CLOCKS_MS < holdUntil) {
    const task = held(heldSince);
    if (campaign.task !== task) await store.noteTasks([{ kind: 'campaign', campaignId, task }]);
    return queue.create([canaryTask(campaignId, heldSince, holdUntil)]);
  }
  // a process that dies after this is followed by the same task, or by the sweep
  if (await store.passCanary(campaignId, now(), 'the canary has passed'))
    await queue.create([redriveTask(campaignId, 'canary')]);
}
