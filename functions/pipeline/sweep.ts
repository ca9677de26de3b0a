/**
 * sweep: finds work whose task was lost or whose worker died, and queues it again. Work that still
 * waits in its queue, and work of a paused campaign, is left alone.
 */

import { type Campaign, isClosed } from '../model/campaign.ts';
import {
  deliveryTask,
  planTask,
  redriveTask,
  sendTask,
  shardTask,
  type Task,
} from '../model/tasks.ts';
import { LOST_AFTER_MS, PARKED_MS } from '../model/timing.ts';
import type { Overdue } from '../model/work.ts';
import type { Ports, Store } from '../ports/ports.ts';
import { waitsForCanary } from './canary.ts';
import { publish } from './complete.ts';
import { anyWaits, tasksOf } from './control/waiting.ts';

/** Pieces of overdue work taken from the store at a time. */
const BATCH = 500;

type Tasked = Exclude<Overdue, { kind: 'event' | 'receipts' }>;
type Campaigns = Map<string, Campaign | null>;

/**
 * Returns how many pieces of work it has queued or published again. Two sweeps at the same time are
 * harmless. Throws when the store or a queue fails; the next sweep finds the rest.
 */
export async function sweep(ports: Ports): Promise<number> {
  const { store, now } = ports;
  let driven = 0;
  for (;;) {
    const overdue = await store.takeOverdue(now(), now() + LOST_AFTER_MS, BATCH);
    const untold = overdue.filter((it) => it.kind === 'event');
    const counted = overdue.filter((it) => it.kind === 'receipts');
    const tasked = overdue.filter(isTasked);
    driven += untold.length + (await queueLost(ports, tasked));
    for (const it of untold) ports.log.redriven({ work: it.event.id, why: 'overdue' });
    await publish(
      ports,
      untold.map((it) => it.event),
    );
    for (const it of counted) {
      const event = await store.noteReceipts(it.campaignId, now(), 0);
      if (event) await publish(ports, [event]);
    }
    if (overdue.length === 0) return driven;
  }
}

const isTasked = (it: Overdue): it is Tasked => it.kind !== 'event' && it.kind !== 'receipts';

/** Queues the work that has no task any more; returns how many pieces. */
async function queueLost(ports: Ports, overdue: Tasked[]): Promise<number> {
  const { store, queue, log, now } = ports;
  const campaigns = await campaignsOf(store, overdue);
  const resting = overdue.filter((it) => rests(it, campaigns));
  const rest = overdue.filter((it) => !resting.includes(it));
  await park(ports, resting);
  const waits = await anyWaits(
    ports,
    rest.map((it) => tasksOf(it, campaignOf(it, campaigns) ?? undefined)),
  );
  const lost = rest.filter((_, i) => !waits[i]).map((it) => ({ ...it, task: `sweep-${it.dueAt}` }));
  for (const it of lost) log.redriven({ work: nameOf(it), why: 'overdue' });
  // noted before it is queued: work that was noted and not queued is found again by the next sweep
  await store.noteTasks(lost);
  await queue.create(lost.map((it) => taskFor(it, campaignOf(it, campaigns), now())));
  return lost.length;
}

async function campaignsOf(store: Store, overdue: Tasked[]): Promise<Campaigns> {
  const ids = new Set(overdue.flatMap((it) => ('campaignId' in it ? it.campaignId : [])));
  const found = [...ids].map(async (id) => [id, await store.getCampaign(id)] as const);
  return new Map(await Promise.all(found));
}

const campaignOf = (it: Tasked, campaigns: Campaigns) =>
  'campaignId' in it ? (campaigns.get(it.campaignId) ?? null) : null;

/** Whether the work has to wait until its campaign is resumed, or its canary has passed. */
function rests(it: Tasked, campaigns: Campaigns): boolean {
  if (it.kind === 'delivery') return false;
  const campaign = campaignOf(it, campaigns);
  if (!campaign || campaign.state === 'paused' || isClosed(campaign.state)) return true;
  return it.kind === 'shard' && waitsForCanary(campaign, it.shard);
}

/** Makes the chunks of a paused campaign due once a day: there are many. */
async function park({ store, now }: Ports, resting: Tasked[]) {
  const chunks = resting.filter((it) => it.kind === 'chunk');
  if (chunks.length === 0) return;
  const move = (some: typeof chunks, dueAt: number) =>
    store.moveChunks(
      some.map(({ chunkId }) => ({ chunkId, dueAt })),
      now(),
    );
  await move(chunks, now() + PARKED_MS);
  // a campaign that was resumed meanwhile may have made its chunks due before this write
  const campaigns = await campaignsOf(store, chunks);
  const awake = chunks.filter((it) => !rests(it, campaigns));
  if (awake.length > 0) await move(awake, now() + LOST_AFTER_MS);
}

function taskFor(it: Tasked & { task: string }, campaign: Campaign | null, now: number): Task {
  switch (it.kind) {
    case 'campaign':
      return campaign?.shards === 0
        ? planTask(it.campaignId, it.task)
        : redriveTask(it.campaignId, it.task);
    case 'shard':
      return shardTask(it.campaignId, it.shard, it.task);
    case 'chunk':
      return sendTask(it, it.task, it.notBefore > now ? it.notBefore : undefined);
    case 'delivery': {
      const { deliveryId, webhookId, tries, task } = it;
      return deliveryTask({ deliveryId, webhookId, tries, task });
    }
  }
}

function nameOf(it: Tasked): string {
  switch (it.kind) {
    case 'campaign':
      return it.campaignId;
    case 'shard':
      return `${it.campaignId}.${it.shard}`;
    case 'chunk':
      return it.chunkId;
    case 'delivery':
      return it.deliveryId;
  }
}
