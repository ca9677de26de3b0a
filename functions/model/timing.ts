/** timing: deadlines and waits of the pipeline, in milliseconds. */

import { type Backoff, fullJitter } from '../lib/backoff.ts';
import type { OffsetAt } from '../lib/wall-clock.ts';
import type { Campaign } from './campaign.ts';
import type { Chunk, Shard } from './chunk.ts';
import { quietBetween } from './quiet-spans.ts';

export const DAY_MS = 24 * 60 * 60 * 1000;

/**
 * The sweep asks the queue whether a task still waits if its work was queued this long ago and has not
 * begun. So a lost task is found this long after its time, however long the queue is. Work that waits
 * costs a write and a look-up in each such span.
 */
export const LOST_AFTER_MS = 15 * 60 * 1000;

/**
 * The sweep looks at the chunks of a paused campaign this rarely. Resuming it makes them due as
 * usual; this is for cases that were not foreseen.
 */
export const PARKED_MS = DAY_MS;

/** The sweep publishes the event of a closed campaign that was not published within this time. */
export const ANNOUNCE_WITHIN_MS = 60 * 1000;

/** A lease lasts this long without a checkpoint; after a crash its chunk waits until the lease ends. */
export const LEASE_MS = 30 * 1000;

/**
 * The process that accepted a message has this long to send it; then its planner begins. So a message
 * whose process died waits this long.
 */
export const MESSAGE_LEASE_MS = 60 * 1000;

/**
 * No push of a message starts later than this after its acceptance: the rest is queued. The caller may
 * wait for the answer as long. Far less than the lease: pushes under way still wait for their answers.
 */
export const MESSAGE_DEADLINE_MS = 10 * 1000;

/**
 * How often a running chunk records what it knows and learns that its campaign was paused or
 * cancelled. It bounds what a crash sends twice. A pause stops all within two seconds: half a second
 * is left for the write itself and for pushes on the wire.
 */
export const CHECKPOINT_MS = 1_500;

/** A chunk that takes longer is queued again. Less than the queue's dispatch deadline of 10 minutes. */
export const CHUNK_DEADLINE_MS = 9 * 60 * 1000;

const BACKOFF: Backoff = { baseMs: 1_000, capMs: 10 * 60 * 1000 };

/**
 * How long refused pushes wait where no push was accepted yet: others may show that the fault does not
 * concern all recipients.
 */
export const UNPROVEN_WAIT_MS = 2_000;

/**
 * Milliseconds to wait before the next attempt. `attempt` counts the attempts in a row that settled no
 * recipient. There is no last attempt: a push waits until it expires.
 *
 * Full jitter: any time between 0 and the exponential bound, so that chunks which failed together do not
 * come back together.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const backoff = (attempt: number, random: () => number) =>
  fullJitter(BACKOFF, attempt, random);

/** Time to live of a push in Volley for `ttlSeconds: 0`, which asks the device to show it now or never. */
const NOW_OR_NEVER_MS = 60 * 60 * 1000;

/**
 * How far ahead a task may be queued. Cloud Tasks takes 30 days; the 20 minutes less are for clocks that
 * differ.
 */
export const QUEUE_HORIZON_MS = 30 * DAY_MS - 20 * 60 * 1000;
/** The sweep queues a campaign that is further away this long before its time. */
const QUEUED_BEFORE_MS = 10 * 60 * 1000;

/** When the sweep looks at a campaign that begins at `at`; all in ms since the epoch. */
export const startDueAt = (at: number, now: number) =>
  at - now <= QUEUE_HORIZON_MS ? at + LOST_AFTER_MS : at - QUEUED_BEFORE_MS;

type Begun = Pick<Campaign, 'createdAt' | 'startedAt' | 'schedule'>;

/** When a campaign began, or will begin, in ms since the epoch. */
export const beginOf = ({ createdAt, startedAt, schedule }: Begun) =>
  startedAt ?? schedule?.at ?? createdAt;

/**
 * When a push expires, in ms since the epoch. The time to live of a paced campaign begins with each
 * chunk's slot.
 */
export const expiryOf = (campaign: Begun & Pick<Campaign, 'message'>, slot: number) =>
  Math.max(beginOf(campaign), slot) + lifeOf(campaign);

/** When the time to live of a chunk's pushes began, in ms since the epoch. */
export const beginIn = (
  { expiresAt }: Pick<Chunk, 'expiresAt'>,
  campaign: Pick<Campaign, 'message'>,
) => expiresAt - lifeOf(campaign);

/** How long a push may be tried, in ms. */
const lifeOf = ({ message }: Pick<Campaign, 'message'>) =>
  message.ttlSeconds * 1000 || NOW_OR_NEVER_MS;

/**
 * When the pushes of a chunk to a zone expire, in ms since the epoch, if they are not sent until `now`. Quiet
 * hours do not count against the life of a push, which would else end while it is held: they put this off,
 * each time, by how long they have lasted. `zone` is undefined for the default zone.
 */
export function expiryIn(
  { expiresAt, quiet }: Pick<Chunk, 'expiresAt' | 'quiet'>,
  campaign: Pick<Campaign, 'message'>,
  { zone, now, offset }: { zone: string | undefined; now: number; offset: OffsetAt },
): number {
  if (!quiet) return expiresAt;
  const from = beginIn({ expiresAt }, campaign);
  return expiresAt + quietBetween(quiet, zone, { from, to: now }, offset);
}

/**
 * A task that comes so much before its time by our clock is on time: its name cannot be queued again. In ms.
 */
export const EARLY_MS = 1_000;

/** How long before its time a wave is planned: so what is read of a device is as it is then. */
export const WAVE_AHEAD_MS = 60 * 1000;

/**
 * When a shard is planned, in ms since the epoch; undefined: immediately. The first wave begins with its campaign,
 * so its time may be near.
 */
export const plannedAt = ({ wave }: Pick<Shard, 'wave'>): number | undefined =>
  wave && wave.at - WAVE_AHEAD_MS;
