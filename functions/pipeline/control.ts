/** cancel, resume, and what both need: putting all open work back on its queues. */

import type { OpenChunk, Ports } from '../ports.ts';
import type { Campaign, CampaignState } from './campaign.ts';
import { announce, leaveToSweep } from './complete.ts';
import { redriveTask, sendTask, shardTask } from './tasks.ts';
import { expiryOf, LOST_AFTER_MS } from './timing.ts';

export type Controlled =
  | { kind: 'ok'; campaign: Campaign }
  | { kind: 'missing' }
  /** not from the state it is in */
  | { kind: 'illegal'; campaign: Campaign };

/** Stops what has not been sent. The rest is counted as skipped, then the ledger closes. */
export const cancel = (ports: Ports, id: string) =>
  move(ports, id, ['accepted', 'running', 'paused'], 'cancelling');

/** Goes on after a pause, once what was at fault is mended. */
export const resume = (ports: Ports, id: string) => move(ports, id, ['paused'], 'running');

async function move(
  { store, queue, now }: Ports,
  id: string,
  from: CampaignState[],
  to: CampaignState,
): Promise<Controlled> {
  const moved = await store.moveCampaign(id, from, to, null);
  const campaign = moved ?? (await store.getCampaign(id));
  if (!campaign) return { kind: 'missing' };
  if (campaign.state !== to) return { kind: 'illegal', campaign };
  // asked twice, too: the first may have died before it queued the rest
  await queue.create([redriveTask(id, `${to}-${now()}`)]);
  return { kind: 'ok', campaign };
}

/**
 * Queues every shard and chunk that is still open. Those of a paced campaign get new slots from now
 * on, where theirs have passed.
 */
export async function redrive({ store, queue, now }: Ports, id: string, why: string) {
  const campaign = await store.getCampaign(id);
  if (!campaign) return;
  const shards = await store.openShards(id);
  await queue.create(shards.map((it) => shardTask(id, it.index, why)));
  const perMs =
    campaign.state === 'running' && campaign.rate ? campaign.rate.perMinute / 60_000 : 0;
  let queued = 0;
  for await (const chunks of store.openChunks(id, null)) {
    const slots = perMs > 0 ? chunks.map(nextSlot) : null;
    if (slots)
      await store.moveChunks(
        slots.map((notBefore, i) => ({
          chunkId: chunks[i]!.chunkId,
          notBefore,
          expiresAt: expiryOf(campaign, notBefore),
          dueAt: notBefore + LOST_AFTER_MS,
        })),
      );
    await queue.create(chunks.map((it, i) => sendTask(it, why, slots?.[i])));
  }

  function nextSlot({ notBefore, size }: OpenChunk): number {
    const slot = Math.max(notBefore, Math.floor(now() + queued / perMs));
    queued += size;
    return slot;
  }
}

/** Our configuration is at fault: nothing more is sent until somebody resumes it. */
export async function pause(ports: Ports, campaignId: string, reason: string) {
  const { store, log, now } = ports;
  if (!(await store.moveCampaign(campaignId, ['running'], 'paused', reason, now()))) return;
  log.campaignPaused({ campaignId, reason });
  await announce(ports, campaignId).catch(leaveToSweep(ports, campaignId));
}
