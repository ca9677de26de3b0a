/**
 * canary: the first shards of a campaign are sent first, and the others wait for their result. Buckets are
 * uniform, so a range of them is a fair sample. Of a campaign in waves these are its first waves, each at its
 * own time: no wave waits but for a result that comes later than that time.
 *
 * One task looks at the shards, and queues itself for the next look. If it is lost, the sweep queues it
 * again: the campaign stays due until its canary has passed.
 */

import type { Campaign, Counts } from '../../model/campaign.ts';
import type { Shard } from '../../model/chunk.ts';
import { canaryTask, held, redriveTask, type TaskBody } from '../../model/tasks.ts';
import { beginOf, EARLY_MS } from '../../model/timing.ts';
import type { Ports } from '../../ports/ports.ts';
import { canaryOf, countsOfCanary, FEW } from '../canary.ts';
import { pause } from '../control/control.ts';
import { stopsCanary } from './failure-guard.ts';

/** Milliseconds between two looks. A canary of 1,000 recipients is sent within a second or two. */
const LOOK_EVERY_MS = 2_000;
/** One that takes longer than some minutes has a slow pace, or recipients that wait for their time. */
const SLOW_AFTER_MS = 5 * 60 * 1000;
const LOOK_SLOWLY_MS = 60 * 1000;
/** What waits longer waits for the end of quiet hours, and not for another try; in ms. */
const LONG_MS = 15 * 60 * 1000;

/**
 * Looks at the canary once: pauses the campaign, looks again later, or lets the other shards begin.
 * `since`: when all of it had an outcome, ms since the epoch. Throws when the store or the queue fails.
 */
export async function watchCanary(
  ports: Ports,
  { campaignId, since }: Extract<TaskBody, { kind: 'canary' }>,
): Promise<void> {
  const { store, queue, now } = ports;
  const campaign = await store.getCampaign(campaignId);
  // a paused campaign is watched again once it is resumed
  if (campaign?.state !== 'running' || !campaign.canary) return;
  // the process that let the canary pass may have died before it queued the rest
  if (campaign.guard === undefined) return queue.create([redriveTask(campaignId, 'canary')]);
  if (campaign.guard !== 'canary') return;
  const shards = await canaryOf(store, campaign);
  if (shards.length === 0) return;
  const open = shards.filter((it) => !isDone(it));
  const counts = countsOfCanary(shards);
  const later = open.every((it) => it.planned) ? await laterIn(ports, open, since) : null;
  // what waits until the morning is judged by what was sent in the evening
  const ended = open.length === 0 || (later !== null && counts.accepted + counts.failed > 0);
  const stops = stopsCanary(campaign, counts, ended);
  if (stops !== null) {
    await pause(ports, campaignId, stops);
    return;
  }
  if (!ended) {
    const next = later ?? nextLook(campaign, open, now());
    return queue.create([canaryTask(campaignId, null, next)]);
  }
  const heldSince = since ?? now();
  const holdUntil = heldSince + campaign.canary.holdSeconds * 1000;
  if (now() + EARLY_MS < holdUntil) {
    const task = held(heldSince);
    if (campaign.task !== task) await store.noteTasks([{ kind: 'campaign', campaignId, task }]);
    return queue.create([canaryTask(campaignId, heldSince, holdUntil)]);
  }
  // a process that dies after this is followed by the same task, or by the sweep
  if (await store.passCanary(campaignId, now(), passedText(counts)))
    await queue.create([redriveTask(campaignId, 'canary')]);
}

function passedText({ recipients, accepted, failed }: Counts): string {
  const said = `the canary has passed: ${accepted} accepted, ${failed} failed`;
  return recipients < FEW ? `${said}, too few to say much` : said;
}

const isDone = ({ planned, chunks, chunksDone }: Shard) => planned && chunks === chunksDone;

/**
 * When a canary whose shards are open is looked at again: when the next of them begins, or a time on a grid, so
 * that two watchers queue the same task.
 */
function nextLook(campaign: Campaign, open: Shard[], now: number): number {
  const begins = open.map(({ wave }) => Math.max(beginOf(campaign), wave?.at ?? 0));
  const begin = Math.min(...begins);
  if (begin > now) return begin;
  const every = now - begin > SLOW_AFTER_MS ? LOOK_SLOWLY_MS : LOOK_EVERY_MS;
  return every * (1 + Math.floor(now / every));
}

/**
 * When a canary that is planned goes on, in ms, if all that is left waits for the end of quiet hours. Null: it
 * goes on before, or its chunks are not looked at this time.
 */
async function laterIn(
  { store, now }: Ports,
  shards: Shard[],
  since: number | null,
): Promise<number | null> {
  if (since === null && now() % LOOK_SLOWLY_MS >= LOOK_EVERY_MS) return null;
  let first = Number.POSITIVE_INFINITY;
  for (const { campaignId, index } of shards)
    for await (const chunks of store.openChunks(campaignId, index))
      for (const { notBefore, leaseUntil } of chunks) {
        if (leaseUntil > now() || notBefore < now() + LONG_MS) return null;
        first = Math.min(first, notBefore);
      }
  return Number.isFinite(first) ? first : null;
}
