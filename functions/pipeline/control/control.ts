/** control: pauses, resumes, cancels and reschedules a campaign, and queues its open work again. */

import {
  type Campaign,
  type CampaignState,
  type CampaignTime,
  isClosed,
  SYSTEM,
} from '../../model/campaign.ts';
import type { OpenChunk, Shard } from '../../model/chunk.ts';
import {
  canaryTask,
  planTask,
  redriveTask,
  sendTask,
  shardTask,
  startTasks,
} from '../../model/tasks.ts';
import { expiryOf, LOST_AFTER_MS, plannedAt, startDueAt } from '../../model/timing.ts';
import type { Ports } from '../../ports/ports.ts';
import { isWatched, waitsForCanary } from '../canary.ts';
import { announce, leaveToSweep } from '../complete.ts';
import { OVERRULED } from '../send/failure-guard.ts';
import { wakeSenders } from '../wake.ts';
import { anyWaits, chunkTasks, shardTasks } from './waiting.ts';

export type Controlled =
  | { kind: 'ok'; campaign: Campaign }
  | { kind: 'missing' }
  /** not allowed in the state that the campaign is in */
  | { kind: 'illegal'; campaign: Campaign };

/** The actions on a campaign, and the states in which each is allowed. */
const verbs: Record<string, readonly CampaignState[]> = {
  pause: ['accepted', 'running'],
  resume: ['paused'],
  cancel: ['accepted', 'scheduled', 'running', 'paused'],
  schedule: ['scheduled'],
  'retry-failures': ['completed', 'cancelled'],
};

/** The actions that are allowed in a state, as the API names them. */
export const allowedIn = (state: CampaignState) =>
  Object.keys(verbs).filter((verb) => verbs[verb]!.includes(state));

/**
 * Cancels a campaign: pushes that were not sent are counted as skipped, then the ledger closes. `by`:
 * the name of the API key or the user, for the history. Throws when the store or the queue fails;
 * asking again is harmless.
 */
export async function cancel(ports: Ports, id: string, by = SYSTEM): Promise<Controlled> {
  const { store, now } = ports;
  const closed = await store.moveCampaign({
    id,
    from: ['scheduled'],
    to: 'cancelled',
    reason: null,
    at: now(),
    by,
  });
  if (!closed) return move(ports, id, ['accepted', 'running', 'paused'], 'cancelling', by);
  await announce(ports, id).catch(leaveToSweep(ports, id));
  return { kind: 'ok', campaign: closed };
}

/**
 * Resumes a paused campaign. After a pause by the failure guard or the canary, it also turns that guard
 * off: the operator has seen its reason. Throws when the store or the queue fails; asking again is
 * harmless.
 */
export async function resume(ports: Ports, id: string, by = SYSTEM): Promise<Controlled> {
  const campaign = await ports.store.getCampaign(id);
  if (!campaign) return { kind: 'missing' };
  const to = campaign.shards === 0 ? 'accepted' : 'running';
  if (to === 'accepted' && campaign.state !== 'paused') return { kind: 'illegal', campaign };
  const overrules = OVERRULED.test(campaign.reason ?? '');
  return move(ports, id, ['paused'], to, by, overrules ? 'off' : undefined);
}

async function move(
  { store, queue, now }: Ports,
  id: string,
  from: CampaignState[],
  to: CampaignState,
  by: string,
  guard?: Campaign['guard'],
): Promise<Controlled> {
  const moved = await store.moveCampaign({ id, from, to, reason: null, at: now(), by, guard });
  const campaign = moved ?? (await store.getCampaign(id));
  if (!campaign) return { kind: 'missing' };
  if (campaign.state !== to) return { kind: 'illegal', campaign };
  // also if the campaign was moved before: the process that moved it may have died here. The campaign
  // stays due until its work is queued, so the sweep queues it if this process dies too
  await queue.create([redriveTask(id, campaign.task ?? `${to}-${now()}`)]);
  return { kind: 'ok', campaign };
}

/**
 * Pauses a campaign for a person. No chunk begins after that; chunks under way stop at their next
 * checkpoint, and their outcomes are kept. Throws when the store fails.
 */
export async function pauseBy(ports: Ports, id: string, by: string): Promise<Controlled> {
  const paused = await pause(ports, id, `paused by ${by}`, by);
  const campaign = paused ?? (await ports.store.getCampaign(id));
  if (!campaign) return { kind: 'missing' };
  return { kind: campaign.state === 'paused' ? 'ok' : 'illegal', campaign };
}

/**
 * Pauses a campaign: nothing more is sent until it is resumed. Null, and nothing is changed, if its state
 * is not among `from`. `reason` is stored and shown to operators. Throws when the store fails.
 */
export async function pause(
  ports: Ports,
  campaignId: string,
  reason: string,
  by = SYSTEM,
  from: readonly CampaignState[] = verbs.pause!,
): Promise<Campaign | null> {
  const { store, log, now } = ports;
  const paused = await store.moveCampaign({
    id: campaignId,
    from,
    to: 'paused',
    reason,
    at: now(),
    by,
  });
  if (!paused) return null;
  log.campaignPaused({ campaignId, reason });
  await announce(ports, campaignId).catch(leaveToSweep(ports, campaignId));
  return paused;
}

/**
 * Moves a scheduled campaign to another time. Throws when the store or the queue fails.
 */
export async function reschedule(
  ports: Ports,
  id: string,
  time: CampaignTime,
  by: string,
): Promise<Controlled> {
  const { store, queue, now } = ports;
  const dueAt = startDueAt(time.at, now());
  const changed = await store.reschedule(id, time, dueAt, now(), by);
  const campaign = changed ?? (await store.getCampaign(id));
  if (!campaign) return { kind: 'missing' };
  if (!changed) return { kind: 'illegal', campaign };
  await Promise.all([queue.create(startTasks(campaign, now())), wakeSenders(ports, campaign)]);
  return { kind: 'ok', campaign };
}

/**
 * Queues every shard and chunk that is still open and has no task in its queue. Chunks of a paced
 * campaign get new slots from now on, where theirs have passed. `why` becomes part of the tasks' names:
 * the same `why` queues the same task once. Throws when the store or the queue fails.
 */
export async function redrive(ports: Ports, id: string, why: string) {
  const { store, queue, now } = ports;
  const campaign = await store.getCampaign(id);
  if (!campaign || isClosed(campaign.state) || campaign.state === 'paused') return;
  if (campaign.shards === 0) return queue.create([planTask(id, why)]);
  const open = await store.openShards(id);
  const shards = open.filter((it) => !waitsForCanary(campaign, it.index));
  await queueShards(ports, shards, why, campaign.state !== 'cancelling');
  if (isWatched(campaign)) await queue.create([canaryTask(id, null, now())]);
  const perMs =
    campaign.state === 'running' && campaign.rate ? campaign.rate.perMinute / 60_000 : 0;
  let queued = 0;
  for await (const chunks of store.openChunks(id, null)) {
    const waits = await anyWaits(ports, chunks.map(chunkTasks));
    const moved = chunks.map((it, i) => {
      const notBefore = perMs > 0 ? nextSlot(it) : null;
      // without a pace, a task that waits for a later time is queued again for now
      const isQueued = waits[i]! && (perMs > 0 || it.notBefore <= now());
      return { it, notBefore, isQueued };
    });
    await store.moveChunks(
      moved.map(({ it, notBefore, isQueued }) => ({
        chunkId: it.chunkId,
        dueAt: Math.max(now(), notBefore ?? 0) + LOST_AFTER_MS,
        ...(notBefore !== null && {
          slot: { notBefore, expiresAt: expiryOf(campaign, notBefore) },
        }),
        ...(!isQueued && { task: why }),
      })),
      now(),
    );
    const left = moved.filter(({ isQueued }) => !isQueued);
    await queue.create(left.map(({ it, notBefore }) => sendTask(it, why, notBefore ?? undefined)));
  }
  await store.redriven(id, why);

  function nextSlot({ notBefore, size }: OpenChunk): number {
    const slot = Math.max(notBefore, Math.floor(now() + queued / perMs));
    queued += size;
    return slot;
  }
}

/** `inWaves`: each at the time of its wave. */
async function queueShards(ports: Ports, shards: Shard[], why: string, inWaves: boolean) {
  const waits = await anyWaits(
    ports,
    shards.map((it) => shardTasks(it.campaignId, it.index, it.task)),
  );
  const at = (it: Shard) => (inWaves ? plannedAt(it) : undefined);
  // a wave that is cancelled does not wait for its time
  const isFarOff = (it: Shard) => !inWaves && (plannedAt(it) ?? 0) > ports.now();
  const left = shards.filter((it, i) => !waits[i] || isFarOff(it));
  await ports.store.noteTasks(
    left.map(({ campaignId, index }) => ({ kind: 'shard', campaignId, shard: index, task: why })),
  );
  await ports.queue.create(left.map((it) => shardTask(it.campaignId, it.index, why, at(it))));
}
