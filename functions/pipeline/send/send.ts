/**
 * send: claim a chunk, send what is open in it on warm connections, learn an outcome for each
 * recipient, record it, and hand on what is left.
 *
 * Every way out of here leaves each recipient in exactly one place: settled by a commit that the
 * lease fenced, or open in the chunk for another attempt.
 */

import type { Campaign } from '../../model/campaign.ts';
import type { Chunk, SendableChunk } from '../../model/chunk.ts';
import { sendable, sendTask, whyAgain, whyEarly, whyLeased } from '../../model/tasks.ts';
import { backoff, UNPROVEN_WAIT_MS } from '../../model/timing.ts';
import type { Claim, Ports, Sender, TaskAnswer } from '../../ports/ports.ts';
import { pushOf } from '../accept/push.ts';
import { announce } from '../complete.ts';
import { pause } from '../control/control.ts';
import { createWatch } from './classify.ts';
import { guardReason, isSummedUp, isSuspect } from './failure-guard.ts';
import { awaitTurn, refusedByAll } from './probe.ts';
import { createRecorder, newLease, type Recorder } from './record.ts';
import { type Transmitted, transmit } from './transmit.ts';
import { type Trial, trialOf } from './trials.ts';

const DONE: TaskAnswer = { kind: 'done' };

/** A claimed chunk, and all that an attempt at it needs. */
interface Claimed {
  ports: Ports;
  chunk: Chunk;
  campaign: Campaign;
  recorder: Recorder;
  claimedAt: number;
  stop: AbortSignal;
}

/**
 * Sends what is open in a chunk, unless another worker has it or its time has not come. `stop` fires
 * when the worker must end: no further push starts, and what is left is queued again.
 */
export async function sendChunk(
  ports: Ports,
  it: SendableChunk,
  stop: AbortSignal,
): Promise<TaskAnswer> {
  const claimedAt = ports.now();
  const lease = newLease(claimedAt);
  const claim = await ports.store.claimChunk(it.chunkId, lease, claimedAt);
  if (claim.kind !== 'claimed') return notNow(ports, it, claim);
  const { chunk, campaign } = claim;
  const recorder = createRecorder(ports, chunk, lease);
  const claimed: Claimed = { ports, chunk, campaign, recorder, claimedAt, stop };

  if (campaign.state === 'cancelling') {
    for (const index of recorder.open()) recorder.skip(index);
    return settle(claimed, claimedAt);
  }
  if (claimedAt >= chunk.expiresAt) {
    for (const index of recorder.open())
      recorder.fail(index, { outcome: 'retry', reason: 'Expired' });
    return settle(claimed, claimedAt);
  }
  const sender = ports.senders.get(chunk.app, it.provider, chunk.environment);
  if (!sender) {
    await pause(ports, campaign.id, `app "${chunk.app}" has no credentials for ${it.provider}`);
    return settle(claimed, claimedAt);
  }
  return attempt(claimed, sender);
}

/** Another worker has it, or its time has not come: queued again for that time. */
async function notNow(
  { queue }: Ports,
  chunk: SendableChunk,
  claim: Exclude<Claim, { kind: 'claimed' }>,
): Promise<TaskAnswer> {
  if (claim.kind === 'leased')
    await queue.create([sendTask(chunk, whyLeased(claim.until), claim.until)]);
  if (claim.kind === 'early')
    await queue.create([sendTask(chunk, whyEarly(claim.notBefore), claim.notBefore)]);
  return DONE;
}

async function attempt(claimed: Claimed, sender: Sender): Promise<TaskAnswer> {
  const { ports, chunk, campaign, stop } = claimed;
  const trial = trialOf(ports.store, campaign.id, chunk.provider);
  const turn = await awaitTurn(ports, chunk, campaign, trial, stop);
  if (turn === 'later') {
    const next = ports.now() + UNPROVEN_WAIT_MS;
    const answer = await settle(claimed, next);
    await queueRest(claimed, next);
    return answer;
  }
  const watch = createWatch(trial);
  let transmitted: Transmitted;
  let paused: Paused = null;
  try {
    transmitted = await transmit({
      ports,
      sender,
      push: pushOf(campaign, chunk.expiresAt),
      chunk,
      recorder: claimed.recorder,
      trial,
      watch,
      claimedAt: claimed.claimedAt,
      isFirst: campaign.firstPushAt === null && !campaign.dryRun,
      waited: turn === 'waited',
      stop,
    });
    if (transmitted.fenced) {
      ports.log.chunkFenced({ chunkId: chunk.id });
      return DONE;
    }
    paused = await pauseIfNeeded(
      claimed,
      async () => watch.blocked() ?? (await refusedByAll(ports, chunk, trial, transmitted)),
    );
  } finally {
    // not before the pause: a chunk that begins now is refused by its claim. But also if it failed, or
    // there would be no room any more, and no answer that makes some
    if (watch.blocked() !== null || paused === 'paused') trial.startAgain();
  }
  return finish(claimed, { transmitted, paused, watch, trial });
}

interface Attempted {
  transmitted: Transmitted;
  paused: Paused;
  watch: ReturnType<typeof createWatch>;
  trial: Trial;
}

/** Classifies what is left, commits, and queues what is still open. */
async function finish(
  claimed: Claimed,
  { transmitted, paused, watch, trial }: Attempted,
): Promise<TaskAnswer> {
  const { ports, chunk, recorder, stop } = claimed;
  const { now, random } = ports;
  const cancelled = transmitted.state === 'cancelling';
  const progress = recorder.progress();
  const waitMs = Math.max(
    watch.waitMs(progress),
    backoff(progress ? 0 : chunk.stalled, random),
    transmitted.blocked.length > 0 && !trial.proven ? UNPROVEN_WAIT_MS : 0,
  );
  // a resume does not wait for what is left of a backoff
  const next = stop.aborted || paused === 'paused' ? now() : now() + Math.ceil(waitMs);
  transmitted.classifyRest({
    exhausted: cancelled || next >= chunk.expiresAt,
    // paused by another chunk, it may share the cause
    paused: paused === 'paused' || transmitted.state === 'paused',
    unsure: paused === 'failed',
  });
  if (cancelled) for (const index of recorder.open()) recorder.skip(index);
  const answer = await settle(claimed, next);
  if (recorder.open().length === 0 || paused === 'paused') return answer;
  await queueRest(claimed, next);
  return watch.everybodyWaits() && !stop.aborted
    ? { kind: 'again', afterMs: next - now(), reason: 'the provider asks everybody to wait' }
    : answer;
}

/** What is still open, as the next attempt. `at`: ms since the epoch. */
const queueRest = ({ ports, chunk }: Claimed, at: number) =>
  ports.queue.create([sendTask(sendable(chunk), whyAgain(chunk.attempt + 1), at)]);

/** Null: there is no reason to pause. 'failed': there may be one, and the store failed. */
type Paused = 'paused' | 'failed' | null;

/** Never throws: what was learnt of the pushes has to be written down, or they are sent again. */
async function pauseIfNeeded(
  { ports, chunk: { campaignId } }: Claimed,
  reason: () => Promise<string | null>,
): Promise<Paused> {
  try {
    const why = await reason();
    if (why !== null) await pause(ports, campaignId, why);
    return why === null ? null : 'paused';
  } catch (error) {
    ports.log.unexpected({ where: 'pausing', error });
    return 'failed';
  }
}

/** The last commit of an attempt. Announces the campaign's close, or asks the failure guard. */
async function settle(claimed: Claimed, notBefore: number): Promise<TaskAnswer> {
  const { ports, chunk, recorder } = claimed;
  const committed = await recorder.release(notBefore);
  if (committed.kind === 'fenced') ports.log.chunkFenced({ chunkId: chunk.id });
  else if (committed.campaignClosed) await announce(ports, chunk.campaignId);
  else if (recorder.open().length === 0) await guard(claimed);
  return DONE;
}

/** Pauses a campaign that fails more than it should, by its shard's counts or by all of them. */
async function guard({ ports, campaign, chunk, recorder }: Claimed) {
  const { store, random } = ports;
  if (!isSuspect(campaign, recorder.answered())) return;
  const shard = await store.getShard(campaign.id, chunk.shard);
  if (!shard) return;
  const summed = isSummedUp(campaign, shard.counts, chunk.recipients.length, random);
  const why = guardReason(campaign, summed ? await store.counts(campaign.id) : shard.counts);
  if (why !== null) await pause(ports, campaign.id, why);
}
