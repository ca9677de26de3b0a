/** How long things may take, and when they are tried again. */

import { type Backoff, fullJitter } from '../lib/backoff.ts';
import type { Campaign } from './campaign.ts';

/**
 * Of work that was queued this long ago and not begun, the sweep asks the queue whether its task
 * still waits. So a task that was lost is missed this long after its time, however long its queue
 * is; work that waits costs a write and a look-up in each such span.
 */
export const LOST_AFTER_MS = 15 * 60 * 1000;

/**
 * The sweep looks at the chunks of a paused campaign this rarely. Resuming it makes them due as
 * usual; this is for what was not foreseen.
 */
export const PARKED_MS = 24 * 60 * 60 * 1000;

/** A closed campaign whose event is not out by then is taken up by the sweep. */
export const ANNOUNCE_WITHIN_MS = 60 * 1000;

/** A claim lives this long without a checkpoint; after a crash its chunk waits for the rest of it. */
export const LEASE_MS = 30 * 1000;

/**
 * How often a running chunk records what it knows and learns that its campaign was paused or
 * cancelled. It bounds what a crash sends twice. A pause stops all within two seconds: half a second
 * is left for the write itself and for what is on the wire.
 */
export const CHECKPOINT_MS = 1_500;

/** A chunk that takes longer hands back the rest. Below the queue's dispatch deadline of 10 minutes. */
export const CHUNK_DEADLINE_MS = 9 * 60 * 1000;

const BACKOFF: Backoff = { baseMs: 1_000, capMs: 10 * 60 * 1000 };

/**
 * How long what was refused waits for others to show that the fault is not everyone's, where no push
 * was accepted yet.
 */
export const UNPROVEN_WAIT_MS = 2_000;

/**
 * `attempt` counts those in a row that settled no recipient: one that settles any begins anew. Only
 * its own expiry ends the wait of a message.
 *
 * Full jitter: anywhere between nothing and the exponential bound, so that chunks which failed
 * together do not come back together.
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export const backoff = (attempt: number, random: () => number) =>
  fullJitter(BACKOFF, attempt, random);

/** "Now or never" (`ttlSeconds: 0`) is for the device; the campaign itself has this long. */
const NOW_OR_NEVER_MS = 60 * 60 * 1000;

/**
 * Cloud Tasks takes times within 30 days; the difference is for clocks, and for a task that must not
 * come early.
 */
export const QUEUE_HORIZON_MS = 30 * 24 * 60 * 60 * 1000 - 20 * 60 * 1000;
/** What is further away is queued by the sweep, so long before its time. */
const QUEUED_BEFORE_MS = 10 * 60 * 1000;

/** When the sweep should look after a campaign that begins then. */
export const startDueAt = (at: number, now: number) =>
  at - now <= QUEUE_HORIZON_MS ? at + LOST_AFTER_MS : at - QUEUED_BEFORE_MS;

type Begun = Pick<Campaign, 'createdAt' | 'startedAt' | 'schedule'>;

/** When it began, or is to begin. */
export const beginOf = ({ createdAt, startedAt, schedule }: Begun) =>
  startedAt ?? schedule?.at ?? createdAt;

/** When a push is of no use any more. A paced campaign's time begins with each chunk's slot. */
export const expiryOf = (campaign: Begun & Pick<Campaign, 'message'>, slot: number) =>
  Math.max(beginOf(campaign), slot) + (campaign.message.ttlSeconds * 1000 || NOW_OR_NEVER_MS);
